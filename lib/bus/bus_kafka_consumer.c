/* bus_kafka_consumer.c - workers and views on Kafka.
 *
 * librdkafka tells of a rebalance in a callback and wants rd_kafka_assign in answer; that may
 * come later, so a start offset that cannot be told yet only keeps the consumer unassigned, and
 * the next poll asks again. A view goes the same way, with all partitions for its share.
 *
 * Waiting happens on two descriptors of our own (librdkafka's queue writes to one of them),
 * because rd_kafka_queue_yield must not be called from a signal handler. */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/bus/bus_kafka_producer.h"

enum {
    LOOK_MS = 200,      /* keeps the membership alive and outlives a lost event */
    METADATA_MS = 3000, /* for a view's partitions */
    UNKNOWN = -1,       /* a position or target that is not known yet */
};

/* A partition of this consumer's share. */
struct part {
    const char *topic; /* of the conf */
    int32_t partition;
    bool asked;       /* start is known */
    int64_t start;    /* for rd_kafka_assign */
    int64_t position; /* what poll handed out up to, or the end that was reached */
    int64_t target;   /* what caught_up waits for */
};

struct kafka_consumer {
    struct bus_consumer base;
    struct kafka_bus *bus;
    struct bus_consumer_conf *conf;
    struct kafka_client client;
    int wake_fd, queue_fd;
    struct part *parts;
    size_t part_count;
    bool has_share; /* parts are set */
    bool assigned;  /* and librdkafka reads them */
    bool closing;
    bool away;                 /* all brokers are down, not yet told to the caller */
    rd_kafka_message_t **held; /* handed out until the next poll */
    size_t held_count, held_max;
    struct arena arena;
};

static struct kafka_consumer *kafka_consumer_of(struct bus_consumer *consumer)
{
    return (struct kafka_consumer *)consumer;
}

static const char *conf_topic(const struct kafka_consumer *c, const char *name)
{
    for (size_t i = 0; i < c->conf->topic_count; i++)
        if (strcmp(c->conf->topics[i], name) == 0)
            return c->conf->topics[i];
    return NULL;
}

static struct part *part_of(struct kafka_consumer *c, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < c->part_count; i++)
        if (c->parts[i].partition == partition && strcmp(c->parts[i].topic, topic) == 0)
            return &c->parts[i];
    return NULL;
}

static void drop_share(struct kafka_consumer *c)
{
    free(c->parts);
    c->parts = NULL;
    c->part_count = 0;
    c->has_share = c->assigned = false;
}

/* Without memory there is no share; the next rebalance tries again. */
static struct part *new_share(struct kafka_consumer *c, size_t count)
{
    drop_share(c);
    c->parts = calloc(count + 1, sizeof *c->parts);
    c->has_share = c->parts != NULL;
    return c->parts;
}

static void add_part(struct kafka_consumer *c, const char *topic, int32_t partition)
{
    c->parts[c->part_count++] = (struct part){
        .topic = topic, .partition = partition, .position = UNKNOWN, .target = UNKNOWN};
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t rc,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct kafka_consumer *c = opaque;

    if (rc == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS && new_share(c, (size_t)partitions->cnt)) {
        for (int i = 0; i < partitions->cnt; i++) {
            const char *topic = conf_topic(c, partitions->elems[i].topic);

            if (topic)
                add_part(c, topic, partitions->elems[i].partition);
        }
        return; /* rd_kafka_assign follows in the poll, once the starts are known */
    }
    for (size_t i = 0; i < c->part_count && !c->closing; i++)
        if (c->conf->on_revoked && c->parts[i].asked)
            c->conf->on_revoked(c->conf->ctx, c->parts[i].topic, c->parts[i].partition);
    drop_share(c);
    (void)rd_kafka_assign(rk, NULL);
}

