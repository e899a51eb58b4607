/* buf.c - see buf.h. */
#include "lib/base/buf.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

char *buf_reserve(struct buf *buf, size_t size)
{
    size_t capacity = buf->capacity ? buf->capacity : FIRST_CAPACITY;
    char *grown;

    if (buf->failed || size > SIZE_MAX / 4 - buf->size) {
        buf->failed = true;
        return NULL;
    }
    while (capacity < buf->size + size + 1) /* + 1: the NUL */
        capacity *= 2;
    if (capacity != buf->capacity) {
        grown = realloc(buf->data, capacity);
        if (!grown) {
            buf->failed = true;
            return NULL;
        }
        buf->data = grown;
        buf->capacity = capacity;
    }
    return buf->data + buf->size;
}

void buf_append(struct buf *buf, const void *bytes, size_t size)
{
    char *end = buf_reserve(buf, size);

    if (!end)
        return;
    if (size)
        memcpy(end, bytes, size);
    end[size] = '\0';
    buf->size += size;
}

void buf_append_str(struct buf *buf, const char *text)
{
    buf_append(buf, text, strlen(text));
}

void buf_append_char(struct buf *buf, char c)
{
    buf_append(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args, again;
    int size;
    char *end;

    va_start(args, fmt);
    va_copy(again, args);
    size = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    end = size < 0 ? NULL : buf_reserve(buf, (size_t)size);
    if (end) {
        (void)vsnprintf(end, (size_t)size + 1, fmt, again);
        buf->size += (size_t)size;
    }
    va_end(again);
}

void buf_clear(struct buf *buf)
{
    buf->size = 0;
    buf->failed = false;
    if (buf->data)
        buf->data[0] = '\0';
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

char *buf_take(struct buf *buf)
{
    char *data = buf->data;

    *buf = (struct buf){0};
    return data;
}

void buf_done(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}
