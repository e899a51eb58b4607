/* outbox.c - see outbox.h. Numbers are in the machine's own order. */
#include "services/item-ingest/outbox.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "proto/topics.h"

enum {
    MAGIC = 0x31584f47, /* "GOX1" */
    NONE = UINT32_MAX,  /* the size of a key or value that is not there */
};

struct begin {
    uint32_t magic;
    int32_t count[OUTBOX_TOPICS];
};

struct frame {
    int64_t offset, time_ms;
    uint32_t index, key_size, value_size;
    int32_t partition;
    uint16_t header_count;
    uint8_t topic, sampled;
    char trace_id[33], span_id[17];
};

struct cursor {
    const char *at, *end;
};

const char *outbox_topic_name(enum outbox_topic topic)
{
    return topic == OUTBOX_ITEMS ? TOPIC_ITEMS : TOPIC_DEAD_LETTERS;
}

void outbox_begin(struct buf *out, const struct outbox_marks *marks)
{
    struct begin begin = {.magic = MAGIC};

    memcpy(begin.count, marks->count, sizeof begin.count);
    buf_append(out, &begin, sizeof begin);
    for (int i = 0; i < OUTBOX_TOPICS; i++)
        buf_append(out, marks->high[i], (size_t)marks->count[i] * sizeof *marks->high[i]);
}

static size_t begin_size(const struct begin *begin)
{
    size_t size = sizeof *begin;

    for (int i = 0; i < OUTBOX_TOPICS; i++)
        size += (size_t)begin->count[i] * sizeof(int64_t);
    return size;
}

int outbox_is_empty(const struct buf *out)
{
    struct begin begin = {0};

    if (out->size < sizeof begin)
        return 1;
    memcpy(&begin, out->data, sizeof begin);
    return out->size <= begin_size(&begin);
}

static void add_header(struct buf *out, const struct bus_header *header)
{
    const uint32_t sizes[2] = {(uint32_t)strlen(header->name) + 1,
                               (uint32_t)header->value_size};

    buf_append(out, sizes, sizeof sizes);
    buf_append(out, header->name, sizes[0]);
    buf_append(out, header->value, sizes[1]);
}

void outbox_add(struct buf *out, const struct outbox_event *event)
{
    size_t headers =
        event->header_count < OUTBOX_HEADERS ? event->header_count : OUTBOX_HEADERS;
    struct frame frame;

    memset(&frame, 0, sizeof frame);
    frame.offset = event->offset;
    frame.time_ms = event->time_ms;
    frame.index = event->index;
    frame.partition = event->partition;
    frame.key_size = event->key ? (uint32_t)event->key_size : NONE;
    frame.value_size = event->value ? (uint32_t)event->value_size : NONE;
    frame.header_count = (uint16_t)headers;
    frame.topic = (uint8_t)event->topic;
    frame.sampled = event->trace.sampled;
    memcpy(frame.trace_id, event->trace.trace_id, sizeof frame.trace_id);
    memcpy(frame.span_id, event->trace.span_id, sizeof frame.span_id);
    buf_append(out, &frame, sizeof frame);
    if (event->key)
        buf_append(out, event->key, event->key_size);
    if (event->value)
        buf_append(out, event->value, event->value_size);
    for (size_t i = 0; i < headers; i++)
        add_header(out, &event->headers[i]);
}

/* The next size bytes, or NULL where there are not that many. */
static const void *take(struct cursor *cursor, size_t size)
{
    const char *at = cursor->at;

    if ((size_t)(cursor->end - at) < size)
        return NULL;
    cursor->at += size;
    return at;
}

static int broken(struct err *err)
{
    return err_set(err, ERR_INVALID, "the outbox holds bytes that this program did not write");
}

static int read_begin(struct cursor *cursor, struct begin *begin, struct err *err)
{
    const void *bytes = take(cursor, sizeof *begin);

    if (!bytes)
        return broken(err);
    memcpy(begin, bytes, sizeof *begin);
    if (begin->magic != MAGIC)
        return broken(err);
    for (int i = 0; i < OUTBOX_TOPICS; i++)
        if (begin->count[i] < 0 || begin->count[i] > OUTBOX_PARTITIONS)
            return broken(err);
    return 0;
}

