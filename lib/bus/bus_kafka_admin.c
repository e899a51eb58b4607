/* bus_kafka_admin.c - making topics, and asking about topics and groups. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/bus/bus_kafka_producer.h"

enum { ADMIN_MS = 30000, LOOK_AGAIN_NS = 20000000 };

static int ask_brokers(struct kafka_bus *b, rd_kafka_t *rk, int timeout_ms, struct err *err)
{
    const struct rd_kafka_metadata *metadata = NULL;
    const rd_kafka_resp_err_t rc = rd_kafka_metadata(rk, 0, NULL, &metadata, timeout_ms);
    int count;

    if (rc)
        return kafka_fail(b, err, rc, b->brokers);
    count = metadata->broker_cnt;
    rd_kafka_metadata_destroy(metadata);
    return count;
}

int bus_kafka_ping(struct bus *bus, int timeout_ms, struct err *err)
{
    struct kafka_bus *b = kafka_bus_of(bus);
    struct kafka_producer *producer = kafka_producer_acquire(b, err);

    if (!producer)
        return err->code;
    (void)ask_brokers(b, kafka_producer_handle(producer), timeout_ms, err);
    kafka_producer_release(b, producer);
    return err->code;
}

static rd_kafka_NewTopic_t *new_topic(const struct bus_topic *topic, int replicas,
                                      struct err *err)
{
    char why[128], number[32];
    rd_kafka_NewTopic_t *t =
        rd_kafka_NewTopic_new(topic->name, topic->partitions, replicas, why, sizeof why);

    if (!t) {
        err_set(err, ERR_INVALID, "topic %s: %s", topic->name, why);
        return NULL;
    }
    (void)snprintf(number, sizeof number, "%lld", (long long)topic->retention_ms);
    (void)rd_kafka_NewTopic_set_config(t, "retention.ms", number);
    (void)rd_kafka_NewTopic_set_config(t, "cleanup.policy",
                                       topic->compact ? "compact" : "delete");
    (void)snprintf(number, sizeof number, "%d", KAFKA_RECORD_MAX);
    (void)rd_kafka_NewTopic_set_config(t, "max.message.bytes", number);
    return t;
}

static int check_created(struct kafka_bus *b, rd_kafka_event_t *event, struct err *err)
{
    const rd_kafka_topic_result_t **results;
    size_t count = 0;

    if (rd_kafka_event_error(event))
        return kafka_fail(b, err, rd_kafka_event_error(event), "make topics");
    results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    for (size_t i = 0; i < count && err->code == 0; i++) {
        const rd_kafka_resp_err_t rc = rd_kafka_topic_result_error(results[i]);

        if (rc && rc != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) {
            (void)kafka_fail(b, err, rc, rd_kafka_topic_result_name(results[i]));
            (void)err_wrap(err, "make topic");
        }
    }
    return err->code;
}

/* Options that give up after timeout_ms. */
static rd_kafka_AdminOptions_t *options_new(rd_kafka_t *rk, rd_kafka_admin_op_t op,
                                            int timeout_ms)
{
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, op);
    char why[128];

    (void)rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, why, sizeof why);
    return options;
}

static int send_create(struct kafka_bus *b, rd_kafka_t *rk, rd_kafka_NewTopic_t **topics,
                       size_t count, struct err *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_t *options =
        options_new(rk, RD_KAFKA_ADMIN_OP_CREATETOPICS, ADMIN_MS);
    rd_kafka_event_t *event;

    rd_kafka_CreateTopics(rk, topics, count, options, queue);
    event = rd_kafka_queue_poll(queue, ADMIN_MS + 1000);
    if (event)
        (void)check_created(b, event, err);
    else
        (void)kafka_fail(b, err, RD_KAFKA_RESP_ERR__TIMED_OUT, "make topics");
    rd_kafka_event_destroy(event);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return err->code;
}

/* The controller has made it, but the brokers hear of it a moment later. */
static int wait_visible(struct kafka_bus *b, rd_kafka_t *rk, const struct bus_topic *topic,
                        int64_t deadline_ms, struct err *err)
{
    const struct timespec nap = {.tv_nsec = LOOK_AGAIN_NS};

    while (kafka_partition_count(b, rk, topic->name, kafka_ms_until(deadline_ms), err) < 0) {
        if ((err->code != ERR_NOT_FOUND && err->code != ERR_UNAVAILABLE) ||
            clock_mono_ms() >= deadline_ms)
            return err->code;
        err_clear(err);
        (void)nanosleep(&nap, NULL);
    }
    return 0;
}

static int create_all(struct kafka_bus *b, rd_kafka_t *rk, const struct bus_topic *topics,
                      size_t count, struct err *err)
{
    const int64_t deadline_ms = clock_mono_ms() + ADMIN_MS;
    rd_kafka_NewTopic_t **list = calloc(count, sizeof(rd_kafka_NewTopic_t *));
    const int brokers = ask_brokers(b, rk, ADMIN_MS, err);
    size_t made = 0;

    if (!list)
        return err_set_nomem(err, "topics");
    for (; made < count && err->code == 0; made++) {
        list[made] = new_topic(&topics[made], brokers < 3 ? brokers : 3, err);
        if (!list[made])
            break;
    }
    if (err->code == 0)
        (void)send_create(b, rk, list, count, err);
    for (size_t i = 0; i < made; i++)
        rd_kafka_NewTopic_destroy(list[i]);
    free((void *)list);
    for (size_t i = 0; i < count && err->code == 0; i++)
        (void)wait_visible(b, rk, &topics[i], deadline_ms, err);
    return err->code;
}

