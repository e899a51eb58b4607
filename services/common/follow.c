/* follow.c - see follow.h. */
#include "services/common/follow.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "services/common/retry.h"

enum {
    POLL_MS = 500,
    START_MS = 10, /* until it is whole, which shows when a poll has nothing more */
    POLL_RECORDS = 1000,
};

struct follow {
    struct follow_conf conf;
    struct bus_record *records;
    pthread_t thread;
    bool started;
    atomic_bool stop, whole;
    pthread_mutex_t lock;
    struct bus_consumer *consumer; /* the thread's; locked where another wakes it */
    struct follow_offsets at;      /* the thread's; locked where another reads it */
};

/* bus_assigned */
static int64_t start_at(void *ctx, const char *topic, int32_t partition, struct err *err)
{
    const struct follow *follow = ctx;

    if (partition >= FOLLOW_PARTITIONS)
        return err_set(err, ERR_INVALID, "%s has more than %d partitions", topic,
                       FOLLOW_PARTITIONS);
    return follow->at.next[partition] > 0 ? follow->at.next[partition] : BUS_START_EARLIEST;
}

static int open_view(struct follow *follow, struct err *err)
{
    const struct bus_consumer_conf conf = {.topics = &follow->conf.topic,
                                           .topic_count = 1,
                                           .on_assigned = start_at,
                                           .ctx = follow};
    struct bus_consumer *consumer;

    if (follow->consumer)
        return 0;
    consumer = bus_consumer_new(follow->conf.bus, &conf, err);
    (void)pthread_mutex_lock(&follow->lock);
    follow->consumer = consumer;
    (void)pthread_mutex_unlock(&follow->lock);
    return consumer ? 0 : err->code;
}

static void note(struct follow *follow, const struct bus_record *record)
{
    (void)pthread_mutex_lock(&follow->lock);
    follow->at.next[record->partition] = record->offset + 1;
    (void)pthread_mutex_unlock(&follow->lock);
}

/* After a failure the view is opened anew, at the record that failed. */
static int read_some(struct follow *follow, struct err *err)
{
    const int timeout_ms = atomic_load(&follow->whole) ? POLL_MS : START_MS;
    int count =
        bus_consumer_poll(follow->consumer, follow->records, POLL_RECORDS, timeout_ms, err);

    for (int i = 0; i < count; i++) {
        if (follow->conf.take(follow->conf.ctx, &follow->records[i], err) < 0) {
            struct bus_consumer *consumer = follow->consumer;

            (void)pthread_mutex_lock(&follow->lock);
            follow->consumer = NULL;
            (void)pthread_mutex_unlock(&follow->lock);
            bus_consumer_free(consumer);
            return err->code;
        }
        note(follow, &follow->records[i]);
    }
    if (count >= 0 && !atomic_load(&follow->whole) &&
        bus_consumer_caught_up(follow->consumer)) {
        atomic_store(&follow->whole, true);
        if (follow->conf.on_whole)
            follow->conf.on_whole(follow->conf.ctx);
    }
    return count < 0 ? count : 0;
}

static void *run(void *arg)
{
    struct follow *follow = arg;
    struct retry retry = {0};

    (void)pthread_setname_np(pthread_self(), "follow");
    while (!atomic_load(&follow->stop)) {
        struct err err = {0};

        if (open_view(follow, &err) == 0 && read_some(follow, &err) == 0) {
            if (retry.attempts)
                trouble_clear(follow->conf.trouble);
            retry.attempts = 0;
            continue;
        }
        trouble_set(follow->conf.trouble, "following %s: %s", follow->conf.topic, err.text);
        if (retry_loud(&retry))
            log_warn("following %s: %s; trying again", follow->conf.topic, err.text);
        (void)retry_wait(&retry);
    }
    return NULL;
}

struct follow *follow_start(const struct follow_conf *conf, struct err *err)
{
    struct follow *follow = calloc(1, sizeof *follow);

    if (!follow) {
        (void)err_set_nomem(err, conf->topic);
        return NULL;
    }
    follow->conf = *conf;
    follow->at = conf->from;
    (void)pthread_mutex_init(&follow->lock, NULL);
    follow->records = calloc(POLL_RECORDS, sizeof *follow->records);
    if (follow->records && pthread_create(&follow->thread, NULL, run, follow) == 0) {
        follow->started = true;
        return follow;
    }
    (void)err_set_nomem(err, conf->topic);
    follow_free(follow);
    return NULL;
}

void follow_free(struct follow *follow)
{
    if (!follow)
        return;
    atomic_store(&follow->stop, true);
    if (follow->started) {
        (void)pthread_mutex_lock(&follow->lock);
        if (follow->consumer)
            bus_consumer_wake(follow->consumer);
        (void)pthread_mutex_unlock(&follow->lock);
        (void)pthread_join(follow->thread, NULL);
    }
    bus_consumer_free(follow->consumer);
    free(follow->records);
    (void)pthread_mutex_destroy(&follow->lock);
    free(follow);
}

bool follow_is_whole(struct follow *follow)
{
    return atomic_load(&follow->whole);
}

void follow_at(struct follow *follow, struct follow_offsets *ret_offsets)
{
    (void)pthread_mutex_lock(&follow->lock);
    *ret_offsets = follow->at;
    (void)pthread_mutex_unlock(&follow->lock);
}
