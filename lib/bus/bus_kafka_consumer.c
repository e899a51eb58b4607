/* bus_kafka_consumer.c - workers and views on Kafka.
 *
 * Waiting happens on two descriptors of our own (librdkafka's queue writes to one of them),
 * because rd_kafka_queue_yield must not be called from a signal handler. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/bus/bus_kafka_share.h"
#include "lib/bus/bus_wait.h"

enum {
    LOOK_MS = 200,      /* keeps the membership alive and outlives a lost event */
    METADATA_MS = 3000, /* for telling that a topic does not exist */
    ASK_MIN_MS = 500,   /* for a view's partitions and for offsets, however short the poll */
    /* see keep_fetching */
    BURST_RECORDS = 500, /* of a poll: there is more than trickles in */
    NUDGE_BELOW = 3000,  /* records left in the queue */
    NUDGE_MS = 20,
    NUDGE_WAIT_MS = 200,
};

struct kafka_consumer {
    struct bus_consumer base;
    struct kafka_bus *bus;
    struct kafka_client client;
    struct bus_wait wait; /* event_fd: librdkafka's queue writes to it */
    struct kafka_share share;
    bool closing;
    bool away;                 /* all brokers are down, not yet told to the caller */
    rd_kafka_message_t **held; /* handed out until the next poll */
    size_t held_count, held_max;
    int64_t nudged_ms;
    size_t nudged; /* which partition's broker, in turn */
    struct arena arena;
};

static struct kafka_consumer *kafka_consumer_of(struct bus_consumer *consumer)
{
    return (struct kafka_consumer *)consumer;
}

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t rc,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct kafka_consumer *c = opaque;

    if (rc == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        kafka_share_give(&c->share, partitions);
    } else {
        kafka_share_take(&c->share, !c->closing);
        (void)rd_kafka_assign(rk, NULL);
    }
}

static void on_error(rd_kafka_t *rk, int rc, const char *text, void *opaque)
{
    struct kafka_consumer *c = opaque;

    (void)rk;
    kafka_reason_set(&c->bus->reason, text);
    if (rc == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN)
        c->away = true;
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
    struct kafka_part *part =
        message->rkt
            ? kafka_share_part(&c->share, rd_kafka_topic_name(message->rkt), message->partition)
            : NULL;

    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        if (part)
            part->position = message->offset;
    } else if (kafka_code_of(message->err) != ERR_UNAVAILABLE) {
        (void)kafka_fail(c->bus, err, message->err, c->base.conf->topics[0]);
    }
}

static int take_record(struct kafka_consumer *c, rd_kafka_message_t *message,
                       struct bus_record *ret, struct err *err)
{
    struct kafka_part *part =
        kafka_share_part(&c->share, rd_kafka_topic_name(message->rkt), message->partition);

    c->held[c->held_count++] = message;
    if (kafka_record_of(message, &c->arena, ret, err) < 0)
        return err->code;
    if (part)
        part->position = message->offset + 1;
    return 0;
}

/* What is told besides records: partitions that come and go, errors. Nothing is fetched
 * meanwhile, and of what was fetched before pausing librdkafka hands out nothing. */
static int take_notices(struct kafka_consumer *c, struct err *err)
{
    rd_kafka_message_t *message;

    while (err->code == 0 && (message = rd_kafka_consumer_poll(c->client.rk, 0))) {
        if (message->err)
            take_notice(c, message, err);
        rd_kafka_message_destroy(message);
    }
    return err->code;
}

/* What librdkafka has ready now. */
static int take_ready(struct kafka_consumer *c, struct bus_record *records, size_t max,
                      struct err *err)
{
    rd_kafka_message_t *message;
    size_t bytes = 0;

    while (c->held_count < max && bytes < c->base.conf->prefetch_bytes && err->code == 0 &&
           (message = rd_kafka_consumer_poll(c->client.rk, 0))) {
        if (message->err) {
            take_notice(c, message, err);
            rd_kafka_message_destroy(message);
        } else {
            bytes += message->len + message->key_len;
            (void)take_record(c, message, &records[c->held_count], err);
        }
    }
    if (c->held_count > 0 && err->code != ERR_NOMEM)
        err_clear(err); /* the records come first; what lasts is met again by the next poll */
    return err->code ? err->code : (int)c->held_count;
}

/* True for a wake. */
static bool wait_for_event(struct kafka_consumer *c, int timeout_ms)
{
    const bool woken = bus_wait_until(&c->wait, timeout_ms);
    uint64_t count;

    if (read(c->wait.event_fd, &count, sizeof count) < 0)
        return woken; /* nothing came: it does not block */
    return woken;
}

/* librdkafka before 2.2 stops fetching while its queue is full, and looks again only after a
 * second or when the broker's thread is woken (confluentinc/librdkafka issue 2879), so that a
 * small queue would make for a slow consumer. A question to the broker wakes the thread. */
