/* export_worker.c - see export_worker.h. */
#include "services/csv-exporter/export_worker.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/base/text.h"
#include "proto/dead_letter.h"
#include "proto/envelope.h"
#include "proto/topics.h"
#include "services/common/retry.h"
#include "services/csv-exporter/export_tell.h"

enum {
    POLL_MS = 500,
    PREFETCH_BYTES = 1 << 20,
    PUBLISH_MS = 10000,
    SPARE_MS = 10000, /* a member that has no partition by then is one too many, and well */
};

struct export_worker {
    struct export_job_conf conf;
    struct trouble *trouble;
    struct bus_consumer *consumer; /* the reader's; for waking it under the lock */
    pthread_t reader, maker;
    bool reading, making;
    int64_t started_ms, scheduled; /* the last period whose export was seen to */
    atomic_bool ending, joined, owned;
    atomic_bool stop_job; /* what is being made is not to be gone on with */
    struct buf storage;   /* the reader's */
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t change;
    enum { IDLE, WAITING, BUSY, OVER } state; /* WAITING: for the maker; OVER: for the reader */
    bool ended;
    char id[EXPORT_ID_MAX + 1];
    struct trace trace;
    int32_t partition;
    int64_t offset;
};

/* -- the maker -- */

static void wake_reader(struct export_worker *worker)
{
    if (worker->consumer)
        bus_consumer_wake(worker->consumer);
}

static void *make(void *arg)
{
    struct export_worker *worker = arg;

    (void)pthread_setname_np(pthread_self(), "maker");
    (void)pthread_mutex_lock(&worker->lock);
    while (!atomic_load(&worker->ending)) {
        bool ended;

        if (worker->state != WAITING) {
            (void)pthread_cond_wait(&worker->change, &worker->lock);
            continue;
        }
        worker->state = BUSY;
        (void)pthread_mutex_unlock(&worker->lock);
        log_set_trace(worker->trace.trace_id);
        ended = export_job_run(&worker->conf, worker->id, &worker->trace, &worker->stop_job);
        log_set_trace(NULL);
        (void)pthread_mutex_lock(&worker->lock);
        worker->ended = ended;
        worker->state = OVER;
        wake_reader(worker);
        (void)pthread_cond_broadcast(&worker->change);
    }
    (void)pthread_mutex_unlock(&worker->lock);
    return NULL;
}

/* What is being made is given back, and all is forgotten: nothing was committed, so who has the
 * partition next reads it again. */
static void end_job(struct export_worker *worker)
{
    atomic_store(&worker->stop_job, true);
    (void)pthread_mutex_lock(&worker->lock);
    while (worker->state == BUSY)
        (void)pthread_cond_wait(&worker->change, &worker->lock);
    worker->state = IDLE;
    (void)pthread_mutex_unlock(&worker->lock);
}

/* -- partitions -- */

static int64_t on_assigned(void *ctx, const char *topic, int32_t partition, struct err *err)
{
    struct export_worker *worker = ctx;

    (void)topic;
    (void)err;
    log_info("partition %d is ours", (int)partition);
    atomic_store(&worker->owned, true);
    return BUS_START_STORED;
}

/* Before another may have it. */
static void on_revoked(void *ctx, const char *topic, int32_t partition)
{
    struct export_worker *worker = ctx;

    (void)topic;
    atomic_store(&worker->owned, false);
    end_job(worker);
    log_info("partition %d is no longer ours", (int)partition);
}

static int join(struct export_worker *worker, struct err *err)
{
    static const char *const topics[] = {TOPIC_EXPORTS};
    const struct bus_consumer_conf conf = {.group = worker->conf.conf->group,
                                           .topics = topics,
                                           .topic_count = 1,
                                           .on_assigned = on_assigned,
                                           .on_revoked = on_revoked,
                                           .ctx = worker,
                                           .prefetch_bytes = PREFETCH_BYTES};
    struct bus_consumer *consumer;

    if (worker->consumer)
        return 0;
    consumer = bus_consumer_new(worker->conf.bus, &conf, err);
    (void)pthread_mutex_lock(&worker->lock);
    worker->consumer = consumer;
    (void)pthread_mutex_unlock(&worker->lock);
    return consumer ? 0 : err->code;
}

/* Out of the group, and in again at the offset that is committed. */
static void leave(struct export_worker *worker)
{
    struct bus_consumer *consumer = worker->consumer;

    end_job(worker);
    (void)pthread_mutex_lock(&worker->lock);
    worker->consumer = NULL;
    (void)pthread_mutex_unlock(&worker->lock);
    atomic_store(&worker->owned, false);
    bus_consumer_free(consumer);
}

