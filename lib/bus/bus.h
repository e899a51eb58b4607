/* bus.h - topics of events: publish, follow, ask.
 *
 * Two backends behind one header, held to the same contract tests:
 *   local   a durable log in SQLite files under conf.dir, shared by all processes of one
 * machine kafka   Apache Kafka through librdkafka
 *
 * A topic has partitions; records with the same key go to the same partition (murmur2, as
 * Java's client does) and keep their order there. Offsets start at 0 and only grow.
 *
 * Two kinds of consumer:
 *   worker  the members of a group share the partitions of its topics. Where each partition
 *           starts is asked of the owner (bus_assigned) - a database that stores its offset in
 *           the transaction of the effect - or kept by the bus (bus_consumer_commit).
 *   view    one process reads every partition of a topic, from offsets it keeps itself, to the
 *           end and then follows.
 *
 * A struct bus may be used from several threads; a struct bus_consumer from one at a time
 * (bus_consumer_wake excepted). */
#ifndef LIB_BUS_BUS_H
#define LIB_BUS_BUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct bus_conf {
    const char *url;       /* "local" or "kafka://host:port[,host:port...]" */
    const char *dir;       /* local: where its files are; made when missing */
    const char *client_id; /* shows up in the broker's logs, e.g. "item-ingest" */
};

struct bus_header {
    const char *name;
    const char *value; /* not NUL-terminated */
    size_t value_size;
};

/* One event. What a consumer hands out is borrowed until the next call on that consumer. */
struct bus_record {
    const char *topic;
    int32_t partition;    /* ignored when publishing: the key decides */
    int64_t offset;       /* ignored when publishing */
    int64_t timestamp_ms; /* when publishing: 0 means now */
    const char *key;      /* not NUL-terminated; NULL: no key, any partition */
    size_t key_size;
    const void *value; /* NULL: a tombstone, as distinct from an empty value */
    size_t value_size;
    const struct bus_header *headers;
    size_t header_count;
};

enum { BUS_KEEP_FOREVER = -1 };

struct bus_topic {
    const char *name;
    int32_t partitions;
    bool compact;         /* only the last record of each key has to be kept */
    int64_t retention_ms; /* BUS_KEEP_FOREVER, or records older than this may go */
};

struct bus;

/* Connects. NULL on failure: ERR_INVALID for a bad url, ERR_IO for a folder that cannot be
 * used. A broker that is away is no failure here: it is met by the first call that needs it. */
struct bus *bus_open(const struct bus_conf *conf, struct err *err);
void bus_free(struct bus *bus);
DEFINE_OWNED(bus)

/* Makes the topics that do not exist yet and leaves the others as they are. */
int bus_create_topics(struct bus *bus, const struct bus_topic *topics, size_t count,
                      struct err *err);

/* Appends the records and returns once every one is durable (local: committed and synced;
 * kafka: acknowledged by all in-sync replicas). Keeps the order of the records within a key.
 * Blocks at most timeout_ms. ERR_NOT_FOUND: no such topic. ERR_UNAVAILABLE: nothing was
 * appended, try again. ERR_TIMEOUT: it is not known whether they were appended.
 * ERR_TOO_LARGE: a record over the limit (1 MiB). Thread-safe; concurrent calls share a
 * commit where that is faster. */
int bus_publish(struct bus *bus, const struct bus_record *records, size_t count, int timeout_ms,
                struct err *err);

enum {
    BUS_START_EARLIEST = -2, /* the oldest record that is still there */
    BUS_START_STORED = -3,   /* after the last bus_consumer_commit, else the oldest */
    BUS_START_LATEST = -4,   /* only what comes from now on */
};

/* Called inside bus_consumer_poll when a partition is given to this consumer. Returns the
 * offset to start at:
 * >= 0, or a BUS_START_; ERR_... cannot be told apart from those, so a failure is written to
 * err and the poll fails with it. */
