/* drawings_local.h - what the files of the table share. All with its lock. */
#ifndef GATEWAY_DRAWINGS_LOCAL_H
#define GATEWAY_DRAWINGS_LOCAL_H

#include <pthread.h>

#include "gateway/drawings.h"
#include "lib/base/map.h"

struct drawing_list {
    struct drawing *first, *last;
};

struct drawings {
    struct gateway *gateway;
    pthread_mutex_t lock; /* of all below */
    struct map *by_id, *by_dedupe;
    struct drawing_list going, ended; /* what was heard of last comes last */
    size_t waiter_count, listener_count;
    bool whole, closing;
    int64_t pruned_ms;
};

struct drawing_waiter {
    struct drawing_waiter *next;
    struct drawings_wait wait;
    struct reply reply; /* once it is made */
};

/* NULL: there is none. */
struct drawing *drawings_find(const struct drawings *drawings, const char *id);

/* -- drawings_wait.c -- */

/* Makes the answers of all who wait for the job, or of those whose time is over, and moves them
 * to *ready. why (may be NULL): the failure that they are told. */
void drawings_answer_waiters(struct drawings *drawings, struct drawing *drawing, bool all,
                             const struct err *why, struct drawing_waiter **ready);

/* Sends the answers; without the lock. */
void drawings_send_ready(struct drawings *drawings, struct drawing_waiter *ready);

/* Sends an event to all who listen; ends them after the last. */
void drawings_tell(struct drawings *drawings, struct drawing *drawing,
                   struct http_chunk *chunk);
void drawings_end_listeners(struct drawings *drawings, struct drawing *drawing);

#endif
