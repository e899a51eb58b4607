/* display_feed_test.c - display-feed as kiosks, screens and operators meet it: the real program
 * on real engines. */
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "proto/display_event.h"
#include "proto/topics.h"
#include "tests/support/displays.h"
#include "tests/support/engine.h"
#include "tests/support/process.h"
#include "tests/support/screen.h"

#define TEST_SECONDS 120
#include "tests/test.h"

enum { PICTURES = 12, WAIT_MS = 20000 };

static struct displays displays;

static void start(void)
{
    displays_prepare(&displays);
    displays_fill(&displays, PICTURES);
    displays_start(&displays);
}

static int ask(const char *method, const char *path, const char *body)
{
    return displays_ask(&displays, method, path, body, NULL);
}

static json_t *get(const char *path)
{
    return displays_json(&displays, "GET", path, NULL, 200);
}

/* -- choosing and looking -- */

TEST(what_is_put_is_what_is_got)
{
    OWNED_JSON manifest = NULL;
    char key[DISPLAYS_KEY], hash[SHA256_HEX];
    const json_t *first;

    start();
    CHECK_INT(ask("GET", "/v1/zones/zone1", NULL), ==, 404);
    CHECK_INT(displays_put(&displays, "zone1", 0, 8, 8, ""), ==, 1);
    CHECK_INT(displays_put(&displays, "zone1", 2, 3, 2, ",\"effective_at\":1000"), ==, 2);
    manifest = get("/v1/zones/zone1");
    CHECK_INT(displays_int(manifest, "version"), ==, 2);
    CHECK_INT(displays_int(manifest, "effective_at"), ==, 1000);
    CHECK_INT(json_array_size(json_object_get(manifest, "landscape")), ==, 3);
    CHECK_INT(json_array_size(json_object_get(manifest, "portrait")), ==, 2);
    first = json_array_get(json_object_get(manifest, "landscape"), 0);
    displays_key(2, 'h', key);
    sha256_hex(key, strlen(key), hash);
    CHECK_STR(displays_text(first, "key"), key);
    CHECK_STR(displays_text(first, "sha256"), hash);
    CHECK_STR(displays_text(first, "url"), "/emotions/happy/p2h.jpeg");
    displays_done(&displays);
}

TEST(screens_get_time_to_load_unless_a_time_is_named)
{
    OWNED_JSON manifest = NULL;
    const int64_t before_ms = clock_wall_ms();

    start();
    (void)displays_put(&displays, "zone1", 0, 1, 1, "");
    manifest = get("/v1/zones/zone1");
    CHECK_INT(displays_int(manifest, "effective_at"), >=, before_ms + 2000);
    CHECK_INT(displays_int(manifest, "effective_at"), <=, clock_wall_ms() + 2000);
    displays_done(&displays);
}

TEST(all_zones_are_listed_with_their_screens)
{
    OWNED_JSON list = NULL;
    const json_t *zone;

    start();
    (void)displays_put(&displays, "zone1", 0, 4, 2, "");
    CHECK_INT(ask("POST", "/v1/zones/waiting/heartbeat", "{\"screen\":\"s\"}"), ==, 200);
    list = get("/v1/zones");
    CHECK_INT(json_array_size(json_object_get(list, "zones")), ==, 2);
    zone = json_array_get(json_object_get(list, "zones"), 0);
    CHECK_STR(displays_text(zone, "zone"), "zone1");
    CHECK_INT(displays_int(zone, "landscape"), ==, 4);
    CHECK_INT(displays_int(zone, "portrait"), ==, 2);
    zone = json_array_get(json_object_get(list, "zones"), 1);
    CHECK_STR(displays_text(zone, "zone"), "waiting");
    CHECK_INT(displays_int(zone, "version"), ==, 0);
    CHECK_INT(displays_int(json_object_get(zone, "screens"), "live"), ==, 1);
    displays_done(&displays);
}

