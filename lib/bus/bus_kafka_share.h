/* bus_kafka_share.h - the partitions that a consumer reads, and how far it is in each.
 *
 * librdkafka tells of a rebalance in a callback and wants rd_kafka_assign in answer; that may
 * come later, so a start offset that cannot be told yet only keeps the share unassigned, and
 * the next settling asks again. A view goes the same way, with all partitions for its share. */
#ifndef LIB_BUS_BUS_KAFKA_SHARE_H
#define LIB_BUS_BUS_KAFKA_SHARE_H

#include "lib/bus/bus_kafka.h"

struct kafka_part {
    const char *topic; /* of the conf */
    int32_t partition;
    bool asked;       /* start is known */
    int64_t start;    /* for rd_kafka_assign */
    int64_t position; /* what was handed out up to, or the end that was reached */
    int64_t target;   /* what caught_up waits for */
};

struct kafka_share {
    struct kafka_bus *bus; /* these three borrowed */
    const struct bus_consumer_conf *conf;
    rd_kafka_t *rk;
    int ask_ms; /* how long to wait for the broker's answers */
    struct kafka_part *parts;
    size_t count;
    bool given;    /* parts are set */
    bool assigned; /* and librdkafka reads them */
    bool paused;   /* but fetches nothing for now */
};

/* The two halves of a rebalance. tell: on_revoked hears of it. */
void kafka_share_give(struct kafka_share *share,
                      const rd_kafka_topic_partition_list_t *partitions);
void kafka_share_take(struct kafka_share *share, bool tell);

/* Brings what was given (a view: all partitions) to librdkafka, once the owner has told where
 * each starts. */
int kafka_share_settle(struct kafka_share *share, struct err *err);

/* Stops or resumes fetching of what is assigned. What librdkafka holds already is dropped and
 * fetched again. */
int kafka_share_pause(struct kafka_share *share, bool pause, struct err *err);

/* NULL where it is not in the share. */
struct kafka_part *kafka_share_part(struct kafka_share *share, const char *topic,
                                    int32_t partition);

/* The conf's own string for the topic, or NULL where the consumer does not follow it. */
const char *kafka_share_topic(const struct kafka_share *share, const char *name);

bool kafka_share_caught_up(struct kafka_share *share);

#endif
