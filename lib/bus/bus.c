/* bus.c - see bus.h: checks what callers ask for and hands it to the backend. */
#include "lib/bus/bus.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/bus/bus_internal.h"

static const char kafka_scheme[] = "kafka://";

struct bus *bus_open(const struct bus_conf *conf, struct err *err)
{
    const char *url = conf->url ? conf->url : "";

    if (strcmp(url, "local") == 0)
        return bus_local_open(conf, err);
    if (text_starts_with(url, kafka_scheme) && url[sizeof kafka_scheme - 1])
        return bus_kafka_open(conf, url + sizeof kafka_scheme - 1, err);
    err_set(err, ERR_INVALID,
            "the bus \"%s\" is neither \"local\" nor \"kafka://host:port[,host:port...]\"",
            url);
    return NULL;
}

void bus_free(struct bus *bus)
{
    if (bus)
        bus->ops->free(bus);
}

/* Kafka's own alphabet, and safe as a file name. */
static int check_topic_name(const char *name, struct err *err)
{
    const size_t size = name ? strlen(name) : 0;
    bool sound = size > 0 && size <= BUS_TOPIC_NAME_MAX && name[0] != '.';

    for (size_t i = 0; sound && i < size; i++)
        sound = isalnum((unsigned char)name[i]) || strchr("._-", name[i]);
    if (!sound)
        return err_set(err, ERR_INVALID,
                       "topic name \"%.64s\": 1 to %d of a-z A-Z 0-9 . _ - and no leading dot",
                       name ? name : "", BUS_TOPIC_NAME_MAX);
    return 0;
}

static int check_topic(const struct bus_topic *topic, struct err *err)
{
    if (check_topic_name(topic->name, err) < 0)
        return err->code;
    if (topic->partitions < 1 || topic->partitions > BUS_PARTITIONS_MAX)
        return err_set(err, ERR_INVALID, "topic %s: %d partitions, 1 to %d can be had",
                       topic->name, topic->partitions, BUS_PARTITIONS_MAX);
    if (topic->retention_ms < 0 && topic->retention_ms != BUS_KEEP_FOREVER)
        return err_set(err, ERR_INVALID, "topic %s: a negative retention", topic->name);
    return 0;
}

int bus_create_topics(struct bus *bus, const struct bus_topic *topics, size_t count,
                      struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (check_topic(&topics[i], err) < 0)
            return err->code;
    return count ? bus->ops->create_topics(bus, topics, count, err) : 0;
}

size_t bus_record_size(const struct bus_record *record)
{
    size_t size = record->key_size + record->value_size;

    for (size_t i = 0; i < record->header_count; i++)
        size += strlen(record->headers[i].name) + record->headers[i].value_size;
    return size;
}

static int check_record(const struct bus_record *record, const char *checked_topic,
                        struct err *err)
{
    if (record->topic != checked_topic && check_topic_name(record->topic, err) < 0)
        return err->code;
    if (bus_record_size(record) > BUS_RECORD_MAX)
        return err_set(err, ERR_TOO_LARGE,
                       "a record for %s of %zu bytes: at most %d; put the payload into the "
                       "object store and its key into the event",
                       record->topic, bus_record_size(record), BUS_RECORD_MAX);
    return 0;
}

int bus_publish(struct bus *bus, const struct bus_record *records, size_t count, int timeout_ms,
                struct err *err)
{
    for (size_t i = 0; i < count; i++)
        if (check_record(&records[i], i ? records[i - 1].topic : NULL, err) < 0)
            return err->code;
    return count ? bus->ops->publish(bus, records, count, timeout_ms, err) : 0;
}

static int check_consumer(const struct bus_consumer_conf *conf, struct err *err)
{
    if (conf->topic_count == 0 || (!conf->group && conf->topic_count != 1))
        return err_set(err, ERR_INVALID, "a consumer of %zu topics: %s", conf->topic_count,
                       conf->group ? "at least one" : "a view takes exactly one");
    if (conf->group && !conf->group[0])
        return err_set(err, ERR_INVALID, "the group of a consumer has no name");
    for (size_t i = 0; i < conf->topic_count; i++)
        if (check_topic_name(conf->topics[i], err) < 0)
            return err->code;
    return 0;
}

struct bus_consumer *bus_consumer_new(struct bus *bus, const struct bus_consumer_conf *conf,
                                      struct err *err)
{
    if (check_consumer(conf, err) < 0)
        return NULL;
    return bus->ops->consumer_new(bus, conf, err);
}