static void on_error(rd_kafka_t *rk, int rc, const char *text, void *opaque)
{
    struct kafka_consumer *c = opaque;

    (void)rk;
    kafka_reason_set(&c->bus->reason, text);
    if (rc == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        c->away = true;
}

/* All partitions are a view's share. */
static int take_all(struct kafka_consumer *c, struct err *err)
{
    const char *topic = c->conf->topics[0];
    const int count = kafka_partition_count(c->bus, c->client.rk, topic, METADATA_MS, err);

    if (count < 0)
        return err->code;
    if (!new_share(c, (size_t)count))
        return err_set_nomem(err, "a view");
    for (int32_t p = 0; p < count; p++)
        add_part(c, topic, p);
    return 0;
}

/* The group's offset, asked with the client that belongs to the group. */
static int stored_start(struct kafka_consumer *c, struct part *part, int64_t *ret,
                        struct err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t rc;

    (void)rd_kafka_topic_partition_list_add(list, part->topic, part->partition);
    rc = rd_kafka_committed(c->client.rk, list, METADATA_MS);
    if (!rc)
        *ret = list->elems[0].offset < 0 ? RD_KAFKA_OFFSET_BEGINNING : list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return rc ? kafka_fail(c->bus, err, rc, part->topic) : 0;
}

/* What the end is now: "latest" must not depend on when librdkafka gets to it. */
static int end_of(struct kafka_consumer *c, const struct part *part, int64_t *ret,
                  struct err *err)
{
    int64_t low, high;
    const rd_kafka_resp_err_t rc = rd_kafka_query_watermark_offsets(
        c->client.rk, part->topic, part->partition, &low, &high, METADATA_MS);

    if (rc)
        return kafka_fail(c->bus, err, rc, part->topic);
    *ret = high;
    return 0;
}

static int ask_start(struct kafka_consumer *c, struct part *part, struct err *err)
{
    int64_t start = c->conf->group ? BUS_START_STORED : BUS_START_EARLIEST;

    if (c->conf->on_assigned)
        start = c->conf->on_assigned(c->conf->ctx, part->topic, part->partition, err);
    if (err->code)
        return err->code;
    if (start == BUS_START_STORED && c->conf->group) {
        if (stored_start(c, part, &start, err) < 0)
            return err->code;
    } else if (start == BUS_START_LATEST) {
        if (end_of(c, part, &start, err) < 0)
            return err->code;
    } else if (start < 0) {
        start = RD_KAFKA_OFFSET_BEGINNING;
    }
    part->start = start;
    part->asked = true;
    return 0;
}

static int assign_share(struct kafka_consumer *c, struct err *err)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)c->part_count);
    rd_kafka_resp_err_t rc;

    for (size_t i = 0; i < c->part_count; i++)
        rd_kafka_topic_partition_list_add(list, c->parts[i].topic, c->parts[i].partition)
            ->offset = c->parts[i].start;
    rc = rd_kafka_assign(c->client.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    if (rc)
        return kafka_fail(c->bus, err, rc, "assign");
    c->assigned = true;
    return 0;
}

/* Brings the share that was given to librdkafka, as far as its starts are known. */
static int settle_share(struct kafka_consumer *c, struct err *err)
{
    if (!c->conf->group && !c->has_share && take_all(c, err) < 0)
        return err->code;
    if (!c->has_share || c->assigned)
        return 0;
    for (size_t i = 0; i < c->part_count; i++)
        if (!c->parts[i].asked && ask_start(c, &c->parts[i], err) < 0)
            return err_wrap(err, "start at %s/%d", c->parts[i].topic, c->parts[i].partition);
    return assign_share(c, err);
}

static void release_held(struct kafka_consumer *c)
{
    for (size_t i = 0; i < c->held_count; i++)
        rd_kafka_message_destroy(c->held[i]);
    c->held_count = 0;
    arena_clear(&c->arena);
}

static int hold_room(struct kafka_consumer *c, size_t max, struct err *err)
{
    rd_kafka_message_t **grown;

    if (max <= c->held_max)
        return 0;
    grown = realloc((void *)c->held, max * sizeof(rd_kafka_message_t *));
    if (!grown)
        return err_set_nomem(err, "records");
    c->held = grown;
    c->held_max = max;
    return 0;
}

/* A message that is no record: the end of a partition, or a failure. Errors that pass by
 * themselves are left to librdkafka. */
