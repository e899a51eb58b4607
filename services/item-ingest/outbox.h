/* outbox.h - the bytes that catalog_apply keeps beside a batch's items: the events that follow
 * from it, until they are on the bus.
 *
 * They hold everything that an event is made of, so that a crash between the transaction and
 * the publishing changes nothing: whoever owns the partition next makes the same events of
 * them, with the same ce_id.
 *
 * They begin with marks: how far garden.items and garden.dead-letters went at some moment
 * before the batch was applied. Whoever has to know which of the events are on the topics
 * already needs to read no further back than that. */
#ifndef SERVICES_ITEM_INGEST_OUTBOX_H
#define SERVICES_ITEM_INGEST_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/bus/bus.h"
#include "lib/trace/trace.h"
#include "proto/envelope.h"

enum outbox_topic { OUTBOX_ITEMS, OUTBOX_DEAD, OUTBOX_TOPICS };

enum {
    OUTBOX_PARTITIONS = 64, /* of a topic that marks are kept for */
    OUTBOX_HEADERS = 64,    /* of an event; what is more is left out */
};

struct outbox_marks {
    int32_t count[OUTBOX_TOPICS]; /* partitions; 0: not known, read from the start */
    int64_t high[OUTBOX_TOPICS][OUTBOX_PARTITIONS];
};

/* garden.items or garden.dead-letters. */
const char *outbox_topic_name(enum outbox_topic topic);

struct outbox_event {
    enum outbox_topic topic;
    int32_t partition; /* of garden.objects: where it comes from */
    int64_t offset;
    uint32_t index; /* of the event in its record */
    int64_t time_ms;
    struct trace trace;
    const void *key; /* NULL: none */
    size_t key_size;
    const void *value; /* NULL: a tombstone */
    size_t value_size;
    const struct bus_header *headers; /* a dead letter's; items have their envelope's only */
    size_t header_count;
};

/* Starts the bytes of a batch. */
void outbox_begin(struct buf *out, const struct outbox_marks *marks);

/* Appends an event; also without a begin before it, for events that are put behind one later.
 */
void outbox_add(struct buf *out, const struct outbox_event *event);

/* True where nothing was added after the begin. */
int outbox_is_empty(const struct buf *out);

/* Reads the marks. ERR_INVALID where these are no bytes of ours. */
int outbox_marks_read(const void *bytes, size_t size, struct outbox_marks *ret_marks,
                      struct err *err);

/* Calls fn for each event, borrowed for the call, until it returns < 0, which is returned.
 * event->headers is borrowed for the call, too. */
int outbox_each(const void *bytes, size_t size,
                int (*fn)(void *ctx, const struct outbox_event *event, struct err *err),
                void *ctx, struct err *err);

/* What tells an event from every other, the same whenever it is made. Of an item it is the
 * ce_id, "garden.objects/<partition>/<offset>/<index>"; of a dead letter, of which there is one
 * for each record, its headers say the same without the index. */
void outbox_event_id(const struct outbox_event *event, char id[ENVELOPE_ID]);

#endif