int bus_consumer_poll(struct bus_consumer *consumer, struct bus_record *records, size_t max,
                      int timeout_ms, struct err *err)
{
    return consumer->ops->poll(consumer, records, max, timeout_ms, err);
}

void bus_consumer_wake(struct bus_consumer *consumer)
{
    consumer->ops->wake(consumer);
}

int bus_consumer_commit(struct bus_consumer *consumer, const char *topic, int32_t partition,
                        int64_t next_offset, struct err *err)
{
    return consumer->ops->commit(consumer, topic, partition, next_offset, err);
}

bool bus_consumer_caught_up(struct bus_consumer *consumer)
{
    return consumer->ops->caught_up(consumer);
}

void bus_consumer_free(struct bus_consumer *consumer)
{
    if (consumer)
        consumer->ops->free(consumer);
}

int bus_topic_info(struct bus *bus, const char *topic, struct bus_partition_info *ret_infos,
                   size_t max, int timeout_ms, struct err *err)
{
    if (check_topic_name(topic, err) < 0)
        return err->code;
    return bus->ops->topic_info(bus, topic, ret_infos, max, timeout_ms, err);
}

int bus_group_offset(struct bus *bus, const char *group, const char *topic, int32_t partition,
                     int64_t *ret_offset, struct err *err)
{
    if (check_topic_name(topic, err) < 0)
        return err->code;
    return bus->ops->group_offset(bus, group, topic, partition, ret_offset, err);
}

/* The shape is that of the public header, which other folders were written against. */
/* NOLINTNEXTLINE(readability-function-size) */
int bus_read(struct bus *bus, const char *topic, int32_t partition, int64_t offset, size_t max,
             int (*fn)(void *ctx, const struct bus_record *record, struct err *err), void *ctx,
             struct err *err)
{
    const struct bus_range range = {topic, partition, offset, max, fn, ctx};

    if (check_topic_name(topic, err) < 0)
        return err->code;
    return max ? bus->ops->read(bus, &range, err) : 0;
}

int bus_ping(struct bus *bus, int timeout_ms, struct err *err)
{
    return bus->ops->ping(bus, timeout_ms, err);
}

int bus_maintain(struct bus *bus, struct err *err)
{
    return bus->ops->maintain(bus, err);
}

const char *bus_record_header(const struct bus_record *record, const char *name,
                              size_t *ret_size)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0) {
            *ret_size = record->headers[i].value_size;
            return record->headers[i].value;
        }
    return NULL;
}

static void conf_free(struct bus_consumer_conf *conf)
{
    if (!conf)
        return;
    for (size_t i = 0; i < conf->topic_count; i++)
        free((void *)conf->topics[i]);
    free((void *)conf->topics);
    free((void *)conf->group);
    free(conf);
}

static struct bus_consumer_conf *conf_copy(const struct bus_consumer_conf *conf)
{
    struct bus_consumer_conf *copy = malloc(sizeof *copy);
    const char **topics = calloc(conf->topic_count, sizeof *topics);

    if (!copy || !topics) {
        free(copy);
        free(topics);
        return NULL;
    }
    *copy = *conf;
    copy->topics = topics;
    copy->group = conf->group ? strdup(conf->group) : NULL;
    if (!copy->prefetch_bytes)
        copy->prefetch_bytes = BUS_PREFETCH_BYTES;
    for (size_t i = 0; i < conf->topic_count; i++) {
        topics[i] = strdup(conf->topics[i]);
        if (!topics[i] || (conf->group && !copy->group)) {
            conf_free(copy);
            return NULL;
        }
    }
    return copy;
}

void *bus_consumer_alloc(size_t size, const struct bus_consumer_ops *ops,
                         const struct bus_consumer_conf *conf, struct err *err)
{
    struct bus_consumer *consumer = calloc(1, size);

    if (consumer)
        consumer->conf = conf_copy(conf);
    if (!consumer || !consumer->conf) {
        free(consumer);
        err_set_nomem(err, "a consumer");
        return NULL;
    }
    consumer->ops = ops;
    return consumer;
}

void bus_consumer_drop(struct bus_consumer *consumer)
{
    conf_free(consumer->conf);
    free(consumer);
}

int64_t bus_consumer_start(const struct bus_consumer_conf *conf, const char *topic,
                           int32_t partition, struct err *err)
{
    int64_t start = BUS_START_STORED;

    if (conf->on_assigned)
        start = conf->on_assigned(conf->ctx, topic, partition, err);
    return start == BUS_START_STORED && !conf->group ? BUS_START_EARLIEST : start;
}
