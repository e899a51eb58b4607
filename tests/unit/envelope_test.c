/* envelope_test.c - the headers of every record, and those of a dead letter. */
#include "proto/envelope.h"

#include "proto/dead_letter.h"
#include "proto/topics.h"
#include "tests/test.h"

static const char *header(const struct bus_record *record, const char *name, char out[300])
{
    size_t size = 0;
    const char *value = bus_record_header(record, name, &size);

    (void)snprintf(out, 300, "%.*s", (int)size, value ? value : "");
    return value ? out : "none";
}

static struct bus_record record_of(const struct envelope *envelope)
{
    return (struct bus_record){.topic = TOPIC_ITEMS,
                               .key = "a",
                               .key_size = 1,
                               .value = "{}",
                               .value_size = 2,
                               .headers = envelope->headers,
                               .header_count = ENVELOPE_HEADERS};
}

TEST(has_cloudevents_headers)
{
    struct envelope envelope;
    struct bus_record record;
    char text[300];

    envelope_fill(&envelope, "garden.item.changed", "/item-ingest", "id-7", 1777885687123,
                  NULL);
    record = record_of(&envelope);
    CHECK_STR(header(&record, "ce_specversion", text), "1.0");
    CHECK_STR(header(&record, "ce_id", text), "id-7");
    CHECK_STR(header(&record, "ce_type", text), "garden.item.changed");
    CHECK_STR(header(&record, "ce_source", text), "/item-ingest");
    CHECK_STR(header(&record, "ce_time", text), "2026-05-04T09:08:07.123Z");
    CHECK_STR(header(&record, "content-type", text), "application/json");
    CHECK_INT(strlen(header(&record, "traceparent", text)), ==, 55);
}

TEST(ids_are_uuids_or_what_was_given_and_never_cut)
{
    char a[37], b[37], id[201] = "";
    struct envelope one, same, other;

    envelope_uuid(a);
    envelope_uuid(b);
    CHECK_INT(strlen(a), ==, 36);
    CHECK_INT(a[14], ==, '4');
    CHECK(strchr("89ab", a[19]));
    CHECK(strcmp(a, b) != 0);
    memset(id, 'x', 200);
    envelope_fill(&one, "t", "/s", id, 0, NULL);
    envelope_fill(&same, "t", "/s", id, 0, NULL);
    id[199] = 'y';
    envelope_fill(&other, "t", "/s", id, 0, NULL);
    CHECK_STR(one.id, same.id);
    CHECK(strcmp(one.id, other.id) != 0);
}

TEST(a_trace_goes_on_through_a_record)
{
    struct trace trace, next, fresh;
    struct bus_record record, bare = {.topic = TOPIC_ITEMS};
    struct envelope envelope;

    trace_start(&trace);
    envelope_fill(&envelope, "t", "/s", NULL, 0, &trace);
    record = record_of(&envelope);
    envelope_trace(&record, &next);
    CHECK_STR(next.trace_id, trace.trace_id);
    CHECK(strcmp(next.span_id, trace.span_id) != 0);
    envelope_trace(&bare, &fresh);
    CHECK(strcmp(fresh.trace_id, trace.trace_id) != 0);
}

static struct bus_record unreadable(const struct bus_header *headers, size_t count)
{
    return (struct bus_record){.topic = TOPIC_OBJECTS,
                               .partition = 3,
                               .offset = INT64_MAX,
                               .timestamp_ms = 5,
                               .key = "a\0b",
                               .key_size = 3,
                               .value = "\xff{",
                               .value_size = 2,
                               .headers = headers,
                               .header_count = count};
}

TEST(a_dead_letter_keeps_the_record_and_says_why)
{
    static const struct bus_header headers[] = {{"ce_id", "7", 1}, {"reason", "old", 3}};
    struct bus_record original = unreadable(headers, 2), record;
    OWNED_VALUE(dead_letter) letter = {.headers = NULL};
    struct dead_letter_origin origin;
    struct err err = {0};
    char text[300];

    CHECK_OK(dead_letter_fill(&letter, &original, "item-ingest", "not JSON", &record, &err),
             err);
    CHECK_STR(record.topic, TOPIC_DEAD_LETTERS);
    CHECK_INT(record.header_count, ==, 6);
    CHECK(record.key == original.key && record.key_size == 3);
    CHECK(record.value == original.value && record.value_size == 2);
    CHECK_STR(header(&record, "ce_id", text), "7");
    CHECK_STR(header(&record, "reason", text), "not JSON");
    CHECK_OK(dead_letter_read(&record, &origin, &err), err);
    CHECK_INT(origin.partition, ==, 3);
    CHECK_INT(origin.offset, ==, INT64_MAX);
    CHECK(origin.topic_size == strlen(TOPIC_OBJECTS) &&
          memcmp(origin.topic, TOPIC_OBJECTS, origin.topic_size) == 0);
    CHECK(origin.service_size == 11 && memcmp(origin.service, "item-ingest", 11) == 0);
}

TEST(a_dead_letter_can_be_sent_back)
{
    static const struct bus_header headers[] = {{"ce_id", "7", 1}};
    struct bus_record original = unreadable(headers, 1), dead, back;
    OWNED_VALUE(dead_letter) letter = {.headers = NULL};
    OWNED_VALUE(dead_letter) second = {.headers = NULL};
    struct err err = {0};

    original.value = NULL; /* a tombstone stays one */
    original.value_size = 0;
    CHECK_OK(dead_letter_fill(&letter, &original, "s", "r", &dead, &err), err);
    CHECK_OK(dead_letter_restore(&second, &dead, TOPIC_OBJECTS, &back, &err), err);
    CHECK_STR(back.topic, TOPIC_OBJECTS);
    CHECK_INT(back.header_count, ==, 1);
    CHECK_STR(back.headers[0].name, "ce_id");
    CHECK(!back.value);
}

TEST(what_is_no_dead_letter_is_named)
{
    static const struct bus_header headers[] = {{"topic", "garden.items", 12},
                                                {"partition", "x", 1}};
    struct bus_record bare = unreadable(headers, 1), odd = unreadable(headers, 2);
    struct dead_letter_origin origin;
    struct err missing = {0}, wrong = {0};

    CHECK_INT(dead_letter_read(&bare, &origin, &missing), ==, ERR_INVALID);
    CHECK_STR(missing.text, "the dead letter's header 'partition' is missing");
    CHECK_INT(dead_letter_read(&odd, &origin, &wrong), ==, ERR_INVALID);
    CHECK_HAS(wrong.text, "the dead letter's header 'partition': 'x' is not a number");
}
