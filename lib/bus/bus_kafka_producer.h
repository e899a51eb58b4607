/* bus_kafka_producer.h - the client that publishes, and that administration asks through.
 *
 * librdkafka's idempotent producer can end in a fatal state (a broker lost what it had
 * acknowledged); it then has to be replaced, while calls that still use the old one finish. So
 * it is used between acquire and release. Thread-safe. */
#ifndef LIB_BUS_BUS_KAFKA_PRODUCER_H
#define LIB_BUS_BUS_KAFKA_PRODUCER_H

#include "lib/bus/bus_kafka.h"

struct kafka_producer;

struct kafka_producer *kafka_producer_new(struct kafka_bus *b, struct err *err);

/* Waits a while for what is still under way. NULL is allowed. */
void kafka_producer_free(struct kafka_producer *producer);

/* The bus's producer, replaced where it failed for good. NULL: err says why. */
struct kafka_producer *kafka_producer_acquire(struct kafka_bus *b, struct err *err);
void kafka_producer_release(struct kafka_bus *b, struct kafka_producer *producer);

rd_kafka_t *kafka_producer_handle(struct kafka_producer *producer);

/* The topic, asked for once: ERR_NOT_FOUND where the broker has none. Borrowed. */
rd_kafka_topic_t *kafka_producer_topic(struct kafka_bus *b, struct kafka_producer *producer,
                                       const char *name, int timeout_ms, struct err *err);

/* What librdkafka calls when a record's fate is known; bus_kafka_publish.c has it. */
void kafka_on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque);

#endif
