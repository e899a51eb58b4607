/* The outbox's bytes give back what was put in, and nothing else is taken for them. */
#include "services/item-ingest/outbox.h"

#include "tests/test.h"

static const struct bus_header headers[] = {{"reason", "because", 7}, {"empty", "", 0}};

static const struct outbox_event item = {.topic = OUTBOX_ITEMS,
                                         .partition = 3,
                                         .offset = 12345678901,
                                         .index = 2,
                                         .time_ms = 1777885687123,
                                         .trace = {.trace_id = "4bf9", .sampled = true},
                                         .key = "emotions/happy/a_h.jpeg",
                                         .key_size = 23,
                                         .value = "{}",
                                         .value_size = 2};

static void fill(struct buf *out)
{
    struct outbox_marks marks = {.count = {2, 1}, .high = {{5, 7}, {9}}};
    struct outbox_event event = item;

    outbox_begin(out, &marks);
    outbox_add(out, &event);
    event.value = NULL;
    outbox_add(out, &event);
    event.topic = OUTBOX_DEAD;
    event.key = NULL;
    event.value = "";
    event.value_size = 0;
    event.headers = headers;
    event.header_count = 2;
    outbox_add(out, &event);
}

static int check_event(void *ctx, const struct outbox_event *event, struct err *err)
{
    int *number = ctx;

    (void)err;
    CHECK_INT(event->offset, ==, item.offset);
    CHECK_INT(event->partition, ==, 3);
    CHECK_INT(event->index, ==, 2);
    CHECK_INT(event->time_ms, ==, item.time_ms);
    CHECK_STR(event->trace.trace_id, "4bf9");
    CHECK(event->trace.sampled);
    switch ((*number)++) {
    case 0:
        CHECK_INT(event->value_size, ==, 2);
        CHECK_INT(event->key_size, ==, 23);
        CHECK_INT(event->header_count, ==, 0);
        break;
    case 1:
        CHECK(event->value == NULL); /* a tombstone is no empty value */
        break;
    default:
        CHECK(event->value != NULL);
        CHECK(event->key == NULL);
        CHECK_INT(event->header_count, ==, 2);
        CHECK_STR(event->headers[0].name, "reason");
        CHECK_INT(event->headers[0].value_size, ==, 7);
    }
    return 0;
}

TEST(events_and_marks_come_back)
{
    OWNED_VALUE(buf) bytes = {0};
    struct outbox_marks marks;
    struct err err = {0};
    int number = 0;

    fill(&bytes);
    CHECK(!outbox_is_empty(&bytes));
    CHECK_OK(outbox_marks_read(bytes.data, bytes.size, &marks, &err), err);
    CHECK_INT(marks.count[OUTBOX_ITEMS], ==, 2);
    CHECK_INT(marks.high[OUTBOX_ITEMS][1], ==, 7);
    CHECK_INT(marks.high[OUTBOX_DEAD][0], ==, 9);
    CHECK_OK(outbox_each(bytes.data, bytes.size, check_event, &number, &err), err);
    CHECK_INT(number, ==, 3);
}

TEST(marks_alone_are_empty)
{
    OWNED_VALUE(buf) bytes = {0};
    const struct outbox_marks marks = {.count = {2, 1}};

    CHECK(outbox_is_empty(&bytes));
    outbox_begin(&bytes, &marks);
    CHECK(outbox_is_empty(&bytes));
}

static int take_any(void *ctx, const struct outbox_event *event, struct err *err)
{
    (void)ctx;
    (void)event;
    (void)err;
    return 0;
}

/* Cut anywhere but between two events, they are refused; no byte beyond the end is read. */
TEST(cut_bytes_are_refused)
{
    OWNED_VALUE(buf) bytes = {0};
    int accepted = 0;

    fill(&bytes);
    for (size_t size = 0; size < bytes.size; size++) {
        char *copy = malloc(size + 1);
        struct err err = {0};

        CHECK(copy != NULL);
        memcpy(copy, bytes.data, size);
        accepted += outbox_each(copy, size, take_any, NULL, &err) == 0;
        free(copy);
    }
    CHECK_INT(accepted, ==, 3); /* after the marks, after the first and the second event */
}

TEST(foreign_bytes_are_refused)
{
    struct err err = {0};

    CHECK_INT(outbox_each("{\"not\":\"ours, but long enough\"}", 30, take_any, NULL, &err), ==,
              ERR_INVALID);
}

TEST(an_id_is_the_same_whenever_it_is_made)
{
    struct outbox_event event = item;
    char id[ENVELOPE_ID];

    outbox_event_id(&event, id);
    CHECK_STR(id, "garden.objects/3/12345678901/2");
    event.topic = OUTBOX_DEAD; /* one letter for a record */
    outbox_event_id(&event, id);
    CHECK_STR(id, "garden.objects/3/12345678901");
}
