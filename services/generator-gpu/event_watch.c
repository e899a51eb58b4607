/* event_watch.c - see event_watch.h. */
#include "services/generator-gpu/event_watch.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "proto/topics.h"
#include "services/common/retry.h"
#include "services/generator-gpu/event_watch_from.h"

enum {
    ASK_MS = 5000,
    POLL_MS = 500,
    POLL_RECORDS = 1000,
    JOBS_MAX = 200000,
    HEAD_BYTES = 400, /* of a step event: its type is in there, and most of it is preview */
};

struct event_watch {
    struct event_watch_conf conf;
    struct event_watch_from next; /* what is read next */
    int64_t ends[WATCH_PARTITIONS];
    int partitions;                /* of which the ends are known */
    struct bus_consumer *consumer; /* the thread's; also for waking it, under the lock */
    struct bus_record *records;
    struct buf storage;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    pthread_mutex_t lock;
    pthread_cond_t synced;
    struct history *history;  /* locked */
    uint64_t asked, answered; /* locked: syncs */
};

/* Most events are steps, which nobody here asks for. Inside a string the quotes would be
 * escaped, so the text is the member itself; other writers' spacing only costs the time. */
static bool is_step(const struct bus_record *record)
{
    static const char member[] = "\"type\":\"step\"";
    size_t size = record->value_size < HEAD_BYTES ? record->value_size : HEAD_BYTES;

    return memmem(record->value, size, member, sizeof member - 1) != NULL;
}

static void note(struct event_watch *watch, const struct bus_record *record)
{
    struct generation_event event;
    struct err err = {0};
    int r;

    if (!record->value || is_step(record))
        return;
    if (generation_event_decode(record->value, record->value_size, &event, &watch->storage,
                                &err) < 0) {
        log_warn("partition %d, offset %lld of " TOPIC_GENERATION_EVENTS ": %s",
                 (int)record->partition, (long long)record->offset, err.text);
        return;
    }
    (void)pthread_mutex_lock(&watch->lock);
    r = history_note(watch->history, &event);
    (void)pthread_mutex_unlock(&watch->lock);
    if (r < 0)
        log_error("no memory for what becomes of job %s", event.job_id);
    if (event.type != GENERATION_STEP)
        watch->conf.on_event(watch->conf.ctx, &event);
}

static int open_view(struct event_watch *watch, struct err *err)
{
    static const char *const topics[] = {TOPIC_GENERATION_EVENTS};
    const struct bus_consumer_conf conf = {.topics = topics,
                                           .topic_count = 1,
                                           .on_assigned = event_watch_from_offset,
                                           .ctx = &watch->next};
    struct bus_consumer *consumer;

    if (watch->consumer)
        return 0;
    if (event_watch_from_find(&watch->next, err) < 0)
        return err->code;
    consumer = bus_consumer_new(watch->conf.bus, &conf, err);
    (void)pthread_mutex_lock(&watch->lock);
    watch->consumer = consumer;
    (void)pthread_mutex_unlock(&watch->lock);
    return consumer ? 0 : err->code;
}

/* Where the topic ends now. Asked of the bus, not of the consumer: on Kafka the consumer's
 * connection answers only after a fetch that waits for news. */
static int ask_ends(struct event_watch *watch, struct err *err)
{
    struct bus_partition_info infos[WATCH_PARTITIONS];
    int count = bus_topic_info(watch->conf.bus, TOPIC_GENERATION_EVENTS, infos,
                               WATCH_PARTITIONS, ASK_MS, err);

    for (int i = 0; i < count && i < WATCH_PARTITIONS; i++) {
        const int32_t p = infos[i].partition;

        watch->ends[p] = infos[i].high;
        if (watch->next.offsets[p] < infos[i].low) /* they are too old and gone */
            watch->next.offsets[p] = infos[i].low;
    }
    if (count >= 0)
        watch->partitions = count;
    return count < 0 ? count : 0;
}

static bool in_step(const struct event_watch *watch)
{
    for (int p = 0; p < watch->partitions; p++)
        if (watch->next.offsets[p] < watch->ends[p])
            return false;
    return true;
}

