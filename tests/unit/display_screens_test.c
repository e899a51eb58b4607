/* display_screens_test.c - which screens are live, stale or dark, and that the table of them
 * stays as small as it is told to. */
#include <malloc.h>
#include <stdio.h>

#include "lib/json/json.h"
#include "services/display-feed/change.h"
#include "services/display-feed/heartbeat.h"
#include "services/display-feed/screens.h"

#include "tests/test.h"

#define A "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
#define B "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752"
#define HOUR_MS INT64_C(3600000)

static struct manifest *manifest_at(int64_t at_ms)
{
    char value[512];
    struct err err = {0};
    struct manifest *manifest;
    const int size =
        snprintf(value, sizeof value,
                 "{\"zone\":\"z\",\"version\":3,\"effective_at\":%lld,"
                 "\"landscape\":[{\"key\":\"a\",\"sha256\":\"" A "\"}],\"portrait\":[]}",
                 (long long)at_ms);

    manifest = manifest_new(value, (size_t)size, 0, &err);
    if (!manifest)
        TEST_FAIL("%s", err.text);
    return manifest;
}

static enum screen_state state(char orientation, int64_t version, const char *showing,
                               int64_t seen_ms, int64_t now_ms)
{
    OWNED(manifest) manifest = manifest_at(100000);
    struct screen screen = {.orientation = orientation, .version = version, .seen_ms = seen_ms};

    (void)snprintf(screen.showing, sizeof screen.showing, "%s", showing);
    return screen_state(&screen, manifest, now_ms);
}

TEST(a_screen_that_shows_what_it_should_is_live)
{
    CHECK_INT(state('h', 3, A, 200000, 200001), ==, SCREEN_LIVE);
}

TEST(a_screen_has_ten_seconds_to_change_over)
{
    CHECK_INT(state('h', 2, B, 110000, 110000), ==, SCREEN_LIVE);
    CHECK_INT(state('h', 2, B, 110001, 110001), ==, SCREEN_STALE);
}

/* What it told before its time was up says nothing of what it shows since. */
TEST(a_screen_is_stale_by_what_it_told_and_not_by_waiting)
{
    CHECK_INT(state('h', 2, B, 109000, 115000), ==, SCREEN_LIVE);
}

TEST(another_picture_is_stale_and_so_is_none)
{
    CHECK_INT(state('h', 3, B, 200000, 200001), ==, SCREEN_STALE);
    CHECK_INT(state('h', 3, "", 200000, 200001), ==, SCREEN_STALE);
}

TEST(where_its_zone_has_nothing_for_it_a_screen_shows_what_it_likes)
{
    CHECK_INT(state('v', 3, B, 200000, 200001), ==, SCREEN_LIVE);
    CHECK_INT(state('v', 2, B, 200000, 200001), ==, SCREEN_STALE);
}

TEST(a_screen_that_says_nothing_for_thirty_seconds_is_dark)
{
    CHECK_INT(state('h', 3, A, 200000, 230000), ==, SCREEN_LIVE);
    CHECK_INT(state('h', 3, A, 200000, 230001), ==, SCREEN_DARK);
}

TEST(without_a_choice_any_screen_that_tells_is_live)
{
    const struct screen screen = {.orientation = 'h', .seen_ms = 1000};

    CHECK_INT(screen_state(&screen, NULL, 1000), ==, SCREEN_LIVE);
    CHECK_INT(screen_state(&screen, NULL, 40000), ==, SCREEN_DARK);
}

/* -- heartbeats -- */

static int read_beat(const char *json, struct screen *screen, struct err *err)
{
    OWNED_JSON root = json_parse(json, strlen(json), err);
    json_t *plays;

    CHECK(root);
    return heartbeat_read(root, "zone1", 1000000, screen, &plays, err);
}

TEST(a_clock_that_is_wrong_by_an_hour_is_told_and_believed_in_nothing)
{
    struct screen screen;
    struct err err = {0};

    CHECK_OK(read_beat("{\"screen\":\"s\",\"clock\":4600000}", &screen, &err), err);
    CHECK_INT(screen.clock_off_ms, ==, HOUR_MS);
    CHECK_INT(screen.seen_ms, ==, 1000000);
}