static void take_notice(struct kafka_consumer *c, const rd_kafka_message_t *message,
                        struct err *err)
{
    struct part *part =
        message->rkt ? part_of(c, rd_kafka_topic_name(message->rkt), message->partition) : NULL;

    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (part)
            part->position = message->offset;
    } else if (kafka_code_of(message->err) != ERR_UNAVAILABLE) {
        (void)kafka_fail(c->bus, err, message->err, c->conf->topics[0]);
    }
}

static int take_record(struct kafka_consumer *c, rd_kafka_message_t *message,
                       struct bus_record *ret, struct err *err)
{
    struct part *part = part_of(c, rd_kafka_topic_name(message->rkt), message->partition);

    c->held[c->held_count++] = message;
    if (kafka_record_of(message, &c->arena, ret, err) < 0)
        return err->code;
    if (part)
        part->position = message->offset + 1;
    return 0;
}

/* What librdkafka has ready now. */
static int take_ready(struct kafka_consumer *c, struct bus_record *records, size_t max,
                      struct err *err)
{
    rd_kafka_message_t *message;
    size_t bytes = 0;

    while (c->held_count < max && bytes < c->conf->prefetch_bytes && err->code == 0 &&
           (message = rd_kafka_consumer_poll(c->client.rk, 0))) {
        if (message->err) {
            take_notice(c, message, err);
            rd_kafka_message_destroy(message);
        } else {
            bytes += message->len + message->key_len;
            (void)take_record(c, message, &records[c->held_count], err);
        }
    }
    return err->code ? err->code : (int)c->held_count;
}

static void drain(int fd, bool *ret_any)
{
    uint64_t count;

    *ret_any = read(fd, &count, sizeof count) == (ssize_t)sizeof count;
}

/* True for a wake, which is used up by this. */
static bool wait_for_event(struct kafka_consumer *c, int timeout_ms)
{
    struct pollfd fds[2] = {{.fd = c->wake_fd, .events = POLLIN},
                            {.fd = c->queue_fd, .events = POLLIN}};
    bool woken, queued;

    (void)poll(fds, 2, timeout_ms);
    drain(c->queue_fd, &queued);
    drain(c->wake_fd, &woken);
    return woken;
}

static int kafka_poll(struct bus_consumer *consumer, struct bus_record *records, size_t max,
                      int timeout_ms, struct err *err)
{
    struct kafka_consumer *c = kafka_consumer_of(consumer);
    const int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    int64_t left_ms;
    int r;

    release_held(c);
    if (hold_room(c, max, err) < 0)
        return err->code;
    for (;;) {
        if (settle_share(c, err) < 0)
            return err->code;
        r = take_ready(c, records, max, err);
        if (r != 0)
            return r;
        if (c->away) {
            c->away = false;
            return kafka_fail(c->bus, err, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
                              c->bus->brokers);
        }
        left_ms = deadline_ms - clock_mono_ms();
        if (left_ms <= 0)
            return 0;
        if (c->has_share && !c->assigned) /* it came just now */
            continue;
        if (wait_for_event(c, (int)(left_ms < LOOK_MS ? left_ms : LOOK_MS)))
            return 0;
    }
}

static void kafka_wake(struct bus_consumer *consumer)
{
    const uint64_t one = 1;
    const int number = errno; /* a signal handler must leave it as it was */

    if (write(kafka_consumer_of(consumer)->wake_fd, &one, sizeof one) < 0)
        errno = number; /* only where 2^64 wakes are pending already */
    errno = number;
}

static int kafka_commit(struct bus_consumer *consumer, const char *topic, int32_t partition,
                        int64_t next_offset, struct err *err)
{
    struct kafka_consumer *c = kafka_consumer_of(consumer);
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t rc;

    if (!c->conf->group || !conf_topic(c, topic))
        return err_set(err, ERR_INVALID, "commit to %s: this consumer is no worker of it",
                       topic);
    if (!part_of(c, topic, partition))
        return err_set(err, ERR_CONFLICT, "commit to %s/%d: it belongs to another member now",
                       topic, partition);
    list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = next_offset;
    rc = rd_kafka_commit(c->client.rk, list, 0);
    if (!rc)
        rc = list->elems[0].err;
    rd_kafka_topic_partition_list_destroy(list);
    return rc ? kafka_fail(c->bus, err, rc, topic) : 0;
}

