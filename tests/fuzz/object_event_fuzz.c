/* object_event_fuzz.c - what is read of an S3 notification can be written and read again. */
#include "proto/object_event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_same(void *ctx, const struct object_event *event, struct err *err)
{
    const struct object_event *first = ctx;

    (void)err;
    if (event->change != first->change || strcmp(event->key, first->key) != 0 ||
        strcmp(event->bucket, first->bucket) != 0 ||
        strcmp(event->sequencer, first->sequencer) != 0)
        abort();
    return 0;
}

static int on_event(void *ctx, const struct object_event *event, struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    struct object_event copy = *event;
    struct err own = {0};

    (void)ctx;
    (void)err;
    if (event->change == OBJECT_OTHER || !*event->bucket)
        return 0;
    if (copy.event_time_ms < 0)
        copy.event_time_ms = 0;
    if (object_event_encode(&text, &copy, &own) < 0)
        abort();
    if (object_event_decode(text.data, text.size, is_same, &copy, &own) < 0)
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};

    (void)object_event_decode(data, size, on_event, NULL, &err);
    return 0;
}
