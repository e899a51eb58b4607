/* Parts of csv-exporter: which acts were sent before, reading acts fast, and what becomes of an
 * export by its events. */
#include "services/csv-exporter/act.h"
#include "services/csv-exporter/export_worker.h"
#include "services/csv-exporter/exports.h"
#include "services/csv-exporter/repeats.h"

#include "tests/support/process.h"
#include "tests/test.h"

/* -- repeats -- */

static uint32_t roll(uint32_t *state)
{
    *state = *state * 1664525U + 1013904223U;
    return *state >> 8;
}

/* So many ids, of which so many are distinct; each but the first of an id is a repeat. */
static void check_repeats(int count, uint32_t distinct, uint64_t expected, int size)
{
    OWNED_VALUE(buf) seen = {0};
    uint32_t state = 1;
    uint64_t repeats_wanted = 0;
    struct err err = {0};
    OWNED(repeats) repeats = repeats_new(folder_new(), expected, &err);
    char id[4096];
    char *bytes = buf_reserve(&seen, distinct);

    CHECK(repeats && bytes);
    memset(bytes, 0, distinct);
    for (int i = 0; i < count; i++) {
        int n = snprintf(id, sizeof id, "%u", roll(&state) % distinct);

        if (size > n) {
            memset(id + n, 'x', (size_t)(size - n));
            n = size;
        }
        CHECK_OK(repeats_add(repeats, (uint64_t)i, id, (size_t)n, &err), err);
    }
    CHECK_OK(repeats_find(repeats, &err), err);
    state = 1;
    for (int i = 0; i < count; i++) {
        const uint32_t which = roll(&state) % distinct;

        if (repeats_is(repeats, (uint64_t)i) != (bytes[which] != 0))
            TEST_FAIL("act %d is %sa repeat", i, bytes[which] ? "" : "not ");
        repeats_wanted += bytes[which] != 0;
        bytes[which] = 1;
    }
    CHECK_INT(repeats_count(repeats), ==, repeats_wanted);
}

TEST(an_act_that_was_sent_before_is_found_however_many_there_are)
{
    check_repeats(0, 1, 0, 0);
    check_repeats(1, 1, 1, 0);
    check_repeats(1000, 1000000, 1000, 0);
    check_repeats(200000, 150000, 200000, 36); /* in several buckets */
    check_repeats(100000, 150000, 100, 36);    /* far more than were expected */
    check_repeats(100000, 3, 100000, 36);      /* nearly all are the same */
    check_repeats(20000, 15000, 20000000, 36); /* nearly empty buckets */
    check_repeats(3000, 2000, 3000, 2000);     /* long ones */
}

TEST(ids_that_differ_in_little_are_not_the_same)
{
    struct err err = {0};
    OWNED(repeats) repeats = repeats_new(folder_new(), 5, &err);
    static const char *const ids[] = {"a", "aa", "aaaaaaaa", "aaaaaaaab", "b"};

    for (size_t i = 0; i < 5; i++)
        CHECK_OK(repeats_add(repeats, i, ids[i], strlen(ids[i]), &err), err);
    CHECK_OK(repeats_add(repeats, 5, "a\0", 2, &err), err);
    CHECK_OK(repeats_find(repeats, &err), err);
    CHECK_INT(repeats_count(repeats), ==, 0);
}

TEST(the_lowest_number_is_the_first_whatever_order_they_come_in)
{
    struct err err = {0};
    OWNED(repeats) repeats = repeats_new(folder_new(), 5, &err);

    CHECK_OK(repeats_add(repeats, 70, "a", 1, &err), err);
    CHECK_OK(repeats_add(repeats, 9, "a", 1, &err), err);
    CHECK_OK(repeats_add(repeats, 30, "a", 1, &err), err);
    CHECK_OK(repeats_add(repeats, 31, "b", 1, &err), err);
    CHECK_OK(repeats_find(repeats, &err), err);
    CHECK(repeats_is(repeats, 70) && repeats_is(repeats, 30));
    CHECK(!repeats_is(repeats, 9) && !repeats_is(repeats, 31));
    CHECK_INT(repeats_count(repeats), ==, 2);
}

/* -- acts -- */

