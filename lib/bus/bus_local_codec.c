/* bus_local_codec.c - see bus_local_codec.h. */
#include "lib/bus/bus_local_codec.h"

#include <string.h>

static void put_size(struct buf *out, size_t size)
{
    const unsigned char bytes[4] = {(unsigned char)size, (unsigned char)(size >> 8),
                                    (unsigned char)(size >> 16), (unsigned char)(size >> 24)};

    buf_append(out, bytes, sizeof bytes);
}

void headers_encode(struct buf *out, const struct bus_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t name_size = strlen(headers[i].name);

        put_size(out, name_size);
        buf_append(out, headers[i].name, name_size + 1);
        put_size(out, headers[i].value_size);
        buf_append(out, headers[i].value, headers[i].value_size);
    }
}

/* Where reading the encoded headers has got to. */
struct cursor {
    const char *at;
    size_t left;
};

/* The next piece: its size, its bytes and extra bytes after them. NULL: there is none. */
static const char *take_piece(struct cursor *cursor, size_t extra, size_t *ret_size)
{
    const unsigned char *at = (const unsigned char *)cursor->at;
    const char *piece;
    size_t size;

    if (cursor->left < 4)
        return NULL;
    size = (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
    if (cursor->left - 4 < size + extra)
        return NULL;
    piece = cursor->at + 4;
    cursor->at += 4 + size + extra;
    cursor->left -= 4 + size + extra;
    *ret_size = size;
    return piece;
}

static int take_header(struct cursor *cursor, struct bus_header *ret)
{
    size_t name_size = 0;

    ret->name = take_piece(cursor, 1, &name_size);
    if (!ret->name || ret->name[name_size] != '\0')
        return -1;
    ret->value = take_piece(cursor, 0, &ret->value_size);
    return ret->value ? 0 : -1;
}

int headers_decode(struct arena *arena, const char *bytes, size_t size,
                   struct bus_record *record, struct err *err)
{
    struct cursor cursor = {bytes, size};
    struct bus_header header, *headers;
    size_t count = 0;

    while (cursor.left > 0) {
        if (take_header(&cursor, &header) < 0)
            return err_set(err, ERR_IO, "the headers of record %lld of %s are damaged",
                           (long long)record->offset, record->topic);
        count++;
    }
    headers = arena_alloc(arena, count * sizeof *headers + 1);
    if (!headers)
        return err_set_nomem(err, "headers");
    cursor = (struct cursor){bytes, size};
    for (size_t i = 0; i < count; i++)
        (void)take_header(&cursor, &headers[i]);
    record->headers = headers;
    record->header_count = count;
    return 0;
}