TEST(old_clients_are_answered_as_they_expect)
{
    OWNED_VALUE(buf) body = {0};
    OWNED_VALUE(buf) answer = {0};

    start();
    displays_body(0, 8, 8, ",\"zone\":\"zone1\"", &body);
    CHECK_INT(displays_ask(&displays, "POST", "/updateDisplay", buf_text(&body), &answer), ==,
              200);
    CHECK_STR(buf_text(&answer), "sucess");
    displays_body(90, 1, 0, ",\"zone\":\"zone1\"", &body);
    CHECK_INT(displays_ask(&displays, "POST", "/updateDisplay", buf_text(&body), &answer), ==,
              422);
    CHECK_STR(buf_text(&answer),
              "emotions/happy/p90h.jpeg is no picture of the garden (any more)\n");
    displays_done(&displays);
}

/* -- following -- */

static void follows(enum screen_way way)
{
    struct hung_screen screen;

    start();
    hung_screen_init(&screen, displays.http, displays.url, "zone1", way);
    (void)displays_put(&displays, "zone1", 0, 8, 8, "");
    hung_screens_until(&screen, 1, 1);
    (void)displays_put(&displays, "zone1", 3, 8, 8, "");
    hung_screens_until(&screen, 1, 2);
    CHECK_INT(screen.first, ==, 3);
    CHECK_INT(screen.told, ==, 2);
    hung_screen_done(&screen);
    displays_done(&displays);
}

TEST(a_screen_follows_by_the_feed)
{
    follows(SCREEN_FEED);
}

TEST(a_screen_follows_by_long_polls)
{
    follows(SCREEN_LONG_POLL);
}

TEST(a_screen_follows_by_asking_again)
{
    follows(SCREEN_POLL);
}

/* A screen that comes back with what it has is not told of it again. */
TEST(a_feed_goes_on_where_the_screen_was)
{
    struct hung_screen screen;

    start();
    hung_screen_init(&screen, displays.http, displays.url, "zone1", SCREEN_FEED);
    (void)displays_put(&displays, "zone1", 0, 8, 8, "");
    hung_screens_until(&screen, 1, 1);
    hung_screen_cut(&screen);
    for (int i = 0; i < 20; i++) {
        hung_screen_tick(&screen);
        (void)http_client_run(displays.http, 5);
    }
    CHECK_INT(screen.told, ==, 1);
    (void)displays_put(&displays, "zone1", 1, 8, 8, "");
    hung_screens_until(&screen, 1, 2);
    CHECK_INT(screen.told, ==, 2);
    hung_screen_done(&screen);
    displays_done(&displays);
}

TEST(a_long_poll_says_that_nothing_changed)
{
    const int64_t before_ms = clock_mono_ms();

    start();
    (void)displays_put(&displays, "zone1", 0, 1, 1, "");
    CHECK_INT(ask("GET", "/v1/zones/zone1?after=1&wait=1", NULL), ==, 304);
    CHECK_INT(clock_mono_ms() - before_ms, >=, 1000);
    CHECK_INT(ask("GET", "/v1/zones/zone1?after=0&wait=60", NULL), ==, 200);
    CHECK_INT(ask("GET", "/v1/zones/zone1?after=0&wait=61", NULL), ==, 400);
    displays_done(&displays);
}

/* -- after the worst -- */

enum { MANY = 120 };

TEST(after_kill_9_every_screen_is_current_again_in_three_seconds)
{
    static struct hung_screen screens[MANY];
    int64_t start_ms;

    start();
    (void)displays_put(&displays, "zone1", 0, 8, 8, "");
    for (int i = 0; i < MANY; i++)
        hung_screen_init(&screens[i], displays.http, displays.url, "zone1", SCREEN_FEED);
    hung_screens_until(screens, MANY, 1);
    (void)displays_put(&displays, "zone1", 4, 8, 8, "");
    displays_kill(&displays); /* before they were all told */
    start_ms = clock_mono_ms();
    displays_start(&displays);
    hung_screens_until(screens, MANY, 2);
    CHECK_INT(clock_mono_ms() - start_ms, <, 3000);
    for (int i = 0; i < MANY; i++) {
        CHECK_INT(screens[i].first, ==, 4);
        hung_screen_done(&screens[i]);
    }
    displays_done(&displays);
}