#define ACT                                                                     \
    "{\"user_id\":\"u 1\",\"item_id\":\"emotions/happy/봄/a_1h.jpeg\","        \
    "\"event_type\":\"like\",\"impression\":[\"emotions/happy/봄/a_1h.jpeg\"," \
    "\"imgPool/sad/b_2v.jpeg\"],\"timestamp\":1777885687123,\"event_id\":\"e-1\"}"

/* The codec decides: act_read says the same of every text. */
static void check_same(const char *text, size_t size)
{
    OWNED_VALUE(buf) storage = {0};
    OWNED_VALUE(buf) row = {0};
    static struct act act;
    struct interaction_event event;
    struct err err = {0}, why = {0};
    int wanted = interaction_event_decode(text, size, &event, &storage, &why);

    if (act_read(&act, text, size, &err) != wanted)
        TEST_FAIL("%.*s: read as '%s', and by the codec as '%s'", (int)size, text, err.text,
                  why.text);
    if (wanted < 0)
        return;
    CHECK_INT(act.event_id.size, ==, strlen(event.event_id));
    CHECK_INT(memcmp(act.event_id.text, event.event_id, act.event_id.size), ==, 0);
    CHECK_INT(act.row.user_id.size, ==, strlen(event.user_id));
    CHECK_INT(memcmp(act.row.user_id.text, event.user_id, act.row.user_id.size), ==, 0);
    CHECK_INT(act.row.item_id.size, ==, strlen(event.item_id));
    CHECK_INT(memcmp(act.row.item_id.text, event.item_id, act.row.item_id.size), ==, 0);
    CHECK_INT(act.row.type, ==, event.type);
    CHECK_INT(act.row.timestamp_s, ==, event.timestamp_ms / 1000);
    CHECK_INT(act.row.impression_count, ==, event.impression_count);
    for (size_t i = 0; i < event.impression_count; i++)
        CHECK_INT(
            memcmp(act.row.impression[i].text, event.impression[i], act.row.impression[i].size),
            ==, 0);
    dataset_write_interaction(&row, &act.row);
    CHECK(buf_ok(&row));
}

TEST(a_plain_act_is_read_the_fast_way)
{
    static struct act act;
    static const char more[] =
        "{\"asked\":\"happy\",\"event_id\":\"e\",\"propensities\":[0.25,1e-3,-2],\"n\":null,"
        "\"user_id\":\"u\",\"timestamp\":0,\"event_type\":\"view\",\"t\":true,\"list\":[],"
        " \"item_id\" : \"emotions/happy/a.jpeg\" }\n";

    CHECK(act_scan(&act, ACT, sizeof ACT - 1));
    CHECK_INT(act.row.impression_count, ==, 2);
    CHECK_INT(act.row.timestamp_s, ==, 1777885687);
    CHECK(act_scan(&act, more, sizeof more - 1));
    CHECK_INT(act.row.type, ==, INTERACTION_VIEW);
    CHECK_INT(act.row.impression_count, ==, 0);
}

