/* csv_fuzz.c - rows come out the same however the bytes are cut, and what is written again from
 * them reads as before. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/csv/csv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MOST = 4096, ROW_BYTES = 8 * MOST };

struct input {
    const char *bytes;
    size_t size, step;
};

static long give(void *ctx, char *room, size_t size, struct err *err)
{
    struct input *in = ctx;
    size_t n = in->size < in->step ? in->size : in->step;

    (void)err;
    n = n < size ? n : size;
    memcpy(room, in->bytes, n);
    in->bytes += n;
    in->size -= n;
    return (long)n;
}

/* Writes again what it reads; returns how many rows were refused. */
static size_t read_all(const char *bytes, size_t size, size_t step, struct buf *out)
{
    struct input in = {bytes, size, step};
    struct err err = {0};
    OWNED(csv_reader) reader = csv_reader_new(give, &in, ROW_BYTES, &err);
    struct csv_row row;
    size_t refused = 0;
    uint64_t line = 0;
    int r;

    if (!reader)
        abort();
    while ((r = csv_read(reader, &row, &err)) != 0) {
        if (r != 1 && r != ERR_INVALID)
            abort();
        if (r == 1 && row.line <= line)
            abort();
        line = r == 1 ? row.line : line;
        if (r == 1)
            csv_write_row(out, row.fields, row.count);
        refused += r < 0;
        err_clear(&err);
    }
    return refused;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    OWNED_VALUE(buf) whole = {0};
    OWNED_VALUE(buf) cut = {0};
    OWNED_VALUE(buf) again = {0};

    if (size > MOST)
        return 0;
    if (read_all(bytes, size, MOST, &whole) != read_all(bytes, size, 1 + size / 7, &cut))
        abort();
    if (whole.size != cut.size || memcmp(buf_text(&whole), buf_text(&cut), whole.size) != 0)
        abort();
    if (read_all(buf_text(&whole), whole.size, MOST, &again) != 0)
        abort();
    if (whole.size != again.size || memcmp(buf_text(&whole), buf_text(&again), whole.size) != 0)
        abort();
    return 0;
}
