/* follow.h - a view of one topic: a thread that reads it from where it was left, to its end and
 * on. */
#ifndef SERVICES_COMMON_FOLLOW_H
#define SERVICES_COMMON_FOLLOW_H

#include <stdbool.h>

#include "lib/bus/bus.h"
#include "services/common/trouble.h"

enum { FOLLOW_PARTITIONS = 256 };

/* Where reading goes on, by partition; 0: at the beginning. */
struct follow_offsets {
    int64_t next[FOLLOW_PARTITIONS];
};

struct follow_conf { /* borrowed */
    struct bus *bus;
    const char *topic;
    /* Takes a record in, on the follower's thread. One that it cannot make sense of is its own
     * business; a failure stops the reading, and the record comes again. */
    int (*take)(void *ctx, const struct bus_record *record, struct err *err);
    void (*on_whole)(void *ctx); /* once, on that thread, when follow_is_whole; may be NULL */
    void *ctx;
    struct trouble *trouble;
    struct follow_offsets from;
};

struct follow;

struct follow *follow_start(const struct follow_conf *conf, struct err *err);
void follow_free(struct follow *follow);
DEFINE_OWNED(follow)

/* True once all that was there at the start has been taken in; for ever after. */
bool follow_is_whole(struct follow *follow);

/* What has been taken in up to now. */
void follow_at(struct follow *follow, struct follow_offsets *ret_offsets);

#endif
