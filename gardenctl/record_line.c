/* record_line.c - see record_line.h. */
#include "gardenctl/record_line.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/crypto.h"
#include "lib/json/json.h"

/* "name":"text", or "name_base64":"...", or "name":null. */
static void put_bytes(struct buf *out, const char *name, const void *bytes, size_t size)
{
    char coded_name[32];
    char *coded;

    if (!bytes) {
        json_put_str(out, name, NULL);
        return;
    }
    if (text_is_utf8(bytes, size) && !memchr(bytes, 0, size)) {
        json_write_name(out, name);
        json_write_str_n(out, bytes, size);
        return;
    }
    coded = malloc(size / 3 * 4 + 8);
    if (!coded) {
        out->failed = true;
        return;
    }
    base64url_encode(bytes, size, coded);
    (void)snprintf(coded_name, sizeof coded_name, "%s_base64", name);
    json_put_str(out, coded_name, coded);
    free(coded);
}

void record_line_write(struct buf *out, const struct bus_record *record)
{
    json_write_open(out, '{');
    json_put_int(out, "partition", record->partition);
    json_put_int(out, "offset", record->offset);
    json_put_int(out, "time_ms", record->timestamp_ms);
    put_bytes(out, "key", record->key, record->key_size);
    json_write_name(out, "headers");
    json_write_open(out, '[');
    for (size_t i = 0; i < record->header_count; i++) {
        const struct bus_header *header = &record->headers[i];

        json_write_open(out, '{');
        json_put_str(out, "name", header->name);
        put_bytes(out, "value", header->value ? header->value : "", header->value_size);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
    put_bytes(out, "value", record->value, record->value_size);
    json_write_close(out, '}');
    buf_append_char(out, '\n');
}

/* Bytes in the storage, by place: it moves while it grows. */
struct span {
    bool there;
    size_t at, size;
};

static int take_bytes(const json_t *object, const char *name, struct buf *storage,
                      struct span *ret, struct err *err)
{
    const char *text = NULL, *coded = NULL;
    char coded_name[32];

    (void)snprintf(coded_name, sizeof coded_name, "%s_base64", name);
    if (json_opt_str(object, name, &text, err) < 0 ||
        json_opt_str(object, coded_name, &coded, err) < 0)
        return err->code;
    *ret = (struct span){.there = text || coded, .at = storage->size};
    if (coded && base64url_decode(coded, storage, err) < 0)
        return err->code;
    if (text)
        buf_append_str(storage, text);
    ret->size = storage->size - ret->at;
    buf_append_char(storage, '\0');
    return buf_ok(storage) ? 0 : err_set_nomem(err, "a record");
}

struct spans {
    struct span key, value;
    struct span names[RECORD_LINE_HEADERS], values[RECORD_LINE_HEADERS];
    size_t count;
};

static int take_headers(const json_t *object, struct buf *storage, struct spans *spans,
                        struct err *err)
{
    json_t *headers = NULL, *header;
    size_t i;

    if (json_opt_array(object, "headers", &headers, err) < 0)
        return err->code;
    json_array_foreach(headers, i, header)
    {
        if (i == RECORD_LINE_HEADERS)
            return err_set(err, ERR_TOO_LARGE, "a record with over %d headers",
                           RECORD_LINE_HEADERS);
        if (take_bytes(header, "name", storage, &spans->names[i], err) < 0 ||
            take_bytes(header, "value", storage, &spans->values[i], err) < 0)
            return err->code;
        spans->count = i + 1;
    }
    return 0;
}

static void point(struct record_line *line, const struct spans *spans)
{
    struct bus_record *record = &line->record;
    const char *base = line->storage.data;

    record->key = spans->key.there ? base + spans->key.at : NULL;
    record->key_size = spans->key.size;
    record->value = spans->value.there ? base + spans->value.at : NULL;
    record->value_size = spans->value.size;
    record->headers = line->headers;
    record->header_count = spans->count;
    for (size_t i = 0; i < spans->count; i++)
        line->headers[i] = (struct bus_header){
            base + spans->names[i].at, base + spans->values[i].at, spans->values[i].size};
}

int record_line_read(struct record_line *ret_line, const char *text, size_t size,
                     struct err *err)
{
    OWNED_JSON object = NULL;
    struct spans spans = {0};
    int64_t partition = 0;

    *ret_line = (struct record_line){0};
    object = json_parse(text, size, err);
    if (!object)
        return err->code;
    if (json_opt_int(object, "partition", &partition, err) < 0 ||
        json_opt_int(object, "offset", &ret_line->record.offset, err) < 0 ||
        json_get_int(object, "time_ms", &ret_line->record.timestamp_ms, err) < 0 ||
        take_bytes(object, "key", &ret_line->storage, &spans.key, err) < 0 ||
        take_bytes(object, "value", &ret_line->storage, &spans.value, err) < 0 ||
        take_headers(object, &ret_line->storage, &spans, err) < 0)
        return err->code;
    ret_line->record.partition = (int32_t)partition;
    point(ret_line, &spans);
    return 0;
}

void record_line_done(struct record_line *line)
{
    buf_done(&line->storage);
}
