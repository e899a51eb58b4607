/* sse.c - see sse.h. */
#include "lib/http/sse.h"

#include <string.h>

#include "lib/base/text.h"

enum { MOST_BYTES = 1 << 20 };

/* -- writing -- */

static void write_field(struct buf *out, const char *name, const char *value)
{
    if (value)
        buf_printf(out, "%s: %s\n", name, value);
}

void sse_write(struct buf *out, const char *id, const char *event, const char *data,
               size_t size)
{
    write_field(out, "id", id);
    write_field(out, "event", event);
    for (const char *end = data + size;;) {
        const char *line_end = memchr(data, '\n', (size_t)(end - data));
        size_t line = line_end ? (size_t)(line_end - data) : (size_t)(end - data);

        buf_append_str(out, "data: ");
        buf_append(out, data, line);
        buf_append_char(out, '\n');
        if (!line_end)
            break;
        data = line_end + 1;
    }
    buf_append_char(out, '\n');
}

void sse_write_retry(struct buf *out, int retry_ms)
{
    buf_printf(out, "retry: %d\n\n", retry_ms);
}

bool sse_last_id(const struct http_request *request, int64_t *ret_id)
{
    const char *text = http_header(request, "Last-Event-ID");
    struct err ignored = {0};

    if (!text)
        text = http_query(request, "last_event_id");
    return text && text_parse_int(text, 0, INT64_MAX, ret_id, &ignored) == 0;
}

/* -- reading -- */

static void set_text(struct buf *buf, const char *text, size_t size)
{
    buf_clear(buf);
    buf_append(buf, text, size);
}

/* "name: value" of an event. */
static void take_field(struct sse_reader *reader, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    size_t name = colon ? (size_t)(colon - line) : size;
    const char *value = line + name + (colon ? 1 : 0);

    if (value < line + size && *value == ' ')
        value++;
    size -= (size_t)(value - line);
    if (name == 4 && memcmp(line, "data", 4) == 0) {
        buf_append(&reader->data, value, size);
        buf_append_char(&reader->data, '\n');
    } else if (name == 5 && memcmp(line, "event", 5) == 0) {
        set_text(&reader->type, value, size);
    } else if (name == 2 && memcmp(line, "id", 2) == 0 && !memchr(value, '\0', size)) {
        set_text(&reader->id, value, size);
    } /* "retry" is for browsers, ":" starts a comment */
}

/* The empty line: what was collected is an event, unless there was no data. */
static int dispatch(struct sse_reader *reader, sse_on_event *fn, void *ctx, struct err *err)
{
    struct sse_event event = {.id = buf_text(&reader->id)};
    int r = 0;

    if (reader->data.size > 0) {
        reader->data.data[--reader->data.size] = '\0';
        event.type = reader->type.size ? buf_text(&reader->type) : "message";
        event.data = buf_text(&reader->data);
        event.size = reader->data.size;
        r = fn(ctx, &event, err);
    }
    buf_clear(&reader->data);
    buf_clear(&reader->type);
    return r;
}

static int end_line(struct sse_reader *reader, sse_on_event *fn, void *ctx, struct err *err)
{
    const char *line = buf_text(&reader->line);
    size_t size = reader->line.size;
    int r = 0;

    if (!reader->started && size >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0) {
        line += 3; /* a byte order mark may come first */
        size -= 3;
    }
    reader->started = true;
    if (size == 0)
        r = dispatch(reader, fn, ctx, err);
    else
        take_field(reader, line, size);
    buf_clear(&reader->line);
    return r;
}

static int check_room(const struct sse_reader *reader, struct err *err)
{
    size_t most = reader->max_bytes ? reader->max_bytes : MOST_BYTES;

    if (!buf_ok(&reader->line) || !buf_ok(&reader->data) || !buf_ok(&reader->type) ||
        !buf_ok(&reader->id))
        return err_set_nomem(err, "an event");
    if (reader->line.size > most || reader->data.size > most)
        return err_set(err, ERR_TOO_LARGE, "an event has more than %zu bytes", most);
    return 0;
}

int sse_read(struct sse_reader *reader, const char *bytes, size_t size, sse_on_event *fn,
             void *ctx, struct err *err)
{
    const char *end = bytes + size;

    while (bytes < end) {
        size_t part = 0;
        int r;

        if (reader->after_cr && *bytes == '\n')
            bytes++;
        reader->after_cr = false;
        while (bytes + part < end && bytes[part] != '\n' && bytes[part] != '\r')
            part++;
        buf_append(&reader->line, bytes, part);
        bytes += part;
        r = check_room(reader, err);
        if (r == 0 && bytes < end) {
            reader->after_cr = *bytes++ == '\r';
            r = end_line(reader, fn, ctx, err);
        }
        if (r < 0)
            return r;
    }
    return check_room(reader, err);
}

void sse_reader_done(struct sse_reader *reader)
{
    buf_done(&reader->line);
    buf_done(&reader->data);
    buf_done(&reader->type);
    buf_done(&reader->id);
}
