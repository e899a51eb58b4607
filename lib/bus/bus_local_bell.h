/* bus_local_bell.h - hears that something happened to a topic, without asking all the time.
 *
 * Publishers write a byte to topic.bell after each commit; inotify tells of it in some 50 us.
 * Where inotify is not to be had (its instances are limited) or a bell is lost, the caller
 * looks again after LOCAL_RECHECK_MS. */
#ifndef LIB_BUS_BUS_LOCAL_BELL_H
#define LIB_BUS_BUS_LOCAL_BELL_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/bus/bus_wait.h"

enum { LOCAL_RECHECK_MS = 200 };

/* Makes inotify the wait's event. */
void local_bell_init(struct bus_wait *wait);

/* Watches dir/topic.suffix. Returns what local_bell_heard is to be asked for, or -1 where the
 * file cannot be watched; -1 with err set where it cannot be opened. */
int local_bell_watch(struct bus_wait *wait, const char *dir, const char *topic,
                     const char *suffix, struct err *err);

/* Empties the queue of bells without waiting. True where one of the watches has rung. */
bool local_bell_heard(struct bus_wait *wait, const int *watches, size_t count);

#endif
