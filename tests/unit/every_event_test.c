/* every_event_test.c - every sample of every event reads back the same, and every bad one is
 * refused for its reason. The same samples are held against the JSON Schemas by
 * tests/schema/validate.py. */
#include "lib/json/json.h"
#include "proto/display_event.h"
#include "proto/export_event.h"
#include "proto/generation_event.h"
#include "proto/generation_request.h"
#include "proto/interaction_event.h"
#include "proto/item_event.h"
#include "proto/object_event.h"
#include "proto/play_event.h"
#include "proto/user_event.h"

#include "tests/test.h"
#include "tests/unit/golden.h"

/* Reads text and, where it is an event, writes it again. */
typedef int recode_fn(const struct buf *text, struct buf *out, struct err *err);

#define RECODE(event_)                                                                   \
    static int recode_##event_(const struct buf *text, struct buf *out, struct err *err) \
    {                                                                                    \
        OWNED_VALUE(buf) storage = {0};                                                  \
        struct event_ event;                                                             \
                                                                                         \
        if (event_##_decode(text->data, text->size, &event, &storage, err) < 0)          \
            return err->code;                                                            \
        CHECK_OK(event_##_encode(out, &event, err), *err);                               \
        return 0;                                                                        \
    }

RECODE(item_event)
RECODE(user_event)
RECODE(interaction_event)
RECODE(display_event)
RECODE(play_event)
RECODE(export_event)
RECODE(generation_request)
RECODE(generation_event)

static int recode_one(void *out, const struct object_event *event, struct err *err)
{
    return event->change == OBJECT_OTHER ? 0 : object_event_encode(out, event, err);
}

static int recode_object_event(const struct buf *text, struct buf *out, struct err *err)
{
    return object_event_decode(text->data, text->size, recode_one, out, err);
}

static const struct {
    const char *name;
    recode_fn *recode;
    size_t samples, bad_samples;
} events[] = {
    {"object_event", recode_object_event, 10, 7},
    {"item_event", recode_item_event, 2, 11},
    {"user_event", recode_user_event, 3, 6},
    {"interaction_event", recode_interaction_event, 3, 6},
    {"display_event", recode_display_event, 2, 5},
    {"play_event", recode_play_event, 2, 5},
    {"export_event", recode_export_event, 4, 5},
    {"generation_request", recode_generation_request, 4, 10},
    {"generation_event", recode_generation_event, 10, 5},
};

enum { EVENTS = sizeof events / sizeof *events };

static recode_fn *recode_of(const char *path)
{
    const char *file = strrchr(path, '/') + 1;

    for (size_t i = 0; i < EVENTS; i++)
        if (strncmp(file, events[i].name, strlen(events[i].name)) == 0)
            return events[i].recode;
    TEST_FAIL("%s is of no event", path);
}

static void reads_back_the_same(const char *path, const struct buf *text)
{
    OWNED_VALUE(buf) once = {0};
    OWNED_VALUE(buf) twice = {0};
    struct err err = {0};

    if (recode_of(path)(text, &once, &err) < 0)
        TEST_FAIL("%s: %s", path, err.text);
    if (once.size == 0 || strstr(path, "aws-delete"))
        return; /* a test event; several records, which are written as several events */
    if (recode_of(path)(&once, &twice, &err) < 0)
        TEST_FAIL("%s, written again: %s", path, err.text);
    CHECK_STR(buf_text(&twice), buf_text(&once));
}

/* Where the sample has only members that we write, in our order, the bytes are the same, too.
 */
static void is_what_we_write(const char *path, const struct buf *text)
{
    OWNED_VALUE(buf) ours = {0};
    OWNED_VALUE(buf) compact = {0};
    OWNED_JSON tree = NULL;
    struct err err = {0};

    CHECK_OK(recode_of(path)(text, &ours, &err), err);
    tree = json_parse(text->data, text->size, &err);
    json_write_tree(&compact, tree);
    CHECK_STR(buf_text(&ours), buf_text(&compact));
}

static void is_refused(const char *path, const struct buf *text)
{
    OWNED_VALUE(buf) bytes = {0};
    OWNED_VALUE(buf) out = {0};
    struct err err = {0};
    OWNED_JSON sample = json_parse(text->data, text->size, &err);
    const char *reason;

    CHECK_OK(json_get_str(sample, "reason", &reason, &err), err);
    json_write_tree(&bytes, json_object_get(sample, "event"));
    if (recode_of(path)(&bytes, &out, &err) != ERR_INVALID)
        TEST_FAIL("%s was taken", path);
    CHECK_HAS(err.text, reason);
}

static void each_of(const char *folder, void (*fn)(const char *path, const struct buf *text),
                    int bad)
{
    for (size_t i = 0; i < EVENTS; i++) {
        char pattern[80];

        (void)snprintf(pattern, sizeof pattern, "%s/%s.*.json", folder, events[i].name);
        golden_each(pattern, bad ? events[i].bad_samples : events[i].samples, fn);
    }
}

TEST(every_sample_reads_back_the_same)
{
    each_of("tests/golden", reads_back_the_same, 0);
}

TEST(every_bad_sample_is_refused_for_its_reason)
{
    each_of("tests/golden/bad", is_refused, 1);
}

TEST(what_we_write_is_what_the_samples_show)
{
    static const char *const ours[] = {
        "object_event.garden",    "object_event.garden-cleared",
        "item_event.full",        "user_event.full",
        "user_event.corrected",   "interaction_event.like",
        "interaction_event.view", "interaction_event.recommended",
        "display_event.*",        "play_event.*",
        "export_event.*",         "generation_request.*",
        "generation_event.*",
    };

    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++) {
        char pattern[80];

        (void)snprintf(pattern, sizeof pattern, "tests/golden/%s.json", ours[i]);
        golden_each(pattern, 1, is_what_we_write);
    }
}

TEST(bytes_that_are_no_event_are_refused)
{
    static const char *const texts[] = {
        "", "null", "7", "[{}]", "{", "\xff", "{\"a\":1,\"a\":2}"};

    for (size_t i = 0; i < EVENTS; i++)
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++) {
            OWNED_VALUE(buf) text = {0};
            OWNED_VALUE(buf) out = {0};
            struct err err = {0};

            buf_append_str(&text, texts[j]);
            CHECK_INT(events[i].recode(&text, &out, &err), ==, ERR_INVALID);
        }
}

