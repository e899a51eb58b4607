/* request_reader.c - see request_reader.h. */
#include "services/generator-gpu/request_reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "proto/topics.h"
#include "services/common/retry.h"

enum {
    POLL_MS = 200,
    POLL_RECORDS = 200,
    PREFETCH_BYTES = 1 << 20,
    SPARE_MS = 10000, /* a member that has no partition by then is one too many, and well */
};

struct request_reader {
    struct request_reader_conf conf;
    struct bus_consumer *consumer;
    struct bus_record records[POLL_RECORDS];
    pthread_t thread;
    bool started;
    int64_t started_ms;
    atomic_bool stop, joined;
};

/* -- partitions -----------------------------------------------------------------------------
 */

static int64_t on_assigned(void *ctx, const char *topic, int32_t partition, struct err *err)
{
    const struct request_reader *reader = ctx;

    (void)topic;
    if (queue_assign(reader->conf.queue, partition, err) < 0)
        return err->code;
    log_info("partition %d is ours", (int)partition);
    return BUS_START_STORED;
}

static void on_revoked(void *ctx, const char *topic, int32_t partition)
{
    const struct request_reader *reader = ctx;

    (void)topic;
    queue_revoke(reader->conf.queue, partition);
    log_info("partition %d is no longer ours", (int)partition);
}

static int join(struct request_reader *reader, struct err *err)
{
    static const char *const topics[] = {TOPIC_GENERATION_REQUESTS};
    const struct bus_consumer_conf conf = {.group = reader->conf.group,
                                           .topics = topics,
                                           .topic_count = 1,
                                           .on_assigned = on_assigned,
                                           .on_revoked = on_revoked,
                                           .ctx = reader,
                                           .prefetch_bytes = PREFETCH_BYTES};

    if (!reader->consumer)
        reader->consumer = bus_consumer_new(reader->conf.bus, &conf, err);
    return reader->consumer ? 0 : err->code;
}

/* -- records --------------------------------------------------------------------------------
 */

/* Nobody can draw it: to the dead letters, and on. */
static int bury(const struct request_reader *reader, const struct bus_record *record,
                const char *reason, struct err *err)
{
    const struct output_conf *output = &reader->conf.worker->output;

    log_warn("partition %d, offset %lld: %s", (int)record->partition, (long long)record->offset,
             reason);
    if (tell_dead(output->teller, record, reason, err) < 0)
        return err->code;
    metric_add(output->figures->dead_letters, 1);
    metric_add(output->figures->jobs[FIGURE_UNREADABLE], 1);
    return queue_skip(reader->conf.queue, record->partition, record->offset, err);
}

static int take(const struct request_reader *reader, const struct bus_record *record,
                struct err *err)
{
    struct err why = {0};
    struct job *job = job_new(record, &why);

    if (job)
        return queue_add(reader->conf.queue, job, err);
    if (why.code == ERR_INVALID)
        return bury(reader, record, why.text, err);
    return err_set(err, why.code, "%s", why.text);
}

/* What was polled cannot be given back to the bus: joining again starts where the group has
 * committed. */
static void rejoin(struct request_reader *reader)
{
    bus_consumer_free(reader->consumer);
    reader->consumer = NULL;
    for (int32_t p = 0; p < QUEUE_PARTITIONS; p++)
        queue_revoke(reader->conf.queue, p);
}

static int read_some(struct request_reader *reader, struct err *err)
{
    const size_t max = queue_full(reader->conf.queue) ? 0 : POLL_RECORDS;
    int count;

    if (join(reader, err) < 0)
        return err->code;
    count = bus_consumer_poll(reader->consumer, reader->records, max, POLL_MS, err);
    for (int i = 0; i < count; i++)
        if (take(reader, &reader->records[i], err) < 0) {
            rejoin(reader);
            return err->code;
        }
    return count;
}

/* -- what follows from it -------------------------------------------------------------------
 */

/* A commit that fails is tried again with the next; by then it may be another member's. */
static void commit(struct request_reader *reader)
{
    struct queue_commit commits[QUEUE_PARTITIONS];
    size_t count = queue_commits(reader->conf.queue, commits);

    for (size_t i = 0; i < count && reader->consumer; i++) {
        struct err err = {0};

        if (bus_consumer_commit(reader->consumer, TOPIC_GENERATION_REQUESTS,
                                commits[i].partition, commits[i].next, &err) == 0)
            queue_committed(reader->conf.queue, &commits[i]);
        else
            log_warn("committing partition %d: %s", (int)commits[i].partition, err.text);
    }
}

static void expire(const struct request_reader *reader)
{
    struct job *job;

    while (!atomic_load(&reader->stop) &&
           (job = queue_take_expired(reader->conf.queue, clock_wall_ms())))
        (void)worker_expire(reader->conf.worker, job);
}

static void note_joined(struct request_reader *reader)
{
    struct queue_view view;

    if (atomic_load(&reader->joined))
        return;
    queue_look(reader->conf.queue, NULL, NULL, &view);
    if (view.partitions > 0 || clock_mono_ms() - reader->started_ms > SPARE_MS)
        atomic_store(&reader->joined, true);
}

static void *run(void *arg)
{
    struct request_reader *reader = arg;
    struct retry retry = {0};

    (void)pthread_setname_np(pthread_self(), "reader");
    while (!atomic_load(&reader->stop)) {
        struct err err = {0};

        if (read_some(reader, &err) >= 0) {
            if (retry.attempts)
                trouble_clear(reader->conf.trouble);
            retry.attempts = 0;
            note_joined(reader);
            expire(reader);
            commit(reader);
            continue;
        }
        trouble_set(reader->conf.trouble, "reading " TOPIC_GENERATION_REQUESTS ": %s",
                    err.text);
        if (retry_loud(&retry))
            log_warn("reading %s: %s; trying again", TOPIC_GENERATION_REQUESTS, err.text);
        (void)retry_wait(&retry);
    }
    commit(reader);
    bus_consumer_free(reader->consumer);
    return NULL;
}

struct request_reader *request_reader_start(const struct request_reader_conf *conf,
                                            struct err *err)
{
    struct request_reader *reader = calloc(1, sizeof *reader);

    if (!reader) {
        err_set_nomem(err, "the reader");
        return NULL;
    }
    reader->conf = *conf;
    reader->started_ms = clock_mono_ms();
    if (pthread_create(&reader->thread, NULL, run, reader) == 0) {
        reader->started = true;
        return reader;
    }
    err_set_nomem(err, "the reader's thread");
    free(reader);
    return NULL;
}

bool request_reader_joined(struct request_reader *reader)
{
    return atomic_load(&reader->joined);
}

void request_reader_stop(struct request_reader *reader)
{
    if (!reader->started)
        return;
    atomic_store(&reader->stop, true);
    (void)pthread_join(reader->thread, NULL);
    reader->started = false;
}

void request_reader_free(struct request_reader *reader)
{
    if (!reader)
        return;
    request_reader_stop(reader);
    free(reader);
}
