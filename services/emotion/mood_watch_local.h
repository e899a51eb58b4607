/* mood_watch_local.h - what the two files of the watch share: mood_follow.c, its thread, and
 * mood_watch.c, who asks. */
#ifndef SERVICES_EMOTION_MOOD_WATCH_LOCAL_H
#define SERVICES_EMOTION_MOOD_WATCH_LOCAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "services/emotion/mood_watch.h"

enum { MOOD_PARTITIONS = 256, MOOD_VISITORS_MAX = 50000, MOOD_POLL_RECORDS = 500 };

struct mood_watch {
    struct mood_watch_conf conf;
    struct bus_partition_info infos[MOOD_PARTITIONS];
    int partitions; /* of which the ends are known */
    int64_t next[MOOD_PARTITIONS];
    struct bus_consumer *consumer; /* the thread's; also for waking it, under the lock */
    struct bus_record *records;
    struct buf storage;
    pthread_t thread;
    bool started;
    atomic_bool stop, whole;
    pthread_mutex_t lock;
    pthread_cond_t synced;
    struct moods *moods;      /* locked */
    uint64_t asked, answered; /* locked: syncs */
    struct err failure;       /* locked: why the last round failed; code 0: it did not */
};

/* The thread, of a struct mood_watch: follows the topic until stop. */
void *mood_follow(void *arg);

/* What stands of a visitor, as its record; texts are borrowed. */
struct user_event mood_event(const char *user_id, const struct mood *mood);

/* Publishes what stands of a visitor. trace may be NULL. */
int mood_say(struct mood_watch *watch, const char *user_id, const struct mood *mood,
             const struct trace *trace, struct err *err);

/* Ends its waiting for news. With the lock. */
void mood_follow_wake(struct mood_watch *watch);

#endif