TEST(a_failed_decode_leaves_the_event_as_it_was)
{
    OWNED_VALUE(buf) storage = {0};
    struct user_event event = {.user_id = "before"};
    struct err err = {0};

    CHECK_INT(user_event_decode("{}", 2, &event, &storage, &err), ==, ERR_INVALID);
    CHECK_STR(event.user_id, "before");
    CHECK_STR(err.text, "a user event: user_id is missing");
}

TEST(lists_keep_their_order_and_storage_is_used_again)
{
    OWNED_VALUE(buf) storage = {0};
    OWNED_VALUE(buf) full = {0};
    OWNED_VALUE(buf) dark = {0};
    struct display_event event;
    struct err err = {0};

    file_load("tests/golden/display_event.full.json", &full);
    file_load("tests/golden/display_event.dark.json", &dark);
    for (int i = 0; i < 3; i++) {
        CHECK_OK(display_event_decode(dark.data, dark.size, &event, &storage, &err), err);
        CHECK_INT(event.landscape_count, ==, 0);
        CHECK_OK(display_event_decode(full.data, full.size, &event, &storage, &err), err);
        CHECK_INT(event.landscape_count, ==, 2);
        CHECK_STR(event.landscape[1].key,
                  "emotions/sad/winter,snowy,day/img_20260504-090807_4h.jpeg");
        CHECK_STR(event.portrait[0].sha256,
                  "fd61a03af4f77d870fc21e05e7e80678095c92d808cfb3b5c279ee04c74aca13");
    }
}

TEST(a_list_of_the_largest_size_fits)
{
    const char *impression[INTERACTION_IMPRESSION_MAX];
    struct interaction_event event = {.user_id = "a",
                                      .item_id = "emotions/sad/a.jpeg",
                                      .type = INTERACTION_SKIP,
                                      .impression = impression,
                                      .impression_count = INTERACTION_IMPRESSION_MAX,
                                      .event_id = "1"},
                             again;
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) storage = {0};
    struct err err = {0};

    for (int i = 0; i < INTERACTION_IMPRESSION_MAX; i++)
        impression[i] = "emotions/sad/\"\\\".jpeg";
    CHECK_OK(interaction_event_encode(&text, &event, &err), err);
    CHECK_OK(interaction_event_decode(text.data, text.size, &again, &storage, &err), err);
    CHECK_INT(again.impression_count, ==, INTERACTION_IMPRESSION_MAX);
    CHECK_STR(again.impression[INTERACTION_IMPRESSION_MAX - 1], impression[0]);
    event.impression_count++;
    CHECK_INT(interaction_event_encode(&text, &event, &err), ==, ERR_INVALID);
}
