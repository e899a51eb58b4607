/* bus_local_consumer.c - workers and views of the local backend. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/bus/bus_local.h"
#include "lib/bus/bus_local_bell.h"
#include "lib/bus/bus_local_group.h"
#include "lib/bus/bus_local_reader.h"

/* A position where nothing is read: the partition is not ours, or its start was not asked yet.
 */
enum { NOT_STARTED = -1 };

struct source {
    const char *topic;
    struct local_reader reader;
    struct local_group *group; /* NULL: a view */
    int members_watch;
    size_t partitions;
    int64_t *positions, *highs;
    int64_t *targets; /* what caught_up was asked for; all 0 where it was not */
    bool *owned;
};

struct local_consumer {
    struct bus_consumer base;
    struct source *sources;
    int *members_watches; /* by source */
    struct bus_wait wait;
    struct arena arena;
    size_t turn; /* which source is read first, so that none starves */
    int64_t next_check_ms;
};

static struct local_consumer *local_consumer_of(struct bus_consumer *consumer)
{
    return (struct local_consumer *)consumer;
}

static int source_alloc(struct source *s, struct err *err)
{
    const size_t count = (size_t)s->reader.config.partitions;

    s->positions = calloc(count, sizeof *s->positions);
    s->highs = calloc(count, sizeof *s->highs);
    s->targets = calloc(count, sizeof *s->targets);
    s->owned = calloc(count, sizeof *s->owned);
    if (!s->positions || !s->highs || !s->targets || !s->owned)
        return err_set_nomem(err, "a consumer");
    s->partitions = count;
    for (size_t p = 0; p < count; p++)
        s->positions[p] = NOT_STARTED;
    return 0;
}

static int source_open(struct source *s, struct local_consumer *c, const char *dir,
                       struct err *err)
{
    s->members_watch = -1;
    if (local_reader_open(&s->reader, dir, s->topic, err) < 0 || source_alloc(s, err) < 0)
        return err->code;
    (void)local_bell_watch(&c->wait, dir, s->topic, "bell", err);
    if (!c->base.conf->group) {
        memset(s->owned, true, s->partitions);
        return err->code;
    }
    s->members_watch = local_bell_watch(&c->wait, dir, s->topic, "members", err);
    if (err->code == 0)
        s->group = local_group_join(dir, s->topic, c->base.conf->group, &s->reader.db,
                                    s->reader.config.partitions, err);
    return err->code;
}

static void source_done(struct source *s)
{
    local_group_free(s->group);
    local_reader_done(&s->reader);
    free(s->positions);
    free(s->highs);
    free(s->targets);
    free(s->owned);
}

static void local_consumer_free(struct bus_consumer *consumer)
{
    struct local_consumer *c = local_consumer_of(consumer);

    for (size_t i = 0; c->sources && i < c->base.conf->topic_count; i++)
        source_done(&c->sources[i]);
    bus_wait_done(&c->wait);
    arena_done(&c->arena);
    free(c->sources);
    free(c->members_watches);
    bus_consumer_drop(&c->base);
}

static int64_t stored_start(struct source *s, int32_t partition, struct err *err)
{
    int64_t offset = -1;

    if (local_reader_group_offset(&s->reader, local_group_name(s->group), partition, &offset,
                                  err) < 0)
        return err->code;
    return offset < 0 ? BUS_START_EARLIEST : offset;
}

/* Where the owner or the bus wants the partition to start. */
static int64_t asked_start(struct local_consumer *c, struct source *s, int32_t partition,
                           struct err *err)
{
    int64_t start = bus_consumer_start(c->base.conf, s->topic, partition, err);

    if (err->code)
        return err->code;
    if (start == BUS_START_STORED)
        start = stored_start(s, partition, err);
    return start;
}

/* An offset past the end belongs to a log that is gone: begin with what there is, as Kafka's
 * auto.offset.reset=earliest does. */
static int start_partition(struct local_consumer *c, struct source *s, int32_t partition,
                           struct err *err)
{
    const int64_t high = s->highs[partition];
    int64_t low = 0, start = asked_start(c, s, partition, err);

    if (err->code || local_reader_low(&s->reader, partition, high, &low, err) < 0)
        return err->code;
    if (start == BUS_START_LATEST)
        start = high;
    s->positions[partition] = start < 0 || start > high ? low : start;
    return 0;
}

/* Makes positions agree with what is owned. */
static int start_partitions(struct local_consumer *c, struct source *s, struct err *err)
{
    for (size_t p = 0; p < s->partitions; p++) {
        if (!s->owned[p])
            s->positions[p] = NOT_STARTED;
        else if (s->positions[p] < 0 && start_partition(c, s, (int32_t)p, err) < 0)
            return err_wrap(err, "start at %s/%zu", s->topic, p);
    }
    return 0;
}

static void sync_groups(struct local_consumer *c, struct err *err)
{
    const int64_t now_ms = clock_mono_ms();
    const bool rung = local_bell_heard(&c->wait, c->members_watches, c->base.conf->topic_count);

    if (!c->base.conf->group || (!rung && now_ms < c->next_check_ms))
        return;
    for (size_t i = 0; i < c->base.conf->topic_count && err->code == 0; i++)
        (void)local_group_sync(c->sources[i].group, c->sources[i].owned,
                               c->base.conf->on_revoked, c->base.conf->ctx, err);
    if (err->code == 0)
        c->next_check_ms = now_ms + LOCAL_GROUP_CHECK_MS;
}

