/* reader.c - see reader.h. */
#include "services/item-ingest/reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "proto/topics.h"
#include "services/common/retry.h"
#include "services/item-ingest/batch.h"
#include "services/item-ingest/decode.h"

enum {
    POLL_MS = 200,
    POLL_BATCHES = 3, /* records asked for at once: those of several partitions come together */
    BATCH_BYTES = 2 << 20,    /* of a batch's own memory: ends it early */
    PREFETCH_BYTES = 8 << 20, /* held by the bus's client */
    UNVOUCHED_MAX = 256,      /* pictures to look at in one batch: it is written when the last
                                 of them is done */
    REJOIN_MS = 1000,
    SPARE_MS = 10000, /* a member that has no partition by then is one too many, and well */
};

struct reader {
    struct reader_conf conf;
    struct bus_consumer *consumer;
    struct bus_record *records; /* owned; what a poll gives */
    pthread_t thread;
    bool started;
    int64_t started_ms;
    bool caught_up;
    atomic_bool stop, joined;
};

/* Until the catalogue answers; nothing can be read before. */
static int stored_offset(const struct reader *reader, const char *topic, int32_t partition,
                         int64_t *ret_next, struct err *err)
{
    struct retry retry = {0};

    for (;;) {
        struct err why = {0};

        if (catalog_offset_get(reader->conf.catalog, reader->conf.group, topic, partition,
                               ret_next, &why) == 0)
            break;
        metric_add(reader->conf.figures->retries_catalog, 1);
        trouble_set(reader->conf.trouble, "asking where to start: %s", why.text);
        if (retry_loud(&retry))
            log_warn("partition %d: asking where to start: %s; trying again", (int)partition,
                     why.text);
        if (!retry_wait(&retry))
            return err_set(err, ERR_UNAVAILABLE, "stopping");
    }
    if (retry.attempts)
        trouble_clear(reader->conf.trouble);
    return 0;
}

/* An empty batch; NULL when stopping. Waits until the applier gives one back. */
static struct batch *take_batch(const struct reader *reader)
{
    struct batch *batch = NULL;

    while (!batch && !atomic_load(&reader->stop))
        batch = ring_pop(reader->conf.empty, POLL_MS);
    return batch;
}

static void hand_on(const struct reader *reader, struct batch *batch)
{
    if (ring_push(reader->conf.batches, batch) < 0)
        batch_free(batch);
}

static int64_t on_assigned(void *ctx, const char *topic, int32_t partition, struct err *err)
{
    struct reader *reader = ctx;
    struct batch *batch;
    int64_t next = -1;

    /* first, so that nothing of ours can move the offset that is asked for then */
    partitions_revoke(reader->conf.partitions, partition);
    if (stored_offset(reader, topic, partition, &next, err) < 0)
        return err->code;
    batch = take_batch(reader);
    if (!batch)
        return err_set(err, ERR_UNAVAILABLE, "stopping");
    batch->kind = BATCH_ASSIGNED;
    batch->partition = partition;
    batch->next = next;
    batch->epoch = partitions_assign(reader->conf.partitions, partition, next);
    if (!batch->epoch) {
        batch_reset(batch);
        (void)ring_push(reader->conf.empty, batch);
        return err_set(err, ERR_INVALID, "%s has more than %d partitions", topic,
                       PARTITIONS_MAX);
    }
    hand_on(reader, batch);
    log_info("partition %d is ours, from offset %lld on", (int)partition, (long long)next);
    return next < 0 ? BUS_START_EARLIEST : next;
}

static void on_revoked(void *ctx, const char *topic, int32_t partition)
{
    struct reader *reader = ctx;

    (void)topic;
    partitions_revoke(reader->conf.partitions, partition);
    log_info("partition %d is no longer ours", (int)partition);
}

static int join(struct reader *reader, struct err *err)
{
    static const char *const topics[] = {TOPIC_OBJECTS};
    const struct bus_consumer_conf conf = {.group = reader->conf.group,
                                           .topics = topics,
                                           .topic_count = 1,
                                           .on_assigned = on_assigned,
                                           .on_revoked = on_revoked,
                                           .ctx = reader,
                                           .prefetch_bytes = PREFETCH_BYTES};

    reader->consumer = bus_consumer_new(reader->conf.bus, &conf, err);
    return reader->consumer ? 0 : err->code;
}

/* Leaves and joins again: the only way to be told anew where a partition starts. */
static void rejoin_if_lost(struct reader *reader)
{
    struct err err = {0};

    if (!partitions_lost(reader->conf.partitions) || stop_wait(REJOIN_MS))
        return;
    log_warn("a partition turned out to be another's; joining the group again");
    bus_consumer_free(reader->consumer);
    reader->consumer = NULL;
    for (int32_t p = 0; p < PARTITIONS_MAX; p++)
        partitions_revoke(reader->conf.partitions, p);
    if (join(reader, &err) < 0)
        log_warn("joining the group: %s", err.text);
}