TEST(what_is_not_plain_is_left_to_the_codec)
{
    static const char *const texts[] = {
        "",
        "{",
        "{}",
        "[]",
        ACT "x",
        ACT " ",
        ACT ACT,
        "{\"user_id\":\"\\u0041\",\"item_id\":\"emotions/happy/"
        "a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":1,\"event_id\":\"e\"}",
        "{\"user_id\":\"a\\nb\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":1,\"event_id\":\"e\"}",
        "{\"user_id\":\"u\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":1.0,\"event_id\":\"e\",\"o\":{\"a\":[1]}}",
        "{\"user_id\":\"u\",\"user_id\":\"v\",\"item_id\":\"emotions/happy/a.jpeg\","
        "\"event_type\":\"view\",\"timestamp\":1,\"event_id\":\"e\"}",
        "{\"user_id\":\"u\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"click\","
        "\"timestamp\":1,\"event_id\":\"e\"}",
        "{\"user_id\":\"u\",\"item_id\":\"emotions/joy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":1,\"event_id\":\"e\"}",
        "{\"user_id\":\"u\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":-1,\"event_id\":\"e\"}",
        "{\"user_id\":\"u\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":01,\"event_id\":\"e\"}",
        "{\"user_id\":\"u\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":253402300800000,\"event_id\":\"e\"}",
        "{\"user_id\":\"u\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":1,\"event_id\":\"e\",\"impression\":null}",
        "{\"user_id\":\"u\x7f\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":1,\"event_id\":\"e\"}",
        "{\"user_id\":\"u\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":1,\"event_id\":\"e\",\"x\":tru}",
        "{\"user_id\":\"u\",\"item_id\":\"emotions/happy/a.jpeg\",\"event_type\":\"view\","
        "\"timestamp\":1,\"event_id\":\"e\",\"x\":1.}",
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_same(texts[i], strlen(texts[i]));
}

TEST(a_changed_byte_is_judged_as_by_the_codec)
{
    static const char bytes[] = "\"\\{}[],: 0129.eE-+aut/\x01\x1f\x7f\x80\xea\xff\n";
    char text[sizeof ACT];
    uint32_t state = 3;

    for (size_t at = 0; at < sizeof ACT - 1; at++) {
        for (size_t i = 0; i < sizeof bytes - 1; i++) {
            memcpy(text, ACT, sizeof text);
            text[at] = bytes[i];
            check_same(text, sizeof text - 1);
        }
        check_same(ACT, at);
    }
    for (int i = 0; i < 5000; i++) {
        memcpy(text, ACT, sizeof text);
        for (int j = 0; j < 3; j++)
            text[roll(&state) % (sizeof text - 1)] = bytes[roll(&state) % (sizeof bytes - 1)];
        check_same(text, sizeof text - 1);
    }
}

/* -- exports -- */

static void take(struct exports *exports, const char *id, enum export_type type, int64_t ms)
{
    const struct export_event event = {.export_id = id, .type = type, .timestamp_ms = ms};

    CHECK(exports_take(exports, &event, "{}", 2));
}

TEST(an_export_is_what_its_events_say)
{
    struct err err = {0};
    OWNED(exports) exports = exports_new(10, &err);
    const struct export *export;

    CHECK(!exports_find(exports, "a") && !exports_newest(exports));
    take(exports, "a", EXPORT_REQUESTED, 1);
    export = exports_find(exports, "a");
    CHECK_INT(export->state, ==, EXPORT_REQUESTED);
    take(exports, "a", EXPORT_STARTED, 2);
    take(exports, "a", EXPORT_STARTED, 3);
    CHECK_INT(export->state, ==, EXPORT_STARTED);
    CHECK_INT(export->starts, ==, 2);
    take(exports, "a", EXPORT_REQUESTED, 4); /* given back */
    CHECK_INT(export->starts, ==, 0);
    CHECK_INT(export->requested_ms, ==, 1);
    take(exports, "a", EXPORT_STARTED, 5);
    take(exports, "a", EXPORT_DONE, 6);
    CHECK(export_has_ended(export));
    take(exports, "a", EXPORT_FAILED, 7); /* of one that came too late */
    take(exports, "a", EXPORT_REQUESTED, 8);
    CHECK_INT(export->state, ==, EXPORT_DONE);
    CHECK_INT(export->ended_ms, ==, 6);
    CHECK_STR(buf_text(&export->last), "{}");
}

TEST(the_newest_exports_are_remembered)
{
    struct err err = {0};
    OWNED(exports) exports = exports_new(3, &err);
    const struct export *export;

    for (int i = 0; i < 5; i++) {
        char id[8];

        (void)snprintf(id, sizeof id, "e%d", i);
        take(exports, id, EXPORT_REQUESTED, i + 1);
    }
    CHECK(!exports_find(exports, "e1"));
    export = exports_newest(exports);
    CHECK_STR(export->id, "e4");
    CHECK_STR(export->older->id, "e3");
    CHECK_STR(export->older->older->id, "e2");
    CHECK(!export->older->older->older);
}

TEST(a_period_has_one_name)
{
    char id[EXPORT_ID_MAX + 1], same[EXPORT_ID_MAX + 1];

    export_schedule_id(INT64_C(1777885687123), 86400, id);
    CHECK_STR(id, "scheduled-2026-05-04T00:00:00Z");
    export_schedule_id(INT64_C(1777885687123), 60, id);
    CHECK_STR(id, "scheduled-2026-05-04T09:08:00Z");
    export_schedule_id(INT64_C(1777885739999), 60, same);
    CHECK_STR(same, "scheduled-2026-05-04T09:08:00Z");
    export_schedule_id(INT64_C(1777885740000), 60, same);
    CHECK_STR(same, "scheduled-2026-05-04T09:09:00Z");
}
