/* sse_fuzz.c - server-sent events come out the same however the bytes are cut, and what is
 * written again from them reads as before. */
#include "lib/http/sse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 4096 };

/* Each event as it would be written. */
static int write_again(void *ctx, const struct sse_event *event, struct err *err)
{
    (void)err;
    sse_write(ctx, event->id, event->type, event->data, event->size);
    return 0;
}

/* In pieces of this size. */
static void read_all(const char *bytes, size_t size, size_t piece, struct buf *out)
{
    OWNED_VALUE(sse_reader) reader = {.max_bytes = MOST};
    struct err err = {0};

    for (size_t at = 0; at < size; at += piece) {
        size_t part = size - at < piece ? size - at : piece;

        if (sse_read(&reader, bytes + at, part, write_again, out, &err) < 0)
            abort(); /* nothing here is too large */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    OWNED_VALUE(buf) whole = {0};
    OWNED_VALUE(buf) cut = {0};
    OWNED_VALUE(buf) again = {0};

    if (size > MOST / 2)
        return 0;
    read_all(bytes, size, size ? size : 1, &whole);
    read_all(bytes, size, 1 + size / 7, &cut);
    if (whole.size != cut.size || memcmp(buf_text(&whole), buf_text(&cut), whole.size) != 0)
        abort();
    if (memchr(bytes, '\0', size) == NULL) { /* ids and types are C strings */
        read_all(buf_text(&whole), whole.size, MOST, &again);
        if (whole.size != again.size ||
            memcmp(buf_text(&whole), buf_text(&again), whole.size) != 0)
            abort();
    }
    return 0;
}
