/* Records taken apart: what becomes a change, what a dead letter, what nothing. */
#include "services/item-ingest/decode.h"

#include "services/item-ingest/outbox.h"
#include "tests/test.h"

static struct figures figures;

static void decode(struct batch *batch, const char *value, size_t size)
{
    const struct bus_record record = {.topic = "garden.objects",
                                      .partition = 1,
                                      .offset = 77,
                                      .timestamp_ms = 4242,
                                      .key = "k",
                                      .key_size = 1,
                                      .value = value,
                                      .value_size = size};
    struct err err = {0};

    figures_init(&figures);
    CHECK_OK(decode_record(batch, &record, &figures, &err), err);
}

static void decode_text(struct batch *batch, const char *value)
{
    decode(batch, value, strlen(value));
}

#define RECORD(name, key, more) \
    "{\"eventName\":\"" name    \
    "\",\"s3\":{\"bucket\":{\"name\":\"b\"},\"object\":{\"key\":\"" key "\"" more "}}}"

/* The only letter's reason is copied into ctx; its value's size is what it returns. */
struct letter {
    int count;
    size_t value_size;
    char reason[300];
};

static int note_letter(void *ctx, const struct outbox_event *event, struct err *err)
{
    struct letter *letter = ctx;

    (void)err;
    CHECK_INT(event->topic, ==, OUTBOX_DEAD);
    CHECK_INT(event->offset, ==, 77);
    letter->count++;
    letter->value_size = event->value_size;
    for (size_t i = 0; i < event->header_count; i++)
        if (strcmp(event->headers[i].name, "reason") == 0)
            (void)snprintf(letter->reason, sizeof letter->reason, "%.*s",
                           (int)event->headers[i].value_size, event->headers[i].value);
    return 0;
}

static struct letter letters_of(const struct batch *batch)
{
    OWNED_VALUE(buf) bytes = {0};
    const struct outbox_marks marks = {0};
    struct letter letter = {0};
    struct err err = {0};

    outbox_begin(&bytes, &marks);
    buf_append(&bytes, batch->dead.data, batch->dead.size);
    CHECK_OK(outbox_each(bytes.data, bytes.size, note_letter, &letter, &err), err);
    return letter;
}

TEST(several_events_of_a_record_are_told_apart)
{
    OWNED(batch) batch = batch_new();

    decode_text(batch, "{\"Records\":[" RECORD(
                           "ObjectCreated:Put", "emotions%2Fhappy%2Fa_v.jpeg",
                           "") "," RECORD("ObjectRemoved:Delete", "imgPool/sad/spring/b_h.jpeg",
                                          "") "," RECORD("ObjectCreated:Put",
                                                         "display/zone1/img1h.jpeg", "") "]}");
    CHECK_INT(batch->count, ==, 2);
    CHECK_STR(batch->changes[0].key, "emotions/happy/a_v.jpeg");
    CHECK_INT(batch->changes[0].orientation, ==, 'v');
    CHECK(!batch->changes[0].vouched);
    CHECK(batch->changes[0].original != NULL);
    CHECK_INT(batch->changes[0].time_ms, ==, 4242); /* the record's: the event has none */
    CHECK_INT(batch->changes[1].ref.area, ==, CATALOG_POOL);
    CHECK_STR(batch->changes[1].ref.search_key, "sad/spring");
    CHECK_INT(batch->changes[1].index, ==, 1);
    CHECK_INT(letters_of(batch).count, ==, 0);
}

TEST(a_key_that_no_picture_can_have_is_dead_lettered_and_the_rest_counts)
{
    OWNED(batch) batch = batch_new();

    decode_text(batch,
                "{\"Records\":[" RECORD("ObjectCreated:Put", "emotions/jolly/a_h.jpeg",
                                        "") "," RECORD("ObjectRemoved:Delete",
                                                       "emotions/happy/a_h.jpeg", "") "]}");
    CHECK_INT(batch->count, ==, 1);
    CHECK_INT(letters_of(batch).count, ==, 1);
    CHECK_HAS(letters_of(batch).reason, "jolly");
}

TEST(a_record_is_read_whole_or_not_at_all)
{
    OWNED(batch) batch = batch_new();

    decode_text(batch,
                "{\"Records\":[" RECORD("ObjectRemoved:Delete", "emotions/happy/a_h.jpeg",
                                        "") ",{\"eventName\":7}]}");
    CHECK_INT(batch->count, ==, 0);
    CHECK_INT(letters_of(batch).count, ==, 1);
    CHECK_HAS(letters_of(batch).reason, "Records[1]");
}

TEST(our_own_writers_are_believed)
{
    OWNED(batch) batch = batch_new();

    decode_text(
        batch,
        "{\"Records\":[" RECORD(
            "ObjectCreated:Put", "emotions/happy/a_h.jpeg",
            ",\"size\":9,\"userMetadata\":{\"x-amz-meta-garden-sha256\":\""
            "00000000000000000000000000000000000000000000000000000000000000ff\","
            "\"x-amz-meta-garden-width\":\"1280\",\"x-amz-meta-garden-height\":\"800\"}") "]}");
    CHECK_INT(batch->count, ==, 1);
    CHECK(batch->changes[0].vouched);
    CHECK(batch->changes[0].original == NULL);
    CHECK_INT(batch->changes[0].width, ==, 1280);
}

TEST(a_letter_fits_on_the_bus_however_large_the_record)
{
    enum { SIZE = 1024 * 1024 - 20 };
    OWNED(batch) batch = batch_new();
    char *value = malloc(SIZE);

    CHECK(value != NULL);
    memset(value, '[', SIZE);
    decode(batch, value, SIZE);
    CHECK_INT(letters_of(batch).count, ==, 1);
    CHECK_INT(letters_of(batch).value_size, <, SIZE);
    CHECK_INT(letters_of(batch).value_size, >, SIZE - 64 * 1024);
    CHECK_HAS(letters_of(batch).reason, "cut");
    free(value);
}