static size_t unvouched_in(const struct batch *batch, size_t from)
{
    size_t count = 0;

    for (size_t i = from; i < batch->count; i++)
        count += batch->changes[i].original != NULL;
    return count;
}

/* Takes apart the records of one partition from *i on, until the batch is full or another
 * partition's record comes. Without memory the rest is not handed on at all: the partition is
 * given up, and read again after joining again. */
static int fill(const struct reader *reader, struct batch *batch, size_t *i, size_t count)
{
    const struct bus_record *records = reader->records;
    size_t unvouched = 0;

    batch->partition = records[*i].partition;
    batch->epoch = partitions_epoch(reader->conf.partitions, batch->partition);
    while (*i < count && records[*i].partition == batch->partition &&
           batch->records < reader->conf.batch_records &&
           batch->scratch.bytes + batch->dead.size < BATCH_BYTES && unvouched < UNVOUCHED_MAX) {
        const struct bus_record *record = &records[*i];
        size_t before = batch->count;
        struct err err = {0};

        if (decode_record(batch, record, reader->conf.figures, &err) < 0) {
            log_error("partition %d, offset %lld: %s", (int)record->partition,
                      (long long)record->offset, err.text);
            partitions_lose(reader->conf.partitions, batch->partition, batch->epoch);
            return -1;
        }
        unvouched += unvouched_in(batch, before);
        batch->next = record->offset + 1;
        batch->newest_ms = record->timestamp_ms;
        metric_add(reader->conf.figures->bytes, (double)record->value_size);
        ++*i;
    }
    metric_add(reader->conf.figures->records, (double)batch->records);
    return 0;
}

static void hand_on_records(const struct reader *reader, size_t count)
{
    for (size_t i = 0; i < count;) {
        struct batch *batch = take_batch(reader);
        int64_t start_ns = clock_mono_ns();

        if (!batch)
            return;
        if (fill(reader, batch, &i, count) < 0) {
            batch_reset(batch);
            (void)ring_push(reader->conf.empty, batch);
            return;
        }
        figures_stage(reader->conf.figures, FIGURE_DECODE, start_ns);
        hand_on(reader, batch);
    }
}

/* Joined is who was given partitions: what is written before that waits for the group. */
static void note_joined(struct reader *reader)
{
    struct partition_view view;

    if (partitions_list(reader->conf.partitions, &view, 1) > 0 ||
        clock_mono_ms() - reader->started_ms > SPARE_MS)
        atomic_store(&reader->joined, true);
    if (reader->caught_up || !bus_consumer_caught_up(reader->consumer))
        return;
    reader->caught_up = true;
    if (reader->conf.on_caught_up)
        reader->conf.on_caught_up(reader->conf.ctx);
}

static void *run(void *arg)
{
    struct reader *reader = arg;
    struct retry retry = {0};

    (void)pthread_setname_np(pthread_self(), "reader");
    while (!atomic_load(&reader->stop)) {
        struct err err = {0};
        int count =
            reader->consumer || join(reader, &err) == 0
                ? bus_consumer_poll(reader->consumer, reader->records,
                                    POLL_BATCHES * reader->conf.batch_records, POLL_MS, &err)
                : err.code;

        if (count < 0) {
            metric_add(reader->conf.figures->retries_bus, 1);
            trouble_set(reader->conf.trouble, "reading " TOPIC_OBJECTS ": %s", err.text);
            if (retry_loud(&retry))
                log_warn("reading %s: %s; trying again", TOPIC_OBJECTS, err.text);
            (void)retry_wait(&retry);
            continue;
        }
        if (retry.attempts)
            trouble_clear(reader->conf.trouble);
        retry.attempts = 0;
        hand_on_records(reader, (size_t)count);
        /* Not only when idle: under a steady stream a poll is never empty. */
        if (!reader->caught_up || !atomic_load(&reader->joined))
            note_joined(reader);
        rejoin_if_lost(reader);
    }
    return NULL;
}

struct reader *reader_start(const struct reader_conf *conf, struct err *err)
{
    struct reader *reader = calloc(1, sizeof *reader);

    if (!reader) {
        err_set_nomem(err, "the reader");
        return NULL;
    }
    reader->conf = *conf;
    reader->started_ms = clock_mono_ms();
    reader->records = calloc(POLL_BATCHES * conf->batch_records, sizeof *reader->records);
    if (reader->records && pthread_create(&reader->thread, NULL, run, reader) == 0) {
        reader->started = true;
        return reader;
    }
    err_set_nomem(err, "the reader");
    reader_free(reader);
    return NULL;
}

bool reader_joined(struct reader *reader)
{
    return atomic_load(&reader->joined);
}

void reader_stop(struct reader *reader)
{
    if (!reader->started)
        return;
    atomic_store(&reader->stop, true);
    (void)pthread_join(reader->thread, NULL);
    reader->started = false;
}

void reader_free(struct reader *reader)
{
    if (!reader)
        return;
    reader_stop(reader);
    bus_consumer_free(reader->consumer);
    free(reader->records);
    free(reader);
}