/* Waits for what is made up for in the background. */
static void wait_copy(const char *name, const char *key)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
    bool same = false;

    while (!same) {
        OWNED_VALUE(buf) data = {0};
        struct err err = {0};
        char path[96];

        CHECK_INT(clock_mono_ms(), <, deadline_ms);
        (void)snprintf(path, sizeof path, "display/%s", name);
        same = store_get(displays.store, path, &data, NULL, &err) == 0 &&
               strcmp(buf_text(&data), key) == 0;
        (void)poll(NULL, 0, 20);
    }
}

TEST(on_kafka_a_zone_is_there_again_after_kill_9)
{
    OWNED_JSON manifest = NULL;
    char url[128];

    if (!getenv("TEST_KAFKA"))
        SKIP("TEST_KAFKA is not set");
    (void)engine_start("kafka", NULL); /* where nobody else's pictures are */
    (void)snprintf(url, sizeof url, "kafka://%s", getenv("TEST_KAFKA"));
    displays_prepare_on(&displays, url);
    displays_fill(&displays, PICTURES);
    displays_start(&displays);
    CHECK_INT(displays_put(&displays, "zone1", 0, 8, 8, ""), ==, 1);
    CHECK_INT(displays_put(&displays, "zone1", 2, 3, 2, ",\"effective_at\":1000"), ==, 2);
    displays_kill(&displays);
    displays_start(&displays);
    manifest = get("/v1/zones/zone1");
    CHECK_INT(displays_int(manifest, "version"), ==, 2);
    CHECK_INT(json_array_size(json_object_get(manifest, "landscape")), ==, 3);
    CHECK_INT(displays_put(&displays, "zone1", 4, 1, 0, ""), ==, 3);
    displays_done(&displays);
}

TEST(old_screens_have_nine_places_that_repeat)
{
    start();
    (void)displays_put(&displays, "zone1", 0, 8, 2, "");
    displays_copy_is(&displays, "zone1/img1h.jpeg", "emotions/happy/p0h.jpeg");
    displays_copy_is(&displays, "zone1/img8h.jpeg", "emotions/happy/p7h.jpeg");
    displays_copy_is(&displays, "zone1/img9h.jpeg", "emotions/happy/p0h.jpeg");
    displays_copy_is(&displays, "zone1/img2v.jpeg", "emotions/happy/p1v.jpeg");
    displays_copy_is(&displays, "zone1/img9v.jpeg", "emotions/happy/p0v.jpeg");
    (void)displays_put(&displays, "zone1", 5, 1, 0, "");
    displays_copy_is(&displays, "zone1/img9h.jpeg", "emotions/happy/p5h.jpeg");
    CHECK(!displays_has_copy(&displays, "zone1/img1v.jpeg"));
    displays_done(&displays);
}

