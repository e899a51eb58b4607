/* dead_letter.c - see dead_letter.h. */
#include "services/common/dead_letter.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "proto/envelope.h"

#define ORIGINAL_PREFIX "original_"

static const char *const envelope_names[ENVELOPE_HEADERS] = {
    "ce_specversion", "ce_id",        "ce_type",    "ce_source",
    "ce_time",        "content-type", "traceparent"};
static const char *const own_names[] = {"topic", "partition", "offset", "reason", "service"};
enum { OWN_COUNT = sizeof own_names / sizeof *own_names };

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static bool is_reserved(const char *name)
{
    return is_one_of(name, envelope_names, ENVELOPE_HEADERS) ||
           is_one_of(name, own_names, OWN_COUNT);
}

static void add(struct dead_letter *letter, const char *name, const char *value, size_t size)
{
    letter->headers[letter->header_count++] = (struct bus_header){name, value, size};
}

/* Room for every changed name is taken first, so that the names stay where they are. */
static int reserve_names(struct dead_letter *letter, const struct bus_record *original,
                         struct err *err)
{
    size_t size = 1;

    for (size_t i = 0; i < original->header_count; i++)
        size += strlen(original->headers[i].name) + sizeof ORIGINAL_PREFIX;
    if (!buf_reserve(&letter->names, size))
        return err_set_nomem(err, "the headers of a dead letter");
    return 0;
}

static void add_originals(struct dead_letter *letter, const struct bus_record *original)
{
    for (size_t i = 0; i < original->header_count; i++) {
        const struct bus_header *header = &original->headers[i];
        const char *name = header->name;

        if (letter->header_count == DEAD_LETTER_HEADERS - ENVELOPE_HEADERS)
            return;
        if (is_reserved(name)) {
            size_t start = letter->names.size;

            buf_append_str(&letter->names, ORIGINAL_PREFIX);
            buf_append(&letter->names, name, strlen(name) + 1);
            name = letter->names.data + start;
        }
        add(letter, name, header->value, header->value_size);
    }
}

int dead_letter_fill(struct dead_letter *letter, const struct bus_record *original,
                     const char *reason, const char *service, struct err *err)
{
    memset(letter, 0, sizeof *letter);
    if (reserve_names(letter, original, err) < 0)
        return err->code;
    (void)snprintf(letter->partition, sizeof letter->partition, "%" PRId32,
                   original->partition);
    (void)snprintf(letter->offset, sizeof letter->offset, "%" PRId64, original->offset);
    (void)snprintf(letter->reason, sizeof letter->reason, "%s", reason);
    add(letter, "topic", original->topic, strlen(original->topic));
    add(letter, "partition", letter->partition, strlen(letter->partition));
    add(letter, "offset", letter->offset, strlen(letter->offset));
    add(letter, "reason", letter->reason, strlen(letter->reason));
    add(letter, "service", service, strlen(service));
    add_originals(letter, original);
    return 0;
}

void dead_letter_done(struct dead_letter *letter)
{
    buf_done(&letter->names);
}

/* Copies a header's text into storage, which has room for it. */
static const char *own_text(const struct bus_record *letter, const char *name,
                            struct buf *storage, struct err *err)
{
    size_t size = 0, start = storage->size;
    const char *value = bus_record_header(letter, name, &size);

    if (!value) {
        err_set(err, ERR_INVALID, "the dead letter has no header '%s'", name);
        return NULL;
    }
    buf_append(storage, value, size);
    buf_append_char(storage, '\0');
    return storage->data + start;
}

static size_t give_back_headers(const struct bus_record *letter, struct bus_header *headers)
{
    size_t count = 0;

    for (size_t i = 0; i < letter->header_count && count < DEAD_LETTER_HEADERS; i++) {
        struct bus_header header = letter->headers[i];

        if (text_starts_with(header.name, ORIGINAL_PREFIX) &&
            is_reserved(header.name + strlen(ORIGINAL_PREFIX)))
            header.name += strlen(ORIGINAL_PREFIX);
        else if (is_reserved(header.name))
            continue;
        headers[count++] = header;
    }
    return count;
}

int dead_letter_original(const struct bus_record *letter, struct bus_record *ret_original,
                         struct bus_header *headers, struct buf *storage, struct err *err)
{
    struct bus_record original = *letter;
    const char *topic, *partition, *offset;
    int64_t number;
    size_t size = 3;

    for (size_t i = 0; i < letter->header_count; i++)
        size += letter->headers[i].value_size;
    if (!buf_reserve(storage, size))
        return err_set_nomem(err, "a dead letter's headers");
    topic = own_text(letter, "topic", storage, err);
    partition = own_text(letter, "partition", storage, err);
    offset = own_text(letter, "offset", storage, err);
    if (!topic || !partition || !offset)
        return err->code;
    if (text_parse_int(partition, 0, INT32_MAX, &number, err) < 0)
        return err_wrap(err, "the dead letter's partition");
    original.partition = (int32_t)number;
    if (text_parse_int(offset, 0, INT64_MAX, &original.offset, err) < 0)
        return err_wrap(err, "the dead letter's offset");
    original.topic = topic;
    original.headers = headers;
    original.header_count = give_back_headers(letter, headers);
    original.timestamp_ms = 0;
    *ret_original = original;
    return 0;
}
