/* export_tell.h - events of exports, out to garden.exports. */
#ifndef SERVICES_CSV_EXPORTER_EXPORT_TELL_H
#define SERVICES_CSV_EXPORTER_EXPORT_TELL_H

#include "lib/bus/bus.h"
#include "lib/trace/trace.h"
#include "proto/export_event.h"
#include "services/common/trouble.h"

/* Publishes the event, with the time set to now. trace NULL: a new one. */
int export_tell(struct bus *bus, struct export_event *event, const struct trace *trace,
                int timeout_ms, struct err *err);

/* The same again and again while the bus is away, until stopping(). */
int export_tell_surely(struct bus *bus, struct export_event *event, const struct trace *trace,
                       struct trouble *trouble, struct err *err);

/* True for a failure that may pass by itself. */
bool export_may_pass(int err_code);

#endif