/* -- records -- */

static int commit(struct export_worker *worker, int32_t partition, int64_t offset,
                  struct err *err)
{
    return bus_consumer_commit(worker->consumer, TOPIC_EXPORTS, partition, offset + 1, err);
}

/* Nobody can make it: to the dead letters, and on. */
static int bury(struct export_worker *worker, const struct bus_record *record,
                const char *reason, struct err *err)
{
    OWNED_VALUE(dead_letter) letter = {.headers = NULL};
    struct bus_record dead;

    log_warn("partition %d, offset %lld of " TOPIC_EXPORTS ": %s", (int)record->partition,
             (long long)record->offset, reason);
    if (dead_letter_fill(&letter, record, CSV_EXPORTER_SERVICE, reason, &dead, err) < 0 ||
        bus_publish(worker->conf.bus, &dead, 1, PUBLISH_MS, err) < 0)
        return err->code;
    metric_add(worker->conf.figures->dead_letters, 1);
    return commit(worker, record->partition, record->offset, err);
}

static void hand_over(struct export_worker *worker, const struct bus_record *record,
                      const struct export_event *event)
{
    (void)pthread_mutex_lock(&worker->lock);
    (void)text_copy(worker->id, sizeof worker->id, event->export_id);
    envelope_trace(record, &worker->trace);
    worker->partition = record->partition;
    worker->offset = record->offset;
    worker->state = WAITING;
    atomic_store(&worker->stop_job, false);
    (void)pthread_cond_broadcast(&worker->change);
    (void)pthread_mutex_unlock(&worker->lock);
}

static int take(struct export_worker *worker, const struct bus_record *record, struct err *err)
{
    struct export_event event = {.export_id = ""};
    struct err why = {0};

    if (!record->value)
        (void)err_set(&why, ERR_INVALID, "it has no value");
    else
        (void)export_event_decode(record->value, record->value_size, &event, &worker->storage,
                                  &why);
    if (why.code == ERR_INVALID)
        return bury(worker, record, why.text, err);
    if (why.code)
        return err_set(err, why.code, "%s", why.text);
    if (event.type != EXPORT_REQUESTED)
        return commit(worker, record->partition, record->offset, err);
    hand_over(worker, record, &event);
    return 0;
}

/* What the maker is done with. A job that did not end though the partition is still ours is
 * taken from the topic again. */
static int finish(struct export_worker *worker, struct err *err)
{
    bool over, ended;

    (void)pthread_mutex_lock(&worker->lock);
    over = worker->state == OVER;
    ended = worker->ended;
    if (over)
        worker->state = IDLE;
    (void)pthread_mutex_unlock(&worker->lock);
    if (!over)
        return 0;
    if (ended)
        return commit(worker, worker->partition, worker->offset, err);
    leave(worker);
    return 0;
}

/* -- the schedule -- */

#define SCHEDULED "scheduled-"

void export_schedule_id(int64_t wall_ms, int64_t schedule_s, char ret_id[EXPORT_ID_MAX + 1])
{
    char text[CLOCK_TEXT];

    clock_format_rfc3339(wall_ms / 1000 / schedule_s * schedule_s * 1000, text);
    (void)snprintf(ret_id, EXPORT_ID_MAX + 1, SCHEDULED "%.19sZ", text);
}

struct schedule {
    const char *id;
    bool known;   /* that one */
    bool waiting; /* the last one that was asked for has not ended */
};

static void look_at_schedule(void *ctx, const struct export *export)
{
    struct schedule *schedule = ctx;
    bool is_last = true;

    for (; export; export = export->older) {
        if (!text_starts_with(export->id, SCHEDULED))
            continue;
        schedule->known |= strcmp(export->id, schedule->id) == 0;
        schedule->waiting |= is_last && !export_has_ended(export);
        is_last = false;
    }
}

/* Nothing is asked for while the last one is not made: where that takes longer than a period,
 * what is asked by hand would wait behind more and more of them. */
