/* bus_kafka.h - the parts of the Kafka backend, and what they know of each other. Nothing
 * outside of lib/bus knows that librdkafka is behind it. */
#ifndef LIB_BUS_BUS_KAFKA_H
#define LIB_BUS_BUS_KAFKA_H

#include <librdkafka/rdkafka.h>
#include <pthread.h>

#include "lib/base/map.h"
#include "lib/bus/bus_arena.h"
#include "lib/bus/bus_internal.h"

enum {
    KAFKA_RECORD_MAX = 2 << 20, /* BUS_RECORD_MAX and room for Kafka's own framing */
    KAFKA_REASON_MAX = 160,
};

/* The last thing that a client said went wrong, to be told to the caller it stopped. */
struct kafka_reason {
    pthread_mutex_t lock;
    char text[KAFKA_REASON_MAX];
};

struct kafka_bus {
    struct bus base;
    char *brokers, *client_id;
    struct kafka_reason reason;
    pthread_mutex_t lock; /* for producer */
    struct kafka_producer *producer;
    pthread_rwlock_t purging; /* see bus_kafka_publish.c */
};

static inline struct kafka_bus *kafka_bus_of(struct bus *bus)
{
    return (struct kafka_bus *)bus;
}

/* The ERR_ code that fits, and err_set with it, the client's words and its last reason. */
int kafka_code_of(rd_kafka_resp_err_t rc);
int kafka_fail(struct kafka_bus *b, struct err *err, rd_kafka_resp_err_t rc, const char *what);

void kafka_reason_set(struct kafka_reason *reason, const char *text);

/* Settings that every client has; NULL on failure. extra: names with values, then a
 * NULL. */
rd_kafka_conf_t *kafka_conf_new(struct kafka_bus *b, const char *const (*extra)[2],
                                struct err *err);

/* Asks for the topic's partitions. ERR_NOT_FOUND, ERR_UNAVAILABLE. Returns how many. */
int kafka_partition_count(struct kafka_bus *b, rd_kafka_t *rk, const char *topic,
                          int timeout_ms, struct err *err);

/* Milliseconds until the deadline of clock_mono_ms, at least 1. */
int kafka_ms_until(int64_t deadline_ms);

/* A record that borrows from the message; the headers' array is in the arena. */
int kafka_record_of(const rd_kafka_message_t *message, struct arena *arena,
                    struct bus_record *ret, struct err *err);

/* A consumer client, and the queue it delivers to. group NULL: one that assigns partitions by
 * itself. */
struct kafka_client {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
};

struct kafka_client_conf {
    const char *group;
    size_t prefetch_bytes;
    void (*on_rebalance)(rd_kafka_t *rk, rd_kafka_resp_err_t rc,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque);
    void (*on_error)(rd_kafka_t *rk, int rc, const char *text, void *opaque);
    void *opaque; /* for both */
};

int kafka_client_init(struct kafka_client *client, struct kafka_bus *b,
                      const struct kafka_client_conf *conf, struct err *err);
void kafka_client_done(struct kafka_client *client);

/* True where librdkafka itself looks again soon after its queue was full. */
bool kafka_client_fetches_on(void);

struct bus_consumer *
bus_kafka_consumer_new(struct bus *bus, const struct bus_consumer_conf *conf, struct err *err);
int bus_kafka_read(struct bus *bus, const struct bus_range *range, struct err *err);
int bus_kafka_publish(struct bus *bus, const struct bus_record *records, size_t count,
                      int timeout_ms, struct err *err);
int bus_kafka_create_topics(struct bus *bus, const struct bus_topic *topics, size_t count,
                            struct err *err);
int bus_kafka_topic_info(struct bus *bus, const char *topic,
                         struct bus_partition_info *ret_infos, size_t max, int timeout_ms,
                         struct err *err);
int bus_kafka_group_offset(struct bus *bus, const char *group, const char *topic,
                           int32_t partition, int64_t *ret_offset, struct err *err);
int bus_kafka_ping(struct bus *bus, int timeout_ms, struct err *err);

#endif
