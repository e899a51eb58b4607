/* buf.h - a byte buffer that grows.
 *
 * A zeroed struct buf is an empty buffer. data is always followed by a NUL that size does not
 * count, once anything was appended. Growing doubles, so appending n bytes costs O(n).
 *
 * Appending never reports failure: where memory runs out the buffer becomes failed, keeps
 * what it had and ignores the rest, and the one check of buf_ok() at the end tells. */
#ifndef LIB_BASE_BUF_H
#define LIB_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/owned.h"

struct buf {
    char *data; /* owned; NULL while empty */
    size_t size;
    size_t capacity;
    bool failed;
};

void buf_append(struct buf *buf, const void *bytes, size_t size);
void buf_append_str(struct buf *buf, const char *text);
void buf_append_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Makes room for size more bytes and returns where they go, or NULL when there is no memory;
 * the caller then adds what it wrote to buf->size. */
char *buf_reserve(struct buf *buf, size_t size);

/* Empties it and keeps the memory. Also ends the failed state. */
void buf_clear(struct buf *buf);

/* The text, "" while empty; borrowed until the next change. */
const char *buf_text(const struct buf *buf);

static inline bool buf_ok(const struct buf *buf)
{
    return !buf->failed;
}

/* Hands the bytes over to the caller, who frees them; the buffer is empty after. */
char *buf_take(struct buf *buf);

void buf_done(struct buf *buf);

#endif
