/* export_watch.h - follows garden.exports on a thread of its own, and answers what is known of
 * an export. Thread-safe. */
#ifndef SERVICES_CSV_EXPORTER_EXPORT_WATCH_H
#define SERVICES_CSV_EXPORTER_EXPORT_WATCH_H

#include "lib/bus/bus.h"
#include "services/common/trouble.h"
#include "services/csv-exporter/exports.h"

struct export_watch;

/* Both borrowed. */
struct export_watch *export_watch_start(struct bus *bus, struct trouble *trouble,
                                        struct err *err);
void export_watch_free(struct export_watch *watch);
DEFINE_OWNED(export_watch)

/* Waits until all that is on the topic now is known; ERR_UNAVAILABLE or ERR_TIMEOUT after some
 * seconds. */
int export_watch_sync(struct export_watch *watch, struct err *err);

/* Calls look with what is known of an export, NULL for nothing, under the watch's lock. */
void export_watch_find(struct export_watch *watch, const char *id,
                       void (*look)(void *ctx, const struct export *export), void *ctx);

/* The same with the newest. */
void export_watch_newest(struct export_watch *watch,
                         void (*look)(void *ctx, const struct export *export), void *ctx);

#endif
