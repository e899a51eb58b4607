/* bus_internal.h - what the backends of bus.h fill in, and what they have in common.
 *
 * A backend's struct starts with a struct bus (or bus_consumer), so that bus.c can dispatch
 * through the table of operations that it points to. The arguments were checked by bus.c: topic
 * names are sound, counts are not 0, records are within the limits. */
#ifndef LIB_BUS_BUS_INTERNAL_H
#define LIB_BUS_BUS_INTERNAL_H

#include "lib/bus/bus.h"

enum {
    BUS_RECORD_MAX = 1 << 20, /* key, value and headers of one record together */
    BUS_TOPIC_NAME_MAX = 200,
    BUS_PARTITIONS_MAX = 1024,
    BUS_PREFETCH_BYTES = 8 << 20,
};

/* What bus_read was asked for. */
struct bus_range {
    const char *topic;
    int32_t partition;
    int64_t offset;
    size_t max;
    int (*fn)(void *ctx, const struct bus_record *record, struct err *err);
    void *ctx;
};

struct bus_ops {
    void (*free)(struct bus *bus);
    int (*create_topics)(struct bus *bus, const struct bus_topic *topics, size_t count,
                         struct err *err);
    int (*publish)(struct bus *bus, const struct bus_record *records, size_t count,
                   int timeout_ms, struct err *err);
    struct bus_consumer *(*consumer_new)(struct bus *bus, const struct bus_consumer_conf *conf,
                                         struct err *err);
    int (*topic_info)(struct bus *bus, const char *topic, struct bus_partition_info *ret_infos,
                      size_t max, int timeout_ms, struct err *err);
    int (*group_offset)(struct bus *bus, const char *group, const char *topic,
                        int32_t partition, int64_t *ret_offset, struct err *err);
    int (*read)(struct bus *bus, const struct bus_range *range, struct err *err);
    int (*ping)(struct bus *bus, int timeout_ms, struct err *err);
    int (*maintain)(struct bus *bus, struct err *err);
};

struct bus {
    const struct bus_ops *ops;
};

struct bus_consumer_ops {
    int (*poll)(struct bus_consumer *consumer, struct bus_record *records, size_t max,
                int timeout_ms, struct err *err);
    void (*wake)(struct bus_consumer *consumer);
    int (*commit)(struct bus_consumer *consumer, const char *topic, int32_t partition,
                  int64_t next_offset, struct err *err);
    bool (*caught_up)(struct bus_consumer *consumer);
    void (*free)(struct bus_consumer *consumer);
};

struct bus_consumer {
    const struct bus_consumer_ops *ops;
    struct bus_consumer_conf *conf; /* its own copy of what it was asked for */
};

struct bus *bus_local_open(const struct bus_conf *conf, struct err *err);
struct bus *bus_kafka_open(const struct bus_conf *conf, const char *brokers, struct err *err);

/* The bytes of key, value and headers. */
size_t bus_record_size(const struct bus_record *record);

/* A zeroed consumer of size bytes, which start with a struct bus_consumer that is filled in. */
void *bus_consumer_alloc(size_t size, const struct bus_consumer_ops *ops,
                         const struct bus_consumer_conf *conf, struct err *err);

/* Frees what bus_consumer_alloc made; the backend's own things are its own to free before. */
void bus_consumer_drop(struct bus_consumer *consumer);

/* Where the consumer's owner wants the partition to start: an offset or BUS_START_*, of which
 * BUS_START_STORED is for workers only. */
int64_t bus_consumer_start(const struct bus_consumer_conf *conf, const char *topic,
                           int32_t partition, struct err *err);

#endif