/* The end that was seen when it was first asked is kept until it is reached: under a steady
 * stream the newest end never is. */
static bool part_caught_up(struct kafka_consumer *c, struct part *part)
{
    struct err ignored = {0};

    if (part->target == UNKNOWN && end_of(c, part, &part->target, &ignored) < 0)
        return false;
    return part->position >= part->target;
}

static bool kafka_caught_up(struct bus_consumer *consumer)
{
    struct kafka_consumer *c = kafka_consumer_of(consumer);

    if (!c->assigned)
        return false;
    for (size_t i = 0; i < c->part_count; i++)
        if (!part_caught_up(c, &c->parts[i]))
            return false;
    for (size_t i = 0; i < c->part_count; i++)
        c->parts[i].target = UNKNOWN;
    return true;
}

static void kafka_consumer_free(struct bus_consumer *consumer)
{
    struct kafka_consumer *c = kafka_consumer_of(consumer);

    release_held(c);
    c->closing = true;
    if (c->client.queue)
        rd_kafka_queue_io_event_enable(c->client.queue, -1, NULL, 0);
    kafka_client_done(&c->client);
    drop_share(c);
    if (c->wake_fd >= 0)
        (void)close(c->wake_fd);
    if (c->queue_fd >= 0)
        (void)close(c->queue_fd);
    arena_done(&c->arena);
    free((void *)c->held);
    bus_consumer_conf_free(c->conf);
    free(c);
}

static const struct bus_consumer_ops kafka_consumer_ops = {
    .poll = kafka_poll,
    .wake = kafka_wake,
    .commit = kafka_commit,
    .caught_up = kafka_caught_up,
    .free = kafka_consumer_free,
};

static int subscribe(struct kafka_consumer *c, struct err *err)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)c->conf->topic_count);
    rd_kafka_resp_err_t rc;

    for (size_t i = 0; i < c->conf->topic_count; i++)
        (void)rd_kafka_topic_partition_list_add(list, c->conf->topics[i],
                                                RD_KAFKA_PARTITION_UA);
    rc = rd_kafka_subscribe(c->client.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return rc ? kafka_fail(c->bus, err, rc, "subscribe") : 0;
}

/* An unknown topic is told at once; a broker that is away is left to poll. */
static int check_topics(struct kafka_consumer *c, struct err *err)
{
    for (size_t i = 0; i < c->conf->topic_count; i++)
        if (kafka_partition_count(c->bus, c->client.rk, c->conf->topics[i], METADATA_MS, err) <
            0) {
            if (err->code != ERR_UNAVAILABLE)
                return err->code;
            err_clear(err);
            return 0;
        }
    return 0;
}

static int start(struct kafka_consumer *c, struct err *err)
{
    static const uint64_t one = 1;
    const struct kafka_client_conf client = {
        .group = c->conf->group,
        .prefetch_bytes = c->conf->prefetch_bytes,
        .on_rebalance = c->conf->group ? on_rebalance : NULL,
        .on_error = on_error,
        .opaque = c,
    };

    c->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    c->queue_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (c->wake_fd < 0 || c->queue_fd < 0)
        return err_set_errno(err, "an eventfd for a consumer");
    if (kafka_client_init(&c->client, c->bus, &client, err) < 0 || check_topics(c, err) < 0)
        return err->code;
    rd_kafka_queue_io_event_enable(c->client.queue, c->queue_fd, &one, sizeof one);
    return c->conf->group ? subscribe(c, err) : 0;
}

struct bus_consumer *
bus_kafka_consumer_new(struct bus *bus, const struct bus_consumer_conf *conf, struct err *err)
{
    struct kafka_consumer *c = calloc(1, sizeof *c);

    if (c)
        c->conf = bus_consumer_conf_copy(conf);
    if (!c || !c->conf) {
        free(c);
        err_set_nomem(err, "a consumer");
        return NULL;
    }
    c->base.ops = &kafka_consumer_ops;
    c->bus = kafka_bus_of(bus);
    c->wake_fd = c->queue_fd = -1;
    if (start(c, err) == 0)
        return &c->base;
    kafka_consumer_free(&c->base);
    return NULL;
}
