/* bus_kafka.c - the Kafka backend: settings, reasons, and what does not need a file of its
 * own. See bus_kafka.h. */
#include "lib/bus/bus_kafka.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/bus/bus_kafka_producer.h"

int kafka_code_of(rd_kafka_resp_err_t rc)
{
    switch (rc) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return ERR_NOT_FOUND;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
        return ERR_TOO_LARGE;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
        return ERR_DENIED;
    case RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID:
    case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST:
        return ERR_CONFLICT;
    case RD_KAFKA_RESP_ERR_INVALID_PARTITIONS:
    case RD_KAFKA_RESP_ERR_INVALID_CONFIG:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
    case RD_KAFKA_RESP_ERR__INVALID_ARG:
        return ERR_INVALID;
    default:
        return ERR_UNAVAILABLE;
    }
}

void kafka_reason_set(struct kafka_reason *reason, const char *text)
{
    (void)pthread_mutex_lock(&reason->lock);
    (void)snprintf(reason->text, sizeof reason->text, "%s", text);
    (void)pthread_mutex_unlock(&reason->lock);
}

int kafka_fail(struct kafka_bus *b, struct err *err, rd_kafka_resp_err_t rc, const char *what)
{
    const int code = kafka_code_of(rc);
    char reason[KAFKA_REASON_MAX] = "";

    if (code == ERR_UNAVAILABLE) {
        (void)pthread_mutex_lock(&b->reason.lock);
        memcpy(reason, b->reason.text, sizeof reason);
        (void)pthread_mutex_unlock(&b->reason.lock);
    }
    return err_set(err, code, "%s: %s%s%s", what, rd_kafka_err2str(rc), reason[0] ? "; " : "",
                   reason);
}

int kafka_ms_until(int64_t deadline_ms)
{
    const int64_t left_ms = deadline_ms - clock_mono_ms();

    return left_ms < 1 ? 1 : (int)left_ms;
}

/* librdkafka would write to stderr by itself; what matters reaches callers as an error. */
static void drop_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk;
    (void)level;
    (void)facility;
    (void)text;
}

static int set_options(rd_kafka_conf_t *conf, const char *const (*options)[2], struct err *err)
{
    char why[128];

    for (size_t i = 0; options[i][0]; i++)
        if (rd_kafka_conf_set(conf, options[i][0], options[i][1], why, sizeof why))
            return err_set(err, ERR_INVALID, "kafka: %s", why);
    return 0;
}

rd_kafka_conf_t *kafka_conf_new(struct kafka_bus *b, const char *const (*extra)[2],
                                struct err *err)
{
    const char *const options[][2] = {
        {"bootstrap.servers", b->brokers},
        {"client.id", b->client_id},
        /* A broker that comes back is found again within a second. */
        {"reconnect.backoff.ms", "50"},
        {"reconnect.backoff.max.ms", "1000"},
        {"socket.timeout.ms", "10000"},
        {"socket.nagle.disable", "true"},
        {"allow.auto.create.topics", "false"},
        /* Leaders move when a broker ends; the default looks again after 250 ms .. 5 min. */
        {"topic.metadata.refresh.interval.ms", "30000"},
        {NULL, NULL},
    };
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    if (set_options(conf, options, err) < 0 || set_options(conf, extra, err) < 0) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    rd_kafka_conf_set_log_cb(conf, drop_log);
    return conf;
}

int kafka_partition_count(struct kafka_bus *b, rd_kafka_t *rk, const char *topic,
                          int timeout_ms, struct err *err)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *metadata = NULL;
    rd_kafka_resp_err_t rc;
    int count = 0;

    if (!handle)
        return kafka_fail(b, err, rd_kafka_last_error(), topic);
    rc = rd_kafka_metadata(rk, 0, handle, &metadata, timeout_ms);
    if (rc == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->topic_cnt == 1) {
        rc = metadata->topics[0].err;
        count = metadata->topics[0].partition_cnt;
    }
    if (rc == RD_KAFKA_RESP_ERR_NO_ERROR && count == 0)
        rc = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    if (metadata)
        rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(handle);
    if (kafka_code_of(rc) == ERR_NOT_FOUND)
        return err_set(err, ERR_NOT_FOUND, "there is no topic %s at %s", topic, b->brokers);
    return rc ? kafka_fail(b, err, rc, topic) : count;
}

static int copy_headers(rd_kafka_headers_t *headers, struct arena *arena,
                        struct bus_record *record, struct err *err)
{
    const size_t count = rd_kafka_header_cnt(headers);
    struct bus_header *copy = arena_alloc(arena, count * sizeof *copy + 1);
    const void *value;

    if (!copy)
        return err_set_nomem(err, "headers");
    for (size_t i = 0; i < count; i++) {
        (void)rd_kafka_header_get_all(headers, i, &copy[i].name, &value, &copy[i].value_size);
        copy[i].value = value ? value : "";
    }
    record->headers = copy;
    record->header_count = count;
    return 0;
}

int kafka_record_of(const rd_kafka_message_t *message, struct arena *arena,
                    struct bus_record *ret, struct err *err)
{
    rd_kafka_headers_t *headers = NULL;
    rd_kafka_timestamp_type_t type;

    *ret = (struct bus_record){
        .topic = rd_kafka_topic_name(message->rkt),
        .partition = message->partition,
        .offset = message->offset,
        .timestamp_ms = rd_kafka_message_timestamp(message, &type),
        .key = message->key,
        .key_size = message->key_len,
        .value = message->payload,
        .value_size = message->len,
    };
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return 0; /* it has none */
    return copy_headers(headers, arena, ret, err);
}

/* Kafka drops and compacts by itself. */
static int maintain(struct bus *bus, struct err *err)
{
    (void)bus;
    (void)err;
    return 0;
}

static void kafka_free(struct bus *bus)
{
    struct kafka_bus *b = kafka_bus_of(bus);

    kafka_producer_free(b->producer);
    (void)pthread_rwlock_destroy(&b->purging);
    (void)pthread_mutex_destroy(&b->lock);
    (void)pthread_mutex_destroy(&b->reason.lock);
    free(b->brokers);
    free(b->client_id);
    free(b);
}

static const struct bus_ops kafka_ops = {
    .free = kafka_free,
    .create_topics = bus_kafka_create_topics,
    .publish = bus_kafka_publish,
    .consumer_new = bus_kafka_consumer_new,
    .topic_info = bus_kafka_topic_info,
    .group_offset = bus_kafka_group_offset,
    .read = bus_kafka_read,
    .ping = bus_kafka_ping,
    .maintain = maintain,
};

struct bus *bus_kafka_open(const struct bus_conf *conf, const char *brokers, struct err *err)
{
    struct kafka_bus *b = calloc(1, sizeof *b);

    if (!b) {
        err_set_nomem(err, "the bus");
        return NULL;
    }
    b->base.ops = &kafka_ops;
    (void)pthread_mutex_init(&b->lock, NULL);
    (void)pthread_rwlock_init(&b->purging, NULL);
    (void)pthread_mutex_init(&b->reason.lock, NULL);
    b->brokers = strdup(brokers);
    b->client_id = strdup(conf->client_id && conf->client_id[0] ? conf->client_id : "garden");
    if (b->brokers && b->client_id)
        b->producer = kafka_producer_new(b, err);
    else
        err_set_nomem(err, "the bus");
    if (b->producer)
        return &b->base;
    kafka_free(&b->base);
    return NULL;
}
