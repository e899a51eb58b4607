/* event_watch_from.h - where the events begin that can matter to jobs which are still to be
 * drawn.
 *
 * A job's events are younger than its request. So what is older than the oldest request that
 * the group has not finished need not be read; where each partition passes that time is found
 * by halving. A week of steps would take minutes to read otherwise. */
#ifndef SERVICES_GENERATOR_GPU_EVENT_WATCH_FROM_H
#define SERVICES_GENERATOR_GPU_EVENT_WATCH_FROM_H

#include <stdint.h>

#include "lib/base/err.h"
#include "lib/bus/bus.h"

enum { WATCH_PARTITIONS = 64 };

struct event_watch_from {
    struct bus *bus;
    const char *group;
    int64_t offsets[WATCH_PARTITIONS]; /* by partition: found */
};

/* Finds the offsets. A topic with few events is read from its beginning without looking. */
int event_watch_from_find(struct event_watch_from *start, struct err *err);

/* A bus_assigned; ctx is the struct event_watch_from. */
int64_t event_watch_from_offset(void *ctx, const char *topic, int32_t partition,
                                struct err *err);

#endif
