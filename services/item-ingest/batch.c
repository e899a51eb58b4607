/* batch.c - see batch.h. */
#include "services/item-ingest/batch.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 64,
    DEAD_KEPT = 64 * 1024, /* a larger buffer is given back after its batch */
};

struct batch *batch_new(void)
{
    return calloc(1, sizeof(struct batch));
}

void batch_free(struct batch *batch)
{
    if (!batch)
        return;
    free(batch->changes);
    buf_done(&batch->dead);
    scratch_done(&batch->scratch);
    free(batch);
}

void batch_reset(struct batch *batch)
{
    batch->kind = BATCH_CHANGES;
    batch->partition = 0;
    batch->epoch = 0;
    batch->next = 0;
    batch->newest_ms = 0;
    batch->records = 0;
    batch->count = 0;
    if (batch->dead.capacity > DEAD_KEPT)
        buf_done(&batch->dead);
    buf_clear(&batch->dead);
    scratch_reset(&batch->scratch);
}

struct change *batch_next_change(struct batch *batch)
{
    if (batch->count == batch->capacity) {
        size_t capacity = batch->capacity ? 2 * batch->capacity : FIRST_CAPACITY;
        struct change *changes = realloc(batch->changes, capacity * sizeof *changes);

        if (!changes)
            return NULL;
        batch->changes = changes;
        batch->capacity = capacity;
    }
    memset(&batch->changes[batch->count], 0, sizeof *batch->changes);
    return &batch->changes[batch->count];
}

static const struct bus_header *copy_headers(struct scratch *scratch,
                                             const struct bus_record *record)
{
    struct bus_header *headers =
        scratch_take(scratch, record->header_count * sizeof *headers + 1);

    for (size_t i = 0; headers && i < record->header_count; i++) {
        const struct bus_header *from = &record->headers[i];

        headers[i].name = scratch_copy(scratch, from->name, strlen(from->name));
        headers[i].value = scratch_copy(scratch, from->value, from->value_size);
        headers[i].value_size = from->value_size;
        if (!headers[i].name || !headers[i].value)
            return NULL;
    }
    return headers;
}

const struct bus_record *batch_copy_record(struct batch *batch, const struct bus_record *record)
{
    struct bus_record *copy = scratch_take(&batch->scratch, sizeof *copy);

    if (!copy)
        return NULL;
    *copy = *record;
    copy->topic = scratch_copy(&batch->scratch, record->topic, strlen(record->topic));
    copy->headers = copy_headers(&batch->scratch, record);
    if (record->key)
        copy->key = scratch_copy(&batch->scratch, record->key, record->key_size);
    if (record->value)
        copy->value = scratch_copy(&batch->scratch, record->value, record->value_size);
    if (!copy->topic || !copy->headers || (record->key && !copy->key) ||
        (record->value && !copy->value))
        return NULL;
    return copy;
}