static int read_some(struct event_watch *watch, int timeout_ms, struct err *err)
{
    int count =
        bus_consumer_poll(watch->consumer, watch->records, POLL_RECORDS, timeout_ms, err);

    for (int i = 0; i < count; i++) {
        note(watch, &watch->records[i]);
        if (watch->records[i].partition < WATCH_PARTITIONS)
            watch->next.offsets[watch->records[i].partition] = watch->records[i].offset + 1;
    }
    return count < 0 ? count : 0;
}

/* Reads what there is; answers who waits to be in step, where this is. */
static int follow(struct event_watch *watch, struct err *err)
{
    uint64_t asked;
    bool wanted;

    (void)pthread_mutex_lock(&watch->lock);
    asked = watch->asked;
    wanted = asked != watch->answered;
    (void)pthread_mutex_unlock(&watch->lock);
    if (!wanted)
        return read_some(watch, POLL_MS, err);
    if (ask_ends(watch, err) < 0)
        return err->code;
    while (!in_step(watch) && !atomic_load(&watch->stop))
        if (read_some(watch, POLL_MS, err) < 0)
            return err->code;
    (void)pthread_mutex_lock(&watch->lock);
    watch->answered = asked;
    (void)pthread_cond_broadcast(&watch->synced);
    (void)pthread_mutex_unlock(&watch->lock);
    return 0;
}

static void *run(void *arg)
{
    struct event_watch *watch = arg;
    struct retry retry = {0};

    (void)pthread_setname_np(pthread_self(), "watch");
    while (!atomic_load(&watch->stop)) {
        struct err err = {0};

        if (open_view(watch, &err) == 0 && follow(watch, &err) == 0) {
            if (retry.attempts)
                trouble_clear(watch->conf.trouble);
            retry.attempts = 0;
            continue;
        }
        trouble_set(watch->conf.trouble, "reading " TOPIC_GENERATION_EVENTS ": %s", err.text);
        if (retry_loud(&retry))
            log_warn("reading %s: %s; trying again", TOPIC_GENERATION_EVENTS, err.text);
        (void)retry_wait(&retry);
    }
    return NULL;
}

struct event_watch *event_watch_start(const struct event_watch_conf *conf, struct err *err)
{
    struct event_watch *watch = calloc(1, sizeof *watch);

    if (!watch) {
        err_set_nomem(err, "the watch over events");
        return NULL;
    }
    watch->conf = *conf;
    watch->next = (struct event_watch_from){.bus = conf->bus, .group = conf->group};
    (void)pthread_mutex_init(&watch->lock, NULL);
    (void)pthread_cond_init(&watch->synced, NULL);
    watch->history = history_new(JOBS_MAX);
    watch->records = calloc(POLL_RECORDS, sizeof *watch->records);
    if (watch->history && watch->records &&
        pthread_create(&watch->thread, NULL, run, watch) == 0) {
        watch->started = true;
        return watch;
    }
    err_set_nomem(err, "the watch over events");
    event_watch_free(watch);
    return NULL;
}

static void wake(struct event_watch *watch)
{
    if (watch->consumer)
        bus_consumer_wake(watch->consumer);
}

bool event_watch_ask(struct event_watch *watch, const char *job_id,
                     struct history_job *ret_history)
{
    uint64_t wanted;
    bool done;

    (void)pthread_mutex_lock(&watch->lock);
    wanted = ++watch->asked;
    wake(watch);
    while (!(done = watch->answered >= wanted) && !stopping() && !atomic_load(&watch->stop)) {
        struct timespec until;

        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++; /* to look whether we are stopping */
        (void)pthread_cond_timedwait(&watch->synced, &watch->lock, &until);
    }
    if (done)
        history_get(watch->history, job_id, ret_history);
    (void)pthread_mutex_unlock(&watch->lock);
    return done;
}

void event_watch_free(struct event_watch *watch)
{
    if (!watch)
        return;
    atomic_store(&watch->stop, true);
    if (watch->started) {
        (void)pthread_mutex_lock(&watch->lock);
        wake(watch);
        (void)pthread_mutex_unlock(&watch->lock);
        (void)pthread_join(watch->thread, NULL);
    }
    bus_consumer_free(watch->consumer);
    history_free(watch->history);
    free(watch->records);
    buf_done(&watch->storage);
    (void)pthread_cond_destroy(&watch->synced);
    (void)pthread_mutex_destroy(&watch->lock);
    free(watch);
}