TEST(a_heartbeat_that_is_wrong_is_refused_by_the_member_that_is)
{
    static const struct {
        const char *json, *reason;
    } cases[] = {
        {"{}", "screen is missing"},
        {"{\"screen\":\"\"}", "no screen's name"},
        {"{\"screen\":\"<script>\"}", "no screen's name"},
        {"{\"screen\":\"s\",\"slot\":0}", "slot is 0"},
        {"{\"screen\":\"s\",\"slot\":10}", "slot is 10"},
        {"{\"screen\":\"s\",\"orientation\":\"x\"}", "orientation"},
        {"{\"screen\":\"s\",\"version\":-1}", "version"},
        {"{\"screen\":\"s\",\"showing\":\"abc\"}", "showing"},
        {"{\"screen\":\"s\",\"clock\":-5}", "clock"},
        {"{\"screen\":\"s\",\"plays\":{}}", "plays"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct screen screen;
        struct err err = {0};

        CHECK_INT(read_beat(cases[i].json, &screen, &err), ==, ERR_INVALID);
        CHECK_HAS(err.text, cases[i].reason);
    }
}

/* -- the table -- */

static void beat(struct screens *screens, int i, int64_t now_ms, int expected)
{
    struct screen screen = {.zone = "z", .seen_ms = now_ms, .version = i};
    struct err err = {0};

    (void)snprintf(screen.id, sizeof screen.id, "s%d", i);
    CHECK_INT(screens_beat(screens, &screen, &err), ==, expected);
}

TEST(a_full_table_forgets_who_was_dark_longest_and_nobody_who_is_live)
{
    struct err err = {0};
    OWNED(screens) screens = screens_new(3, HOUR_MS, &err);

    for (int i = 0; i < 3; i++)
        beat(screens, i, 1000 + i, 0);
    beat(screens, 3, 2000, ERR_UNAVAILABLE);
    beat(screens, 0, 20000, 0);
    beat(screens, 3, 31002, 0);
    CHECK_INT(screens_version(screens, "z", "s1"), ==, -1);
    CHECK_INT(screens_version(screens, "z", "s0"), ==, 0);
    CHECK_INT(screens_count(screens), ==, 3);
}

TEST(who_was_away_for_long_is_forgotten)
{
    struct err err = {0};
    OWNED(screens) screens = screens_new(100, HOUR_MS, &err);

    beat(screens, 1, 1000, 0);
    beat(screens, 2, 5000, 0);
    screens_tick(screens, 1001 + HOUR_MS);
    CHECK_INT(screens_count(screens), ==, 1);
    CHECK_INT(screens_version(screens, "z", "s2"), ==, 2);
}

/* A week, an hour a step: 500 screens, a tenth of which is hung anew under another name each
 * hour, and three zones that change every minute. */
TEST(a_week_does_not_grow_memory)
{
    struct err err = {0};
    OWNED(screens) screens = screens_new(2000, 6 * HOUR_MS, &err);
    OWNED(zones) zones = zones_new(100, &err);
    size_t after_a_day = 0;
    int64_t offset = 0;

    zones_set_whole(zones);
    for (int hour = 0; hour < 7 * 24; hour++) {
        const int64_t now_ms = 1777885687123 + hour * HOUR_MS;

        for (int i = 0; i < 500; i++)
            beat(screens, i < 50 ? hour * 1000 + i : i + 1000000, now_ms, 0);
        for (int i = 0; i < 180; i++) {
            char value[400], zone[8];
            struct bus_record record = {.topic = "t", .value = value, .key = zone};
            enum zones_taken taken;

            (void)snprintf(zone, sizeof zone, "z%d", i % 3);
            record.key_size = strlen(zone);
            record.offset = offset++;
            record.value_size = (size_t)snprintf(
                value, sizeof value,
                "{\"zone\":\"%s\",\"version\":%lld,\"effective_at\":%lld,\"landscape\":[{"
                "\"key\":\"a%d\",\"sha256\":\"" A "\"}],\"portrait\":[]}",
                zone, (long long)offset, (long long)now_ms, i);
            CHECK_OK(zones_take(zones, &record, &taken, &err), err);
            CHECK_INT(taken, ==, ZONES_CURRENT);
        }
        screens_tick(screens, now_ms);
        if (hour == 24)
            after_a_day = mallinfo2().uordblks;
    }
    CHECK_INT(screens_count(screens), <=, 450 + 50 * 7);
    if (after_a_day > 0) /* no allocator tells it under a sanitizer */
        CHECK_INT(mallinfo2().uordblks, <=, after_a_day + 16384);
}

/* -- what somebody wants shown -- */

static int read_change(const char *json, struct err *err)
{
    OWNED_JSON root = json_parse(json, strlen(json), err);
    struct change change = {0};

    CHECK(root);
    return change_read(&change, "z", root, 1000000, 2000, err);
}

TEST(a_change_that_makes_no_sense_is_refused_and_says_why)
{
    static const struct {
        const char *json;
        int status;
        const char *reason;
    } cases[] = {
        {"{}", 422, "nothing to show"},
        {"{\"landscape\":[],\"portrait\":[]}", 422, "nothing to show"},
        {"{\"landscape\":[\"a\",\"b\",\"a\"]}", 422, "landscape names a twice"},
        {"{\"landscape\":[1]}", 400, "landscape[0]"},
        {"{\"landscape\":\"a\"}", 400, "landscape"},
        {"{\"portrait\":[\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\",\"8\",\"9\"]}", 422,
         "portrait names 9 pictures: a zone takes at most 8"},
        {"{\"landscape\":[\"a\"],\"effective_at\":\"now\"}", 400, "effective_at"},
        {"{\"landscape\":[\"a\"],\"effective_at\":90000000}", 422, "more than a day from now"},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};

        CHECK_INT(read_change(cases[i].json, &err), ==, cases[i].status);
        CHECK_HAS(err.text, cases[i].reason);
    }
}

TEST(fewer_than_eight_are_fine)
{
    struct err err = {0};

    CHECK_INT(read_change("{\"landscape\":[\"a\"]}", &err), ==, 0);
    CHECK_INT(read_change("{\"portrait\":[\"a\",\"b\"],\"landscape\":null}", &err), ==, 0);
}
