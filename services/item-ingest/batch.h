/* batch.h - records of one partition on their way from the reader to the applier: what they
 * change, taken apart and checked as far as that can be done without asking anybody.
 *
 * Batches are used again and again, so that a burst takes no more memory than the batches that
 * can be under way. Everything that a change points to lives in the batch. */
#ifndef SERVICES_ITEM_INGEST_BATCH_H
#define SERVICES_ITEM_INGEST_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"
#include "lib/trace/trace.h"
#include "proto/object_event.h"
#include "services/item-ingest/scratch.h"

/* One event of one picture. */
struct change {
    enum object_change what; /* CREATED, REMOVED or CLEARED */
    bool vouched;            /* CREATED: measured by who wrote it, need not be fetched */
    char orientation;
    uint32_t width, height;
    uint32_t index; /* of the event in its record */
    uint64_t size_bytes;
    int64_t time_ms;
    int64_t offset;
    struct catalog_ref ref;
    const char *key;
    const char *sequencer; /* "": none */
    const char *sha256;    /* "": not known */
    const char *control;   /* NULL: none */
    struct trace trace;
    const struct bus_record *original; /* for a dead letter; NULL where vouched */
};

enum batch_kind {
    BATCH_CHANGES,
    BATCH_ASSIGNED, /* the partition is ours from `next` on; nothing else is in it */
};

struct batch {
    enum batch_kind kind;
    int32_t partition;
    uint64_t epoch;    /* see partitions.h */
    int64_t next;      /* the offset after the last record; ASSIGNED: to start at, -1: first */
    int64_t newest_ms; /* timestamp of the last record */
    size_t records;
    struct change *changes; /* owned */
    size_t count, capacity;
    struct buf dead; /* owned: outbox frames of what could not be read (outbox.h) */
    struct scratch scratch;
};

struct batch *batch_new(void);
void batch_free(struct batch *batch);
DEFINE_OWNED(batch)

/* Empty again, memory kept. */
void batch_reset(struct batch *batch);

/* Room for one more change, zeroed; NULL where there is no memory. It counts once the caller
 * adds one to count. */
struct change *batch_next_change(struct batch *batch);

/* A copy of the record in the batch's scratch; NULL where there is no memory. */
const struct bus_record *batch_copy_record(struct batch *batch,
                                           const struct bus_record *record);

#endif
