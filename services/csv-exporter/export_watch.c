/* export_watch.c - see export_watch.h. */
#include "services/csv-exporter/export_watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "lib/base/log.h"
#include "proto/topics.h"
#include "services/common/retry.h"

enum {
    MOST = 1000,
    PARTITIONS = 16,
    POLL_MS = 500,
    POLL_RECORDS = 64,
    PREFETCH_BYTES = 1 << 20,
    ASK_MS = 5000,
    SYNC_S = 8,
};

struct export_watch {
    struct bus *bus;
    struct trouble *trouble;
    struct bus_consumer *consumer; /* the thread's; also for waking it, under the lock */
    struct bus_record records[POLL_RECORDS];
    struct buf storage;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t news;
    struct exports *exports;
    int64_t next[PARTITIONS];
    uint64_t quiet; /* polls that found nothing more */
};

/* -- the thread -- */

static void take(struct export_watch *watch, const struct bus_record *record)
{
    struct export_event event;
    struct err err = {0};
    bool taken;

    if (!record->value || export_event_decode(record->value, record->value_size, &event,
                                              &watch->storage, &err) < 0)
        return; /* the worker tells of it */
    (void)pthread_mutex_lock(&watch->lock);
    taken = exports_take(watch->exports, &event, record->value, record->value_size);
    (void)pthread_mutex_unlock(&watch->lock);
    if (!taken)
        log_error("no memory for what is known of an export");
}

static int open_view(struct export_watch *watch, struct err *err)
{
    static const char *const topics[] = {TOPIC_EXPORTS};
    const struct bus_consumer_conf conf = {
        .topics = topics, .topic_count = 1, .prefetch_bytes = PREFETCH_BYTES};
    struct bus_consumer *consumer;

    if (watch->consumer)
        return 0;
    consumer = bus_consumer_new(watch->bus, &conf, err);
    (void)pthread_mutex_lock(&watch->lock);
    watch->consumer = consumer;
    (void)pthread_mutex_unlock(&watch->lock);
    return consumer ? 0 : err->code;
}

static int follow(struct export_watch *watch, struct err *err)
{
    int count;

    if (open_view(watch, err) < 0)
        return err->code;
    count = bus_consumer_poll(watch->consumer, watch->records, POLL_RECORDS, POLL_MS, err);
    for (int i = 0; i < count; i++)
        take(watch, &watch->records[i]);
    if (count < 0)
        return count;
    (void)pthread_mutex_lock(&watch->lock);
    for (int i = 0; i < count; i++)
        if (watch->records[i].partition < PARTITIONS)
            watch->next[watch->records[i].partition] = watch->records[i].offset + 1;
    watch->quiet += count == 0 && bus_consumer_caught_up(watch->consumer);
    (void)pthread_cond_broadcast(&watch->news);
    (void)pthread_mutex_unlock(&watch->lock);
    return 0;
}

static void *run(void *arg)
{
    struct export_watch *watch = arg;
    struct retry retry = {0};

    (void)pthread_setname_np(pthread_self(), "watch");
    while (!atomic_load(&watch->stop)) {
        struct err err = {0};

        if (follow(watch, &err) == 0) {
            if (retry.attempts)
                trouble_clear(watch->trouble);
            retry.attempts = 0;
            continue;
        }
        trouble_set(watch->trouble, "following " TOPIC_EXPORTS ": %s", err.text);
        if (retry_loud(&retry))
            log_warn("following " TOPIC_EXPORTS ": %s; trying again", err.text);
        (void)retry_wait(&retry);
    }
    return NULL;
}

/* -- from outside -- */

struct export_watch *export_watch_start(struct bus *bus, struct trouble *trouble,
                                        struct err *err)
{
    struct export_watch *watch = calloc(1, sizeof *watch);
    pthread_condattr_t attributes;

    if (!watch) {
        err_set_nomem(err, "the watch over exports");
        return NULL;
    }
    watch->bus = bus;
    watch->trouble = trouble;
    (void)pthread_mutex_init(&watch->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watch->news, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    watch->exports = exports_new(MOST, err);
    watch->started = watch->exports && pthread_create(&watch->thread, NULL, run, watch) == 0;
    if (watch->started)
        return watch;
    err_set_nomem(err, "the watch over exports");
    export_watch_free(watch);
    return NULL;
}

void export_watch_free(struct export_watch *watch)
{
    if (!watch)
        return;
    atomic_store(&watch->stop, true);
    if (watch->started) {
        (void)pthread_mutex_lock(&watch->lock);
        if (watch->consumer)
            bus_consumer_wake(watch->consumer);
        (void)pthread_mutex_unlock(&watch->lock);
        (void)pthread_join(watch->thread, NULL);
    }
    bus_consumer_free(watch->consumer);
    exports_free(watch->exports);
    buf_done(&watch->storage);
    (void)pthread_cond_destroy(&watch->news);
    (void)pthread_mutex_destroy(&watch->lock);
    free(watch);
}

static bool in_step(const struct export_watch *watch, const struct bus_partition_info *infos,
                    int count)
{
    for (int i = 0; i < count && i < PARTITIONS; i++)
        if (infos[i].partition < PARTITIONS && infos[i].low < infos[i].high &&
            watch->next[infos[i].partition] < infos[i].high)
            return false;
    return true;
}

/* Two polls that found nothing more: the second began after the question. They end what waits
 * for a record that was removed since. */
int export_watch_sync(struct export_watch *watch, struct err *err)
{
    struct bus_partition_info infos[PARTITIONS];
    int count = bus_topic_info(watch->bus, TOPIC_EXPORTS, infos, PARTITIONS, ASK_MS, err);
    struct timespec until;
    uint64_t quiet;

    if (count < 0)
        return count;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += SYNC_S;
    (void)pthread_mutex_lock(&watch->lock);
    quiet = watch->quiet + 2;
    if (watch->consumer)
        bus_consumer_wake(watch->consumer);
    while (!in_step(watch, infos, count) && watch->quiet < quiet && err->code == 0) {
        if (atomic_load(&watch->stop))
            (void)err_set(err, ERR_UNAVAILABLE, "stopping");
        else if (pthread_cond_timedwait(&watch->news, &watch->lock, &until) != 0)
            (void)err_set(err, ERR_TIMEOUT,
                          "the bus did not say within %d s what became of "
                          "exports",
                          SYNC_S);
    }
    (void)pthread_mutex_unlock(&watch->lock);
    return err->code;
}

void export_watch_find(struct export_watch *watch, const char *id,
                       void (*look)(void *ctx, const struct export *export), void *ctx)
{
    (void)pthread_mutex_lock(&watch->lock);
    look(ctx, exports_find(watch->exports, id));
    (void)pthread_mutex_unlock(&watch->lock);
}

void export_watch_newest(struct export_watch *watch,
                         void (*look)(void *ctx, const struct export *export), void *ctx)
{
    (void)pthread_mutex_lock(&watch->lock);
    look(ctx, exports_newest(watch->exports));
    (void)pthread_mutex_unlock(&watch->lock);
}
