/* bus_kafka_client.c - consumer clients: their settings, and bus_read, which only needs one for
 * a moment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/bus/bus_kafka_producer.h"

enum { READ_MS = 30000, READ_PREFETCH = 4 << 20 };

static rd_kafka_conf_t *conf_of(struct kafka_bus *b, const struct kafka_client_conf *client,
                                struct err *err)
{
    char group[160], kilobytes[24], fetch[24];
    const size_t prefetch = client->prefetch_bytes < 1 << 20 ? 1 << 20 : client->prefetch_bytes;
    const char *const options[][2] = {
        {"group.id", client->group ? client->group : group},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"auto.offset.reset", "earliest"},
        {"enable.partition.eof", "true"},
        {"heartbeat.interval.ms", "1000"},
        {"session.timeout.ms", "6000"}, /* the least that brokers allow by default */
        {"queued.max.messages.kbytes", kilobytes},
        {"fetch.max.bytes", fetch},
        /* Batches are compressed on the wire, several times over for JSON: a little of them is
         * a lot in memory, and the limit above only counts what is unpacked already. */
        {"fetch.message.max.bytes", "262144"},
        {"fetch.error.backoff.ms", "100"},
        {NULL, NULL},
    };

    /* Never joined and never committed to, but librdkafka assigns only within a group. */
    (void)snprintf(group, sizeof group, "%.100s-view", b->client_id);
    (void)snprintf(kilobytes, sizeof kilobytes, "%zu", prefetch >> 10);
    (void)snprintf(fetch, sizeof fetch, "%zu", prefetch / 8 < 1 << 20 ? 1 << 20 : prefetch / 8);
    return kafka_conf_new(b, options, err);
}

bool kafka_client_fetches_on(void)
{
    return rd_kafka_version() >= 0x02020000; /* it has fetch.queue.backoff.ms */
}

int kafka_client_init(struct kafka_client *client, struct kafka_bus *b,
                      const struct kafka_client_conf *conf, struct err *err)
{
    rd_kafka_conf_t *rkc = conf_of(b, conf, err);
    char why[128];

    if (!rkc)
        return err->code;
    if (kafka_client_fetches_on())
        (void)rd_kafka_conf_set(rkc, "fetch.queue.backoff.ms", "10", why, sizeof why);
    rd_kafka_conf_set_opaque(rkc, conf->opaque);
    if (conf->on_rebalance)
        rd_kafka_conf_set_rebalance_cb(rkc, conf->on_rebalance);
    if (conf->on_error)
        rd_kafka_conf_set_error_cb(rkc, conf->on_error);
    client->rk = rd_kafka_new(RD_KAFKA_CONSUMER, rkc, why, sizeof why);
    if (!client->rk) {
        rd_kafka_conf_destroy(rkc);
        return err_set(err, ERR_INVALID, "kafka client for %s: %s", b->brokers, why);
    }
    (void)rd_kafka_poll_set_consumer(client->rk);
    client->queue = rd_kafka_queue_get_consumer(client->rk);
    return 0;
}

void kafka_client_done(struct kafka_client *client)
{
    if (client->rk)
        (void)rd_kafka_consumer_close(client->rk); /* leaves its group */
    if (client->queue)
        rd_kafka_queue_destroy(client->queue);
    if (client->rk)
        rd_kafka_destroy(client->rk);
    *client = (struct kafka_client){0};
}

/* The range that can be read: from *position up to the high watermark. */
static int find_range(struct kafka_bus *b, const struct bus_range *range, int64_t *position,
                      int64_t *ret_high, struct err *err)
{
    struct kafka_producer *producer = kafka_producer_acquire(b, err);
    int64_t low = 0;
    rd_kafka_resp_err_t rc = RD_KAFKA_RESP_ERR_NO_ERROR;
    int count;

    if (!producer)
        return err->code;
    count =
        kafka_partition_count(b, kafka_producer_handle(producer), range->topic, READ_MS, err);
    if (count >= 0 && (range->partition < 0 || range->partition >= count))
        err_set(err, ERR_NOT_FOUND, "topic %s has no partition %d", range->topic,
                range->partition);
    if (err->code == 0)
        rc = rd_kafka_query_watermark_offsets(kafka_producer_handle(producer), range->topic,
                                              range->partition, &low, ret_high, READ_MS);
    kafka_producer_release(b, producer);
    if (rc)
        return kafka_fail(b, err, rc, range->topic);
    if (*position < low)
        *position = low;
    return err->code;
}

static int assign_one(struct kafka_client *client, struct kafka_bus *b,
                      const struct bus_range *range, int64_t position, struct err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t rc;

    rd_kafka_topic_partition_list_add(list, range->topic, range->partition)->offset = position;
    rc = rd_kafka_assign(client->rk, list);
    rd_kafka_topic_partition_list_destroy(list);
    return rc ? kafka_fail(b, err, rc, range->topic) : 0;
}

/* Hands one message to the caller. Returns what fn said. */
static int hand_out(const struct bus_range *range, const rd_kafka_message_t *message,
                    struct err *err)
{
    struct arena arena = {NULL};
    struct bus_record record;
    int r = kafka_record_of(message, &arena, &record, err);

    if (r == 0)
        r = range->fn(range->ctx, &record, err);
    arena_done(&arena);
    return r;
}

static int read_until(struct kafka_client *client, struct kafka_bus *b,
                      const struct bus_range *range, int64_t high, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + READ_MS, next = 0;
    size_t done = 0;
    int r = 0;

    while (done < range->max && next < high && err->code == 0 && r >= 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(client->rk, 100);

        if (message && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            next = message->offset;
        } else if (message && !message->err) {
            next = message->offset + 1;
            deadline_ms = clock_mono_ms() + READ_MS;
            if (message->offset < high) {
                r = hand_out(range, message, err);
                done++;
            }
        }
        if (message)
            rd_kafka_message_destroy(message);
        else if (clock_mono_ms() > deadline_ms)
            (void)kafka_fail(b, err, RD_KAFKA_RESP_ERR__TIMED_OUT, range->topic);
    }
    if (r < 0)
        return r;
    return err->code ? err->code : (int)done;
}

int bus_kafka_read(struct bus *bus, const struct bus_range *range, struct err *err)
{
    const struct kafka_client_conf conf = {.prefetch_bytes = READ_PREFETCH};
    struct kafka_bus *b = kafka_bus_of(bus);
    struct kafka_client client = {NULL, NULL};
    int64_t position = range->offset, high = 0;
    int r;

    if (find_range(b, range, &position, &high, err) < 0)
        return err->code;
    if (position >= high)
        return 0;
    r = kafka_client_init(&client, b, &conf, err);
    if (r == 0)
        r = assign_one(&client, b, range, position, err);
    if (r == 0)
        r = read_until(&client, b, range, high, err);
    kafka_client_done(&client);
    return r;
}
