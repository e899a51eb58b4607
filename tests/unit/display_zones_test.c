/* display_zones_test.c - what zones show is what the topic says last, whoever wrote it. */
#include <inttypes.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "services/display-feed/zones.h"

#include "tests/test.h"

#define SHA "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

static struct zones *zones;
static int64_t offset;

static void start(void)
{
    struct err err = {0};

    zones = zones_new(3, &err);
    CHECK(zones);
    offset = 0;
}

/* A record of the zone with one picture, which the name tells apart. */
static enum zones_taken tell(const char *zone, int64_t version, int64_t at_ms, const char *name)
{
    char value[512];
    struct bus_record record = {.topic = "garden.displays", .value = value};
    enum zones_taken taken = ZONES_SAME;
    struct err err = {0};

    record.offset = offset++;
    record.key = zone;
    record.key_size = strlen(zone);
    record.value_size =
        (size_t)snprintf(value, sizeof value,
                         "{\"zone\":\"%s\",\"version\":%" PRId64 ",\"effective_at\":%" PRId64
                         ",\"landscape\":[{\"key\":\"emotions/happy/%s.jpeg\",\"sha256\":\"" SHA
                         "\"}],\"portrait\":[]}",
                         zone, version, at_ms, name);
    CHECK_OK(zones_take(zones, &record, &taken, &err), err);
    return taken;
}

static void shows(const char *zone, int64_t version, const char *name)
{
    OWNED(manifest) manifest = zones_manifest(zones, zone);
    char key[80];

    CHECK(manifest);
    CHECK_INT(manifest->event.version, ==, version);
    (void)snprintf(key, sizeof key, "emotions/happy/%s.jpeg", name);
    CHECK_STR(manifest->event.landscape[0].key, key);
}

TEST(the_last_record_of_a_zone_holds)
{
    start();
    CHECK_INT(tell("a", 1, 5, "one"), ==, ZONES_CURRENT);
    CHECK_INT(tell("b", 1, 5, "other"), ==, ZONES_CURRENT);
    CHECK_INT(tell("a", 2, 5, "two"), ==, ZONES_CURRENT);
    shows("a", 2, "two");
    shows("b", 1, "other");
    CHECK(!zones_manifest(zones, "c"));
    zones_free(zones);
}

TEST(two_writers_never_share_a_version)
{
    OWNED(manifest) refused = NULL;

    start();
    CHECK_INT(tell("a", 7, 5, "faster"), ==, ZONES_CURRENT);
    CHECK_INT(tell("a", 7, 5, "slower"), ==, ZONES_REFUSED);
    shows("a", 7, "faster");
    refused = zones_refused(zones, "a");
    CHECK(refused);
    CHECK_STR(refused->event.landscape[0].key, "emotions/happy/slower.jpeg");
    CHECK_INT(zones_next_version(zones, "a"), ==, 8);
    CHECK_INT(tell("a", 8, 5, "slower"), ==, ZONES_CURRENT);
    shows("a", 8, "slower");
    CHECK(!zones_refused(zones, "a"));
    zones_free(zones);
}

TEST(a_version_after_a_refused_one_is_above_both)
{
    start();
    (void)tell("a", 3, 5, "three");
    CHECK_INT(tell("a", 2, 5, "behind"), ==, ZONES_REFUSED);
    CHECK_INT(zones_next_version(zones, "a"), ==, 4);
    zones_free(zones);
}

TEST(the_same_written_twice_is_one)
{
    start();
    (void)tell("a", 8, 5, "same");
    CHECK_INT(tell("a", 8, 5, "same"), ==, ZONES_SAME);
    CHECK(!zones_refused(zones, "a"));
    zones_free(zones);
}

/* After compaction only the loser of a race may be left. */
TEST(a_view_that_starts_at_any_record_shows_the_last)
{
    start();
    CHECK_INT(tell("a", 7, 5, "slower"), ==, ZONES_CURRENT);
    shows("a", 7, "slower");
    zones_free(zones);
}

struct seen {
    const char *previous;
    char key[80];
};

static void look(void *ctx, const struct zones_view *view)
{
    struct seen *seen = ctx;

    seen->key[0] = '\0';
    if (view->previous)
        (void)snprintf(seen->key, sizeof seen->key, "%s",
                       view->previous->event.landscape[0].key);
}

/* Screens show it until the time of the next. */
TEST(what_was_shown_before_is_known_until_the_next_is_shown)
{
    const int64_t later_ms = clock_wall_ms() + 3600000;
    struct seen seen = {0};

    start();
    (void)tell("a", 1, 5, "shown");
    (void)tell("a", 2, later_ms, "planned");
    (void)tell("a", 3, later_ms, "planned-instead");
    zones_each(zones, look, &seen);
    CHECK_STR(seen.key, "emotions/happy/shown.jpeg");
    zones_free(zones);
}

TEST(there_is_room_for_so_many_zones_and_no_more)
{
    start();
    CHECK(zones_has_room(zones, "a"));
    (void)tell("a", 1, 5, "x");
    (void)tell("b", 1, 5, "x");
    (void)tell("c", 1, 5, "x");
    CHECK(!zones_has_room(zones, "d"));
    CHECK(zones_has_room(zones, "c"));
    zones_free(zones);
}

TEST(a_record_that_cannot_be_read_changes_nothing)
{
    const struct bus_record record = {
        .topic = "garden.displays", .key = "a", .key_size = 1, .value = "{", .value_size = 1};
    enum zones_taken taken = ZONES_CURRENT;
    struct err err = {0};

    start();
    (void)tell("a", 1, 5, "one");
    CHECK_INT(zones_take(zones, &record, &taken, &err), ==, ERR_INVALID);
    shows("a", 1, "one");
    zones_free(zones);
}

TEST(a_manifest_is_one_line_of_json_and_one_event)
{
    OWNED(manifest) manifest = NULL;

    start();
    offset = 41;
    (void)tell("zone1", 9, 1777885687123, "a b\\u00e9");
    manifest = zones_manifest(zones, "zone1");
    CHECK_STR(buf_text(&manifest->json),
              "{\"zone\":\"zone1\",\"version\":9,\"effective_at\":1777885687123,\"landscape\":"
              "[{\"key\":\"emotions/happy/a b\xc3\xa9.jpeg\",\"sha256\":\"" SHA
              "\",\"url\":\"/emotions/happy/a%20b%C3%A9.jpeg\"}],\"portrait\":[],"
              "\"offset\":41}");
    CHECK_STR(manifest->etag, "\"zone1-9\"");
    zones_free(zones);
}