int bus_kafka_create_topics(struct bus *bus, const struct bus_topic *topics, size_t count,
                            struct err *err)
{
    struct kafka_bus *b = kafka_bus_of(bus);
    struct kafka_producer *producer = kafka_producer_acquire(b, err);

    if (!producer)
        return err->code;
    (void)create_all(b, kafka_producer_handle(producer), topics, count, err);
    kafka_producer_release(b, producer);
    return err->code;
}

/* A topic that was just made, or whose broker was just started, has no leader for a moment. */
static bool passes_soon(rd_kafka_resp_err_t rc)
{
    return rc == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE ||
           rc == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION ||
           rc == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
           rc == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

static rd_kafka_resp_err_t query_offsets(rd_kafka_t *rk, const char *topic, int64_t deadline_ms,
                                         struct bus_partition_info *info)
{
    enum { AGAIN_MS = 20 };
    rd_kafka_resp_err_t rc;

    for (;;) {
        rc = rd_kafka_query_watermark_offsets(rk, topic, info->partition, &info->low,
                                              &info->high, kafka_ms_until(deadline_ms));
        if (!passes_soon(rc) || clock_mono_ms() + AGAIN_MS > deadline_ms)
            return rc;
        (void)poll(NULL, 0, AGAIN_MS);
    }
}

int bus_kafka_topic_info(struct bus *bus, const char *topic,
                         struct bus_partition_info *ret_infos, size_t max, int timeout_ms,
                         struct err *err)
{
    const int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    struct kafka_bus *b = kafka_bus_of(bus);
    struct kafka_producer *producer = kafka_producer_acquire(b, err);
    int count;

    if (!producer)
        return err->code;
    count = kafka_partition_count(b, kafka_producer_handle(producer), topic, timeout_ms, err);
    for (int p = 0; p < count && (size_t)p < max && err->code == 0; p++) {
        struct bus_partition_info info = {.partition = p};
        const rd_kafka_resp_err_t rc =
            query_offsets(kafka_producer_handle(producer), topic, deadline_ms, &info);

        if (rc)
            (void)kafka_fail(b, err, rc, topic);
        else
            ret_infos[p] = info;
    }
    kafka_producer_release(b, producer);
    return err->code ? err->code : count;
}

/* The offset in the answer; -1 where the group stored none. */
static int read_group_offset(struct kafka_bus *b, rd_kafka_event_t *event, const char *group,
                             int64_t *ret, struct err *err)
{
    const rd_kafka_topic_partition_list_t *offsets;
    const rd_kafka_group_result_t **groups;
    size_t count = 0;

    if (rd_kafka_event_error(event))
        return kafka_fail(b, err, rd_kafka_event_error(event), group);
    groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    if (count == 1 && rd_kafka_group_result_error(groups[0]))
        return kafka_fail(b, err, rd_kafka_error_code(rd_kafka_group_result_error(groups[0])),
                          group);
    offsets = count == 1 ? rd_kafka_group_result_partitions(groups[0]) : NULL;
    *ret = offsets && offsets->cnt == 1 && offsets->elems[0].offset >= 0
               ? offsets->elems[0].offset
               : -1;
    return 0;
}

static int ask_group_offset(struct kafka_bus *b, rd_kafka_t *rk, const char *group,
                            const rd_kafka_topic_partition_list_t *partitions, int64_t *ret,
                            struct err *err)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    rd_kafka_AdminOptions_t *options =
        options_new(rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, ADMIN_MS);
    rd_kafka_ListConsumerGroupOffsets_t *request =
        rd_kafka_ListConsumerGroupOffsets_new(group, partitions);
    rd_kafka_event_t *event;

    rd_kafka_ListConsumerGroupOffsets(rk, &request, 1, options, queue);
    event = rd_kafka_queue_poll(queue, ADMIN_MS + 1000);
    if (event)
        (void)read_group_offset(b, event, group, ret, err);
    else
        (void)kafka_fail(b, err, RD_KAFKA_RESP_ERR__TIMED_OUT, group);
    rd_kafka_event_destroy(event);
    rd_kafka_ListConsumerGroupOffsets_destroy(request);
    rd_kafka_AdminOptions_destroy(options);
    rd_kafka_queue_destroy(queue);
    return err->code;
}

int bus_kafka_group_offset(struct bus *bus, const char *group, const char *topic,
                           int32_t partition, int64_t *ret_offset, struct err *err)
{
    struct kafka_bus *b = kafka_bus_of(bus);
    struct kafka_producer *producer = kafka_producer_acquire(b, err);
    rd_kafka_topic_partition_list_t *partitions;

    if (!producer)
        return err->code;
    partitions = rd_kafka_topic_partition_list_new(1);
    (void)rd_kafka_topic_partition_list_add(partitions, topic, partition);
    (void)ask_group_offset(b, kafka_producer_handle(producer), group, partitions, ret_offset,
                           err);
    rd_kafka_topic_partition_list_destroy(partitions);
    kafka_producer_release(b, producer);
    return err->code;
}