int outbox_marks_read(const void *bytes, size_t size, struct outbox_marks *ret_marks,
                      struct err *err)
{
    struct cursor cursor = {bytes, (const char *)bytes + size};
    struct outbox_marks marks = {0};
    struct begin begin = {0};

    if (read_begin(&cursor, &begin, err) < 0)
        return err->code;
    for (int i = 0; i < OUTBOX_TOPICS; i++) {
        size_t high = (size_t)begin.count[i] * sizeof(int64_t);
        const void *from = take(&cursor, high);

        if (!from)
            return broken(err);
        marks.count[i] = begin.count[i];
        memcpy(marks.high[i], from, high);
    }
    *ret_marks = marks;
    return 0;
}

static int read_headers(struct cursor *cursor, size_t count, struct bus_header *headers)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t sizes[2];
        const void *bytes = take(cursor, sizeof sizes);

        if (!bytes)
            return -1;
        memcpy(sizes, bytes, sizeof sizes);
        headers[i].name = take(cursor, sizes[0]);
        headers[i].value = take(cursor, sizes[1]);
        headers[i].value_size = sizes[1];
        if (!headers[i].name || !headers[i].value || sizes[0] == 0 ||
            headers[i].name[sizes[0] - 1] != '\0')
            return -1;
    }
    return 0;
}

static bool read_part(struct cursor *cursor, uint32_t size, const void **ret, size_t *ret_size)
{
    *ret = NULL;
    *ret_size = 0;
    if (size == NONE)
        return true;
    *ret = take(cursor, size);
    *ret_size = size;
    return *ret != NULL;
}

static int read_event(struct cursor *cursor, struct outbox_event *event,
                      struct bus_header headers[OUTBOX_HEADERS], struct err *err)
{
    const void *bytes = take(cursor, sizeof(struct frame));
    struct frame frame;

    if (!bytes)
        return broken(err);
    memcpy(&frame, bytes, sizeof frame);
    if (frame.topic >= OUTBOX_TOPICS || frame.header_count > OUTBOX_HEADERS)
        return broken(err);
    *event = (struct outbox_event){.topic = (enum outbox_topic)frame.topic,
                                   .partition = frame.partition,
                                   .offset = frame.offset,
                                   .index = frame.index,
                                   .time_ms = frame.time_ms,
                                   .headers = headers,
                                   .header_count = frame.header_count};
    event->trace.sampled = frame.sampled != 0;
    memcpy(event->trace.trace_id, frame.trace_id, sizeof frame.trace_id);
    memcpy(event->trace.span_id, frame.span_id, sizeof frame.span_id);
    if (!read_part(cursor, frame.key_size, &event->key, &event->key_size) ||
        !read_part(cursor, frame.value_size, &event->value, &event->value_size) ||
        read_headers(cursor, frame.header_count, headers) < 0)
        return broken(err);
    return 0;
}

int outbox_each(const void *bytes, size_t size,
                int (*fn)(void *ctx, const struct outbox_event *event, struct err *err),
                void *ctx, struct err *err)
{
    struct cursor cursor = {bytes, (const char *)bytes + size};
    struct bus_header headers[OUTBOX_HEADERS];
    struct begin begin = {0};

    if (read_begin(&cursor, &begin, err) < 0)
        return err->code;
    if (!take(&cursor, begin_size(&begin) - sizeof begin))
        return broken(err);
    while (cursor.at < cursor.end) {
        struct outbox_event event;
        int r = read_event(&cursor, &event, headers, err);

        if (r == 0)
            r = fn(ctx, &event, err);
        if (r < 0)
            return r;
    }
    return 0;
}

void outbox_event_id(const struct outbox_event *event, char id[ENVELOPE_ID])
{
    int size = snprintf(id, ENVELOPE_ID, TOPIC_OBJECTS "/%" PRId32 "/%" PRId64,
                        event->partition, event->offset);

    if (event->topic == OUTBOX_ITEMS)
        (void)snprintf(id + size, ENVELOPE_ID - (size_t)size, "/%" PRIu32, event->index);
}