static int read_source(struct local_consumer *c, struct source *s, struct local_batch *batch,
                       struct err *err)
{
    if (local_reader_highs(&s->reader, s->highs, err) < 0 || start_partitions(c, s, err) < 0)
        return err->code;
    for (size_t i = 0; i < s->partitions; i++) {
        const size_t p = (i + c->turn) % s->partitions;

        if (s->positions[p] >= 0 && s->positions[p] < s->highs[p] &&
            local_reader_fetch(&s->reader, (int32_t)p, s->highs[p], &s->positions[p], batch,
                               err) < 0)
            return err->code;
    }
    return 0;
}

/* What is there now. A failure after some records were taken is met again by the next poll. */
static int read_sources(struct local_consumer *c, struct bus_record *records, size_t max,
                        struct err *err)
{
    struct local_batch batch = {.arena = c->arena,
                                .records = records,
                                .max = max,
                                .bytes_max = c->base.conf->prefetch_bytes};
    int r = 0;

    for (size_t i = 0; i < c->base.conf->topic_count && r == 0; i++)
        r = read_source(c, &c->sources[(i + c->turn) % c->base.conf->topic_count], &batch, err);
    c->turn++;
    c->arena = batch.arena;
    if (batch.count > 0)
        err_clear(err);
    return batch.count > 0 ? (int)batch.count : r;
}

static int local_poll(struct bus_consumer *consumer, struct bus_record *records, size_t max,
                      int timeout_ms, struct err *err)
{
    struct local_consumer *c = local_consumer_of(consumer);
    const int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    int64_t left_ms;
    int r;

    arena_clear(&c->arena);
    for (size_t i = 0; i < c->base.conf->topic_count; i++)
        local_db_wait(&c->sources[i].reader.db, timeout_ms + LOCAL_RECHECK_MS);
    for (;;) {
        /* Bells are taken in before the topics are read, so one that rings after that is
         * still there to end the wait. */
        sync_groups(c, err);
        r = err->code ? err->code : read_sources(c, records, max, err);
        left_ms = deadline_ms - clock_mono_ms();
        if (r != 0 || left_ms <= 0)
            return r;
        if (left_ms > LOCAL_RECHECK_MS)
            left_ms = LOCAL_RECHECK_MS;
        if (bus_wait_until(&c->wait, (int)left_ms))
            return 0;
    }
}

static void local_wake(struct bus_consumer *consumer)
{
    bus_wait_wake(&local_consumer_of(consumer)->wait);
}

static struct source *source_of(struct local_consumer *c, const char *topic)
{
    for (size_t i = 0; i < c->base.conf->topic_count; i++)
        if (strcmp(c->sources[i].topic, topic) == 0)
            return &c->sources[i];
    return NULL;
}

static int local_commit(struct bus_consumer *consumer, const char *topic, int32_t partition,
                        int64_t next_offset, struct err *err)
{
    struct local_consumer *c = local_consumer_of(consumer);
    struct source *s = source_of(c, topic);

    if (!s || !s->group)
        return err_set(err, ERR_INVALID, "commit to %s: this consumer is no worker of it",
                       topic);
    if (partition < 0 || (size_t)partition >= s->partitions || !s->owned[partition])
        return err_set(err, ERR_CONFLICT, "commit to %s/%d: it belongs to another member now",
                       topic, partition);
    local_db_wait(&s->reader.db, LOCAL_WAIT_MS);
    return local_group_commit(s->group, partition, next_offset, err);
}

/* The ends that were seen when it was first asked are kept until they are reached: under a
 * steady stream the newest end never is. */
static bool source_caught_up(struct source *s)
{
    struct err ignored = {0};
    bool asked = false;

    for (size_t p = 0; p < s->partitions; p++)
        asked |= s->targets[p] > 0;
    if (!asked && local_reader_highs(&s->reader, s->targets, &ignored) < 0)
        return false;
    for (size_t p = 0; p < s->partitions; p++)
        if (s->owned[p] && s->positions[p] < s->targets[p])
            return false;
    memset(s->targets, 0, s->partitions * sizeof *s->targets);
    return true;
}

static bool local_caught_up(struct bus_consumer *consumer)
{
    struct local_consumer *c = local_consumer_of(consumer);

    if (c->base.conf->group && c->next_check_ms == 0) /* has not asked for its share yet */
        return false;
    for (size_t i = 0; i < c->base.conf->topic_count; i++)
        if (!source_caught_up(&c->sources[i]))
            return false;
    return true;
}

static const struct bus_consumer_ops local_consumer_ops = {
    .poll = local_poll,
    .wake = local_wake,
    .commit = local_commit,
    .caught_up = local_caught_up,
    .free = local_consumer_free,
};

static int open_sources(struct local_consumer *c, const char *dir, struct err *err)
{
    const size_t count = c->base.conf->topic_count;

    c->sources = calloc(count, sizeof *c->sources);
    c->members_watches = calloc(count, sizeof *c->members_watches);
    if (!c->sources || !c->members_watches)
        return err_set_nomem(err, "a consumer");
    for (size_t i = 0; i < count; i++) {
        c->sources[i].topic = c->base.conf->topics[i];
        if (source_open(&c->sources[i], c, dir, err) < 0)
            return err->code;
        c->members_watches[i] = c->sources[i].members_watch;
    }
    return 0;
}

struct bus_consumer *
bus_local_consumer_new(struct bus *bus, const struct bus_consumer_conf *conf, struct err *err)
{
    struct local_consumer *c = bus_consumer_alloc(sizeof *c, &local_consumer_ops, conf, err);

    if (!c)
        return NULL;
    if (bus_wait_init(&c->wait, err) == 0) {
        local_bell_init(&c->wait);
        if (open_sources(c, local_bus_of(bus)->dir, err) == 0)
            return &c->base;
    }
    local_consumer_free(&c->base);
    return NULL;
}