static int keep_schedule(struct export_worker *worker, struct err *err)
{
    const int64_t every_s = worker->conf.conf->schedule_s, now_ms = clock_wall_ms();
    const int64_t period = every_s ? now_ms / 1000 / every_s : 0;
    char id[EXPORT_ID_MAX + 1];
    struct export_event event = {.type = EXPORT_REQUESTED, .export_id = id};
    struct schedule schedule = {.id = id};

    if (!every_s || period == worker->scheduled || !atomic_load(&worker->owned))
        return 0;
    export_schedule_id(now_ms, every_s, id);
    if (export_watch_sync(worker->conf.watch, err) < 0)
        return err->code;
    export_watch_newest(worker->conf.watch, look_at_schedule, &schedule);
    if (!schedule.known && schedule.waiting)
        return 0;
    if (!schedule.known && export_tell(worker->conf.bus, &event, NULL, PUBLISH_MS, err) < 0)
        return err->code;
    worker->scheduled = period;
    return 0;
}

/* -- the reader -- */

static bool is_idle(struct export_worker *worker)
{
    bool idle;

    (void)pthread_mutex_lock(&worker->lock);
    idle = worker->state == IDLE;
    (void)pthread_mutex_unlock(&worker->lock);
    return idle;
}

static int step(struct export_worker *worker, struct err *err)
{
    struct bus_record record;
    int count;

    if (join(worker, err) < 0)
        return err->code;
    count = bus_consumer_poll(worker->consumer, &record, is_idle(worker), POLL_MS, err);
    if (count < 0)
        return count;
    if (count > 0 && take(worker, &record, err) < 0)
        return err->code;
    if (finish(worker, err) < 0)
        return err->code;
    if (atomic_load(&worker->owned) || clock_mono_ms() - worker->started_ms > SPARE_MS)
        atomic_store(&worker->joined, true);
    return is_idle(worker) ? keep_schedule(worker, err) : 0;
}

static void *follow(void *arg)
{
    struct export_worker *worker = arg;
    struct retry retry = {0};

    (void)pthread_setname_np(pthread_self(), "reader");
    while (!atomic_load(&worker->ending)) {
        struct err err = {0};

        if (step(worker, &err) == 0) {
            if (retry.attempts)
                trouble_clear(worker->trouble);
            retry.attempts = 0;
            continue;
        }
        trouble_set(worker->trouble, "following " TOPIC_EXPORTS " as a worker: %s", err.text);
        if (retry_loud(&retry))
            log_warn("following " TOPIC_EXPORTS " as a worker: %s; trying again", err.text);
        if (is_idle(worker))
            leave(worker); /* what was polled and not dealt with is read again */
        (void)retry_wait(&retry);
    }
    leave(worker);
    return NULL;
}

/* -- from outside -- */

struct export_worker *export_worker_start(const struct export_job_conf *conf,
                                          struct trouble *reader_trouble, struct err *err)
{
    struct export_worker *worker = calloc(1, sizeof *worker);

    if (!worker) {
        err_set_nomem(err, "the worker");
        return NULL;
    }
    worker->conf = *conf;
    worker->trouble = reader_trouble;
    worker->started_ms = clock_mono_ms();
    worker->scheduled = -1;
    (void)pthread_mutex_init(&worker->lock, NULL);
    (void)pthread_cond_init(&worker->change, NULL);
    worker->making = pthread_create(&worker->maker, NULL, make, worker) == 0;
    worker->reading =
        worker->making && pthread_create(&worker->reader, NULL, follow, worker) == 0;
    if (worker->reading)
        return worker;
    err_set_nomem(err, "the worker's threads");
    export_worker_free(worker);
    return NULL;
}

void export_worker_free(struct export_worker *worker)
{
    if (!worker)
        return;
    atomic_store(&worker->ending, true);
    atomic_store(&worker->stop_job, true);
    (void)pthread_mutex_lock(&worker->lock);
    wake_reader(worker);
    (void)pthread_cond_broadcast(&worker->change);
    (void)pthread_mutex_unlock(&worker->lock);
    if (worker->making)
        (void)pthread_join(worker->maker, NULL);
    if (worker->reading)
        (void)pthread_join(worker->reader, NULL);
    buf_done(&worker->storage);
    (void)pthread_cond_destroy(&worker->change);
    (void)pthread_mutex_destroy(&worker->lock);
    free(worker);
}

bool export_worker_joined(struct export_worker *worker)
{
    return atomic_load(&worker->joined);
}

void export_worker_busy(struct export_worker *worker, char ret_id[EXPORT_ID_MAX + 1])
{
    (void)pthread_mutex_lock(&worker->lock);
    (void)text_copy(ret_id, EXPORT_ID_MAX + 1, worker->state == BUSY ? worker->id : "");
    (void)pthread_mutex_unlock(&worker->lock);
}
