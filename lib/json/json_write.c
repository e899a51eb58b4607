/* json_write.c - see json_write.h.
 *
 * Whether a comma is due is read off the last byte written: every JSON value ends in a quote, a
 * digit, a letter or a closing bracket, and what a value may follow ends in none of these. So
 * the writer needs no state beside the buffer. */
#include "lib/json/json_write.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"

static void separate(struct buf *out)
{
    if (out->size == 0)
        return;
    switch (out->data[out->size - 1]) {
    case '{':
    case '[':
    case ':':
    case ' ':
    case '\n':
    case '\r':
    case '\t':
        break;
    default:
        buf_append_char(out, ',');
    }
}

void json_write_open(struct buf *out, char bracket)
{
    separate(out);
    buf_append_char(out, bracket);
}

void json_write_close(struct buf *out, char bracket)
{
    buf_append_char(out, bracket);
}

void json_write_name(struct buf *out, const char *name)
{
    json_write_str(out, name);
    buf_append_char(out, ':');
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* How many bytes from text on stand in a JSON string as they are. */
static size_t plain_run(const char *text, size_t size)
{
    size_t run = 0;

    while (run < size) {
        unsigned char c = (unsigned char)text[run];
        size_t length = is_plain(c) ? 1
                        : c < 0x80  ? 0
                                    : text_utf8_length(text + run, size - run);

        if (length == 0)
            break;
        run += length;
    }
    return run;
}

static void escape(struct buf *out, unsigned char c)
{
    static const char special[] = "\"\\\b\f\n\r\t", letter[] = "\"\\bfnrt";
    const char *found = c ? strchr(special, c) : NULL;

    if (found) {
        const char pair[2] = {'\\', letter[found - special]};

        buf_append(out, pair, sizeof pair);
    } else if (c < 0x20) {
        buf_printf(out, "\\u%04x", c);
    } else {
        buf_append_str(out, "\xef\xbf\xbd");
    }
}

void json_write_str_n(struct buf *out, const char *text, size_t size)
{
    separate(out);
    buf_append_char(out, '"');
    while (size) {
        size_t run = plain_run(text, size);

        buf_append(out, text, run);
        if (run < size)
            escape(out, (unsigned char)text[run++]);
        text += run;
        size -= run;
    }
    buf_append_char(out, '"');
}

void json_write_str(struct buf *out, const char *text)
{
    json_write_str_n(out, text, strlen(text));
}

/* By hand: printf takes longer than the rest of an event. */
void json_write_int(struct buf *out, int64_t number)
{
    char digits[20], *p = digits + sizeof digits;
    uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

    do
        *--p = (char)('0' + left % 10);
    while (left /= 10);
    if (number < 0)
        *--p = '-';
    separate(out);
    buf_append(out, p, (size_t)(digits + sizeof digits - p));
}

void json_write_number(struct buf *out, double number)
{
    char text[32];

    if (!isfinite(number)) { /* JSON has no word for it */
        json_write_null(out);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(text, sizeof text, "%.*g", precision, number);
        if (strtod(text, NULL) == number)
            break;
    }
    separate(out);
    buf_append_str(out, text);
}

void json_write_bool(struct buf *out, bool value)
{
    separate(out);
    buf_append_str(out, value ? "true" : "false");
}

void json_write_null(struct buf *out)
{
    separate(out);
    buf_append_str(out, "null");
}

void json_write_raw(struct buf *out, const char *text, size_t size)
{
    while (size && strchr(" \n\r\t", text[size - 1]))
        size--; /* or the next value would get no comma */
    separate(out);
    buf_append(out, text, size);
}

static int append_part(const char *text, size_t size, void *out)
{
    buf_append(out, text, size);
    return 0;
}

void json_write_tree(struct buf *out, const json_t *value)
{
    separate(out);
    if (json_dump_callback(value, append_part, out, JSON_COMPACT | JSON_ENCODE_ANY) < 0)
        out->failed = true;
}

void json_put_str(struct buf *out, const char *name, const char *text)
{
    json_write_name(out, name);
    if (text)
        json_write_str(out, text);
    else
        json_write_null(out);
}

void json_put_int(struct buf *out, const char *name, int64_t number)
{
    json_write_name(out, name);
    json_write_int(out, number);
}

void json_put_bool(struct buf *out, const char *name, bool value)
{
    json_write_name(out, name);
    json_write_bool(out, value);
}
