/* dead_letter.c - see dead_letter.h. */
#include "proto/dead_letter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "proto/topics.h"

static const char *const own_names[] = {"topic", "partition", "offset", "service", "reason"};

enum { OWN_HEADERS = sizeof own_names / sizeof *own_names };

static bool is_own(const char *name)
{
    for (size_t i = 0; i < OWN_HEADERS; i++)
        if (strcmp(own_names[i], name) == 0)
            return true;
    return false;
}

void dead_letter_done(struct dead_letter *letter)
{
    free(letter->headers);
    *letter = (struct dead_letter){.headers = NULL};
}

/* Copies the record's own headers and leaves room for ours; returns how many, or an error. */
static int copy_headers(struct dead_letter *letter, const struct bus_record *record,
                        struct err *err)
{
    int count = 0;

    dead_letter_done(letter);
    letter->headers = calloc(record->header_count + OWN_HEADERS, sizeof *letter->headers);
    if (!letter->headers)
        return err_set_nomem(err, "a dead letter's headers");
    for (size_t i = 0; i < record->header_count; i++)
        if (!is_own(record->headers[i].name))
            letter->headers[count++] = record->headers[i];
    return count;
}

static struct bus_record with_headers(const struct bus_record *record, const char *topic,
                                      const struct dead_letter *letter, int count)
{
    struct bus_record copy = *record;

    copy.topic = topic;
    copy.partition = 0;
    copy.offset = 0;
    copy.timestamp_ms = 0;
    copy.headers = letter->headers;
    copy.header_count = (size_t)count;
    return copy;
}

int dead_letter_fill(struct dead_letter *letter, const struct bus_record *original,
                     const char *service, const char *reason, struct bus_record *ret_record,
                     struct err *err)
{
    int count = copy_headers(letter, original, err);
    const char *values[OWN_HEADERS] = {original->topic, letter->partition, letter->offset,
                                       service, reason};

    if (count < 0)
        return count;
    (void)snprintf(letter->partition, sizeof letter->partition, "%d", original->partition);
    (void)snprintf(letter->offset, sizeof letter->offset, "%lld", (long long)original->offset);
    for (size_t i = 0; i < OWN_HEADERS; i++)
        letter->headers[count++] =
            (struct bus_header){own_names[i], values[i], strlen(values[i])};
    *ret_record = with_headers(original, TOPIC_DEAD_LETTERS, letter, count);
    return 0;
}

static int get_text(const struct bus_record *record, const char *name, const char **ret,
                    size_t *ret_size, struct err *err)
{
    size_t size = 0;
    const char *value = bus_record_header(record, name, &size);

    if (!value)
        return err_set(err, ERR_INVALID, "the dead letter's header '%s' is missing", name);
    *ret = value;
    *ret_size = size;
    return 0;
}

static int get_number(const struct bus_record *record, const char *name, int64_t max,
                      int64_t *ret, struct err *err)
{
    const char *value = "";
    size_t size = 0;
    char text[24];

    if (get_text(record, name, &value, &size, err) < 0)
        return err->code;
    (void)snprintf(text, sizeof text, "%.*s", (int)(size < sizeof text ? size : sizeof text),
                   value);
    if (text_parse_int(text, 0, max, ret, err) < 0)
        return err_wrap(err, "the dead letter's header '%s'", name);
    return 0;
}

int dead_letter_read(const struct bus_record *record, struct dead_letter_origin *ret_origin,
                     struct err *err)
{
    struct dead_letter_origin origin = {.topic = NULL};
    int64_t partition = 0;

    if (get_text(record, "topic", &origin.topic, &origin.topic_size, err) < 0 ||
        get_number(record, "partition", INT32_MAX, &partition, err) < 0 ||
        get_number(record, "offset", INT64_MAX, &origin.offset, err) < 0 ||
        get_text(record, "service", &origin.service, &origin.service_size, err) < 0 ||
        get_text(record, "reason", &origin.reason, &origin.reason_size, err) < 0)
        return err->code;
    origin.partition = (int32_t)partition;
    *ret_origin = origin;
    return 0;
}

int dead_letter_restore(struct dead_letter *letter, const struct bus_record *record,
                        const char *topic, struct bus_record *ret_record, struct err *err)
{
    int count = copy_headers(letter, record, err);

    if (count < 0)
        return count;
    *ret_record = with_headers(record, topic, letter, count);
    return 0;
}
