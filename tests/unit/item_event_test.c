/* item_event_test.c - garden.items. */
#include "proto/item_event.h"

#include "tests/test.h"
#include "tests/unit/golden.h"

TEST(reads_all_members)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) storage = {0};
    struct item_event event;
    struct err err = {0};

    file_load("tests/golden/item_event.full.json", &text);
    CHECK_OK(item_event_decode(text.data, text.size, &event, &storage, &err), err);
    CHECK_STR(event.item_id, "emotions/happy/spring,sunny,day/img_20260504-090807_3v.jpeg");
    CHECK_INT(event.timestamp_ms, ==, 1777885687123);
    CHECK_STR(event.emotion, "happy/spring,sunny,day");
    CHECK_INT(event.orientation, ==, 'v');
    CHECK_INT(event.width, ==, 800);
    CHECK_INT(event.height, ==, 1280);
    CHECK_INT(event.size_bytes, ==, 204800);
    CHECK_STR(event.sha256, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
}

static void reads_back_the_same(const char *path, const struct buf *text)
{
    OWNED_VALUE(buf) storage = {0};
    OWNED_VALUE(buf) storage_b = {0};
    OWNED_VALUE(buf) encoded = {0};
    struct item_event a, b;
    struct err err = {0};

    (void)path;
    CHECK_OK(item_event_decode(text->data, text->size, &a, &storage, &err), err);
    CHECK_OK(item_event_encode(&encoded, &a, &err), err);
    CHECK_OK(item_event_decode(encoded.data, encoded.size, &b, &storage_b, &err), err);
    CHECK_STR(b.item_id, a.item_id);
    CHECK_INT(b.timestamp_ms, ==, a.timestamp_ms);
    CHECK_STR(b.emotion, a.emotion);
    CHECK_INT(b.orientation, ==, a.orientation);
    CHECK_INT(b.width, ==, a.width);
    CHECK_INT(b.height, ==, a.height);
    CHECK_INT(b.size_bytes, ==, a.size_bytes);
    CHECK_STR(b.sha256, a.sha256);
}

TEST(every_sample_reads_back_the_same)
{
    golden_each("tests/golden/item_event.*.json", 2, reads_back_the_same);
}

static void refuses(const struct item_event *event, const char *reason)
{
    OWNED_VALUE(buf) out = {0};
    struct err err = {0};

    CHECK_INT(item_event_encode(&out, event, &err), ==, ERR_INVALID);
    CHECK_STR(err.text, reason);
}

TEST(writes_nothing_that_could_not_be_read)
{
    struct item_event event = {.item_id = "emotions/happy/a.jpeg",
                               .emotion = "happy",
                               .orientation = 'h',
                               .sha256 = ""};

    event.emotion = "sad";
    refuses(&event, "an item event: emotion is 'sad', and item_id is of 'happy'");
    event.emotion = NULL;
    refuses(&event, "an item event: emotion is missing");
    event.emotion = "happy";
    event.orientation = 'x';
    refuses(&event, "an item event: orientation is neither 'h' nor 'v'");
    event.orientation = 'h';
    event.sha256 = "abc";
    refuses(&event, "an item event: sha256: 'abc' is not 64 lower-case hex digits");
    event.sha256 = "";
    event.timestamp_ms = -1;
    refuses(&event, "an item event: timestamp is out of range: 0 to 253402300799999");
}