/* As another writer does it: picture 9 alone, in zone1. */
static void write_past(int64_t version)
{
    const struct display_picture picture = {
        "emotions/happy/p9h.jpeg",
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"};
    const struct display_event event = {.zone = "zone1",
                                        .version = version,
                                        .effective_at_ms = 1,
                                        .landscape = &picture,
                                        .landscape_count = 1};
    OWNED_VALUE(buf) value = {0};
    struct bus_record record = {.topic = TOPIC_DISPLAYS, .key = "zone1", .key_size = 5};
    struct err err = {0};

    CHECK_OK(display_event_encode(&value, &event, &err), err);
    record.value = value.data;
    record.value_size = value.size;
    CHECK_OK(bus_publish(displays.bus, &record, 1, WAIT_MS, &err), err);
}

/* A set that another replica wrote, or that this one did not come to copy before it died. */
TEST(copies_that_were_not_made_are_made_up_for)
{
    start();
    (void)displays_put(&displays, "zone1", 0, 1, 1, "");
    displays_kill(&displays);
    write_past(7);
    displays_start(&displays);
    wait_copy("zone1/img9h.jpeg", "emotions/happy/p9h.jpeg");
    CHECK_INT(displays_put(&displays, "zone1", 0, 1, 1, ""), ==, 8);
    displays_done(&displays);
}

/* A writer that lost a race and died before it could write again. */
TEST(a_set_whose_version_was_taken_is_written_again_under_the_next)
{
    struct hung_screen screen;

    start();
    hung_screen_init(&screen, displays.http, displays.url, "zone1", SCREEN_FEED);
    (void)displays_put(&displays, "zone1", 0, 1, 0, "");
    hung_screens_until(&screen, 1, 1);
    write_past(1);
    hung_screens_until(&screen, 1, 2);
    CHECK_INT(screen.first, ==, 9);
    CHECK_INT(displays_put(&displays, "zone1", 3, 1, 0, ""), ==, 3);
    hung_screen_done(&screen);
    displays_done(&displays);
}

/* -- bad input -- */

static void refused(const char *path, const char *body, int status, const char *reason)
{
    OWNED_JSON answer = displays_json(&displays, "PUT", path, body, status);

    CHECK_HAS(displays_text(answer, "detail"), reason);
}

TEST(names_with_slashes_or_scripts_are_refused)
{
    OWNED_VALUE(buf) answer = {0};

    start();
    refused("/v1/zones/a%2Fb", "{}", 400, "'a/b' is no zone's name");
    refused("/v1/zones/%3Cscript%3Ealert(1)", "{}", 400, "'<script>alert(1)' is no zone's");
    refused("/v1/zones/..", "{}", 400, "'..' is no zone's name");
    CHECK_INT(displays_ask(&displays, "PUT", "/v1/zones/a/b", "{}", &answer), ==, 405);
    CHECK_INT(displays_ask(&displays, "POST", "/updateDisplay",
                           "{\"zone\":\"../html\",\"landscape\":[],\"portrait\":[]}", &answer),
              ==, 400);
    CHECK_INT(ask("GET", "/v1/zones/a%2Fb/feed", NULL), ==, 400);
    CHECK_INT(ask("POST", "/v1/zones/%3Cb%3E/heartbeat", "{\"screen\":\"s\"}"), ==, 400);
    displays_done(&displays);
}

TEST(keys_that_are_no_pictures_are_all_named)
{
    OWNED_JSON answer = NULL;
    const json_t *keys;

    start();
    (void)displays_put(&displays, "zone1", 0, 2, 0, "");
    displays_remove(&displays, "emotions/happy/p1h.jpeg");
    answer = displays_json(
        &displays, "PUT", "/v1/zones/zone1",
        "{\"landscape\":[\"emotions/happy/p0h.jpeg\",\"emotions/happy/p1h.jpeg\"],"
        "\"portrait\":[\"imgPool/happy/p0v.jpeg\",\"<img src=x onerror=alert(1)>\"]}",
        422);
    keys = json_object_get(answer, "keys");
    CHECK_INT(json_array_size(keys), ==, 3);
    CHECK_STR(json_string_value(json_array_get(keys, 0)), "emotions/happy/p1h.jpeg");
    CHECK_STR(json_string_value(json_array_get(keys, 1)), "imgPool/happy/p0v.jpeg");
    CHECK_STR(json_string_value(json_array_get(keys, 2)), "<img src=x onerror=alert(1)>");
    json_decref(answer);
    answer = get("/v1/zones/zone1");
    CHECK_INT(displays_int(answer, "version"), ==, 1);
    displays_done(&displays);
}

TEST(lists_that_are_too_long_repeat_or_make_no_sense_are_refused)
{
    OWNED_VALUE(buf) body = {0};

    start();
    displays_body(0, 9, 0, "", &body);
    refused("/v1/zones/z", buf_text(&body), 422, "a zone takes at most 8");
    refused("/v1/zones/z",
            "{\"landscape\":[\"emotions/happy/p0h.jpeg\",\"emotions/happy/p0h.jpeg\"]}", 422,
            "landscape names emotions/happy/p0h.jpeg twice");
    refused("/v1/zones/z", "[]", 400, "no JSON object");
    refused("/v1/zones/z", "{", 400, "");
    refused("/v1/zones/z", "{}", 422, "nothing to show");
    displays_body(0, 5000, 0, "", &body);
    CHECK_INT(ask("PUT", "/v1/zones/z", buf_text(&body)), ==, 413);
    CHECK_INT(ask("GET", "/v1/zones/z", NULL), ==, 404);
    displays_done(&displays);
}