static void keep_fetching(struct kafka_consumer *c)
{
    const int64_t now = clock_mono_ms();
    const struct kafka_part *part;
    int64_t low, high;

    if (c->held_count < BURST_RECORDS || now - c->nudged_ms < NUDGE_MS || !c->share.count ||
        kafka_client_fetches_on() || rd_kafka_queue_length(c->client.queue) > NUDGE_BELOW)
        return;
    part = &c->share.parts[c->nudged++ % c->share.count];
    (void)rd_kafka_query_watermark_offsets(c->client.rk, part->topic, part->partition, &low,
                                           &high, NUDGE_WAIT_MS);
    c->nudged_ms = clock_mono_ms();
}

/* What there is now; with max 0 only notices. */
static int take_some(struct kafka_consumer *c, struct bus_record *records, size_t max,
                     struct err *err)
{
    int r;

    if (kafka_share_settle(&c->share, err) < 0 ||
        kafka_share_pause(&c->share, max == 0, err) < 0)
        return err->code;
    if (max == 0)
        return take_notices(c, err);
    r = take_ready(c, records, max, err);
    if (r > 0)
        keep_fetching(c);
    return r;
}

static int kafka_poll(struct bus_consumer *consumer, struct bus_record *records, size_t max,
                      int timeout_ms, struct err *err)
{
    struct kafka_consumer *c = kafka_consumer_of(consumer);
    const int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    int64_t left_ms;
    int r;

    release_held(c);
    c->share.ask_ms = timeout_ms < ASK_MIN_MS ? ASK_MIN_MS : timeout_ms;
    if (hold_room(c, max, err) < 0)
        return err->code;
    for (;;) {
        r = take_some(c, records, max, err);
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
        if (c->share.given && !c->share.assigned) /* it came just now: settle it */
            continue;
        if (wait_for_event(c, (int)(left_ms < LOOK_MS ? left_ms : LOOK_MS)))
            return 0;
    }
}

static void kafka_wake(struct bus_consumer *consumer)
{
    bus_wait_wake(&kafka_consumer_of(consumer)->wait);
}

static int kafka_commit(struct bus_consumer *consumer, const char *topic, int32_t partition,
                        int64_t next_offset, struct err *err)
{
    struct kafka_consumer *c = kafka_consumer_of(consumer);
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t rc;

    if (!c->base.conf->group || !kafka_share_topic(&c->share, topic))
        return err_set(err, ERR_INVALID, "commit to %s: this consumer is no worker of it",
                       topic);
    if (!kafka_share_part(&c->share, topic, partition))
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

static bool kafka_caught_up(struct bus_consumer *consumer)
{
    return kafka_share_caught_up(&kafka_consumer_of(consumer)->share);
}

static void kafka_consumer_free(struct bus_consumer *consumer)
{
    struct kafka_consumer *c = kafka_consumer_of(consumer);

    release_held(c);
    c->closing = true;
    if (c->client.queue)
        rd_kafka_queue_io_event_enable(c->client.queue, -1, NULL, 0);
    kafka_client_done(&c->client);
    kafka_share_take(&c->share, false);
    bus_wait_done(&c->wait);
    arena_done(&c->arena);
    free((void *)c->held);
    bus_consumer_drop(&c->base);
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
        rd_kafka_topic_partition_list_new((int)c->base.conf->topic_count);
    rd_kafka_resp_err_t rc;

    for (size_t i = 0; i < c->base.conf->topic_count; i++)
        (void)rd_kafka_topic_partition_list_add(list, c->base.conf->topics[i],
                                                RD_KAFKA_PARTITION_UA);
    rc = rd_kafka_subscribe(c->client.rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return rc ? kafka_fail(c->bus, err, rc, "subscribe") : 0;
}

/* An unknown topic is told at once; a broker that is away is left to poll. */
static int check_topics(struct kafka_consumer *c, struct err *err)
{
    for (size_t i = 0; i < c->base.conf->topic_count; i++)
        if (kafka_partition_count(c->bus, c->client.rk, c->base.conf->topics[i], METADATA_MS,
                                  err) < 0) {
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
        .group = c->base.conf->group,
        .prefetch_bytes = c->base.conf->prefetch_bytes,
        .on_rebalance = c->base.conf->group ? on_rebalance : NULL,
        .on_error = on_error,
        .opaque = c,
    };

    if (bus_wait_init(&c->wait, err) < 0)
        return err->code;
    c->wait.event_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (c->wait.event_fd < 0)
        return err_set_errno(err, "an eventfd for a consumer");
    if (kafka_client_init(&c->client, c->bus, &client, err) < 0 || check_topics(c, err) < 0)
        return err->code;
    c->share.rk = c->client.rk;
    rd_kafka_queue_io_event_enable(c->client.queue, c->wait.event_fd, &one, sizeof one);
    return c->base.conf->group ? subscribe(c, err) : 0;
}

struct bus_consumer *
bus_kafka_consumer_new(struct bus *bus, const struct bus_consumer_conf *conf, struct err *err)
{
    struct kafka_consumer *c = bus_consumer_alloc(sizeof *c, &kafka_consumer_ops, conf, err);

    if (!c)
        return NULL;
    c->bus = kafka_bus_of(bus);
    c->share = (struct kafka_share){.bus = c->bus, .conf = c->base.conf, .ask_ms = METADATA_MS};
    c->wait = (struct bus_wait){-1, -1};
    if (start(c, err) == 0)
        return &c->base;
    kafka_consumer_free(&c->base);
    return NULL;
}
