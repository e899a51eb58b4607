/* object_notice.h - events about objects, collected and told to garden.objects together. Not
 * thread-safe. */
#ifndef SERVICES_COMMON_OBJECT_NOTICE_H
#define SERVICES_COMMON_OBJECT_NOTICE_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/bus/bus.h"
#include "lib/trace/trace.h"
#include "proto/object_event.h"

#define OBJECT_BUCKET "garden" /* of the events that we write ourselves */

struct object_notices;

/* The bus and the source (ce_source) are borrowed. NULL where there is no memory. */
struct object_notices *object_notices_new(struct bus *bus, const char *source, struct err *err);
void object_notices_free(struct object_notices *notices);
DEFINE_OWNED(object_notices)

/* Adds an event, copied. trace NULL: a new one. On failure nothing is added. */
int object_notices_add(struct object_notices *notices, const struct object_event *event,
                       const struct trace *trace, struct err *err);

size_t object_notices_count(const struct object_notices *notices);

/* Publishes what was added, in order, and forgets it. On failure it is kept. */
int object_notices_send(struct object_notices *notices, int timeout_ms, struct err *err);

#endif