typedef int64_t bus_assigned(void *ctx, const char *topic, int32_t partition, struct err *err);

/* Called inside bus_consumer_poll when a partition was taken away. */
typedef void bus_revoked(void *ctx, const char *topic, int32_t partition);

struct bus_consumer_conf {
    const char *group;         /* NULL: a view */
    const char *const *topics; /* a view takes exactly one */
    size_t topic_count;
    bus_assigned *on_assigned; /* NULL: BUS_START_STORED (worker), BUS_START_EARLIEST (view) */
    bus_revoked *on_revoked;   /* may be NULL */
    void *ctx;                 /* for both */
    size_t prefetch_bytes;     /* most bytes held for poll; 0: 8 MiB */
};

struct bus_consumer;

/* The conf is copied, the bus borrowed: free the consumer first. */
struct bus_consumer *bus_consumer_new(struct bus *bus, const struct bus_consumer_conf *conf,
                                      struct err *err);

/* Hands out up to max records: at once when there are any, else waits until some come, until
 * timeout_ms passed or bus_consumer_wake. Returns how many. Records of one partition come in
 * order. ERR_UNAVAILABLE: the bus is away; poll again later, nothing is lost.
 *
 * A worker that does not poll for minutes loses its partitions. With max 0 a poll keeps the
 * membership (and tells of partitions that come and go) while it hands out nothing: for one
 * that cannot take more now. Going on after that may take a second. */
int bus_consumer_poll(struct bus_consumer *consumer, struct bus_record *records, size_t max,
                      int timeout_ms, struct err *err);

/* Ends a waiting poll early. From any thread or a signal handler. */
void bus_consumer_wake(struct bus_consumer *consumer);

/* The group's next record of the partition is next_offset. Durable when it returns. Workers
 * only. */
int bus_consumer_commit(struct bus_consumer *consumer, const char *topic, int32_t partition,
                        int64_t next_offset, struct err *err);

/* True when everything that was in the topics when asked has been handed out by poll; for
 * readiness and for views that must be whole before they answer. */
bool bus_consumer_caught_up(struct bus_consumer *consumer);

/* Leaves the group at once, so that others take over without waiting for a timeout. */
void bus_consumer_free(struct bus_consumer *consumer);
DEFINE_OWNED(bus_consumer)

struct bus_partition_info {
    int32_t partition;
    int64_t low;  /* offset of the oldest record */
    int64_t high; /* offset that the next record will get */
};

/* Fills at most max infos; returns how many partitions the topic has. ERR_NOT_FOUND. */
int bus_topic_info(struct bus *bus, const char *topic, struct bus_partition_info *ret_infos,
                   size_t max, int timeout_ms, struct err *err);

/* The offset that the group stored with bus_consumer_commit, or -1 where it never did. */
int bus_group_offset(struct bus *bus, const char *group, const char *topic, int32_t partition,
                     int64_t *ret_offset, struct err *err);

/* Reads up to max records of one partition from offset on, without a consumer: for tools.
 * Calls fn for each, with records borrowed for the call; stops when fn returns < 0 (which is
 * returned) or at the high watermark. Returns how many were read. */
int bus_read(struct bus *bus, const char *topic, int32_t partition, int64_t offset, size_t max,
             int (*fn)(void *ctx, const struct bus_record *record, struct err *err), void *ctx,
             struct err *err);

/* 0 when the bus answers within timeout_ms and takes records. */
int bus_ping(struct bus *bus, int timeout_ms, struct err *err);

/* Applies retention and compaction where the bus does not do so by itself (local). Does a
 * bounded amount of work, never blocks publishers for more than a few ms at a time; one process
 * at a time does it, in others it returns at once. Call it about once a minute. Returns how
 * many records were dropped. */
int bus_maintain(struct bus *bus, struct err *err);

/* The value of a header of the record, or NULL; size in *ret_size. */
const char *bus_record_header(const struct bus_record *record, const char *name,
                              size_t *ret_size);

#endif
