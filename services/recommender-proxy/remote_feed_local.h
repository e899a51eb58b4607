/* remote_feed_local.h - what the files of the feeder share: remote_feed.c, its thread, and
 * remote_feed_round.c, what it does with the records of one poll. */
#ifndef SERVICES_RECOMMENDER_PROXY_REMOTE_FEED_LOCAL_H
#define SERVICES_RECOMMENDER_PROXY_REMOTE_FEED_LOCAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "services/common/retry.h"
#include "services/recommender-proxy/remote_feed.h"

enum {
    FEED_RECORDS = 100,   /* of a poll */
    FEED_HOLD_MS = 60000, /* how long records are held for an engine that is away, until the
                             thread shows the bus that it lives, and reads them again */
};

/* The records of one poll that are of one topic, read. */
struct feed_round {
    const struct bus_record *records[FEED_RECORDS];
    union {
        struct item_event items[FEED_RECORDS];
        struct user_event users[FEED_RECORDS];
        struct interaction_event interactions[FEED_RECORDS];
    } events;
    size_t count;
};

struct remote_feed {
    struct remote_feed_conf conf;
    char name[64]; /* the group, and the service that dead letters name */
    pthread_t thread;
    bool started;
    atomic_bool stop;
    atomic_uint_fast64_t told, refused;
    pthread_mutex_t lock;
    struct bus_consumer *consumer; /* the thread's; set with the lock, for waking it */
    struct bus_record records[FEED_RECORDS];
    struct buf storages[FEED_RECORDS]; /* of the events of one round */
    struct feed_round round;
    size_t at_once; /* events that the engine is told in a call, and records of a poll: 1 after
                       a failure, then more */
    int64_t polled_ms; /* clock_mono_ms, when the records came */
    struct retry retry;
};

/* Tells the engine what is in the records, and buries the rest. 0: the engine, or the dead
 * letters, have all of it. Else they are to be read again. */
int feed_tell(struct remote_feed *feed, size_t count, struct err *err);

/* Says what is wrong, and pauses for longer than the last time. */
void feed_pause(struct remote_feed *feed, const struct err *err);

#endif
