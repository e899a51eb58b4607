/* gateway_displays_test.c - zones and their screens through the gateway: who may do what, a
 * feed that is passed on as it comes, and what becomes of it when either side goes. */
#include <inttypes.h>
#include <stdio.h>

#include "lib/base/clock.h"
#include "tests/support/displays.h"
#include "tests/support/gateway.h"
#include "tests/support/process.h"
#include "tests/support/screen.h"
#include "tests/test.h"

enum { WAIT_MS = 20000 };

static struct displays displays;
static struct door door;

static int ask(const char *method, const char *path, const char *key, const char *body)
{
    return door_ask(&door, &(struct door_request){
                               .method = method, .path = path, .key = key, .body = body});
}

/* The service and the gateway before it, on the same folder. */
static void start(const char *more)
{
    char url[96];

    displays_prepare(&displays);
    displays_fill(&displays, 12);
    displays_start(&displays);
    (void)snprintf(url, sizeof url, "GARDEN_DISPLAY_FEED_URL=%s", displays.url);
    door = (struct door){.data = displays.data};
    door_start(&door, (const char *const[]){url, more, NULL});
}

static void stop(void)
{
    door_stop(&door);
    displays_done(&displays);
}

/* How many follow the service at the moment. */
static int following(void)
{
    OWNED_JSON ready = displays_json(&displays, "GET", "/readyz", NULL, 200);

    return (int)json_integer_value(
        json_object_get(json_object_get(ready, "detail"), "following"));
}

static void until_following(struct hung_screen *screens, int count, int wanted)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (following() != wanted) {
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("%d follow, not %d", following(), wanted);
        for (int i = 0; i < count; i++)
            hung_screen_tick(&screens[i]);
        (void)http_client_run(displays.http, 5);
    }
}

TEST(screens_may_look_kiosks_may_choose_and_operators_may_all)
{
    static const char change[] = "{\"landscape\":[\"emotions/happy/p0h.jpeg\"]}";
    static const char old[] = "{\"zone\":\"z\",\"landscape\":[\"emotions/happy/p0h.jpeg\"]}";
    static const char beat[] = "{\"screen\":\"s\"}";

    start("GARDEN_REQUIRE_KEYS=1");
    CHECK_INT(ask("PUT", "/v1/zones/z", NULL, change), ==, 401);
    CHECK_INT(ask("PUT", "/v1/zones/z", door.display_key, change), ==, 403);
    CHECK_INT(ask("PUT", "/v1/zones/z", door.kiosk_key, change), ==, 200);
    CHECK_INT(ask("PUT", "/v1/zones/z", door.operator_key, change), ==, 200);
    CHECK_INT(ask("POST", "/updateDisplay", door.display_key, old), ==, 403);
    CHECK_INT(ask("POST", "/updateDisplay", door.kiosk_key, old), ==, 200);
    CHECK_STR(door_body(&door), "sucess");
    CHECK_INT(ask("GET", "/v1/zones", NULL, NULL), ==, 401);
    CHECK_INT(ask("GET", "/v1/zones", door.display_key, NULL), ==, 200);
    CHECK_INT(ask("GET", "/v1/zones/z", door.display_key, NULL), ==, 200);
    CHECK_STR(door_header(&door, "etag"), "\"z-3\"");
    CHECK_INT(ask("GET", "/v1/zones/z/feed", NULL, NULL), ==, 401);
    CHECK_INT(ask("POST", "/v1/zones/z/heartbeat", NULL, beat), ==, 401);
    CHECK_INT(ask("POST", "/v1/zones/z/heartbeat", door.display_key, beat), ==, 200);
    CHECK_INT(ask("GET", "/v1/screens", door.kiosk_key, NULL), ==, 403);
    CHECK_INT(ask("GET", "/v1/screens", door.operator_key, NULL), ==, 200);
    CHECK_INT(ask("GET", "/v1/plays", door.display_key, NULL), ==, 403);
    CHECK_INT(ask("GET", "/v1/plays", door.operator_key, NULL), ==, 200);
    CHECK_INT(ask("POST", "/v1/withdrawals", door.kiosk_key, "{}"), ==, 403);
    CHECK_INT(ask("POST", "/v1/withdrawals", door.operator_key,
                  "{\"keys\":[\"emotions/happy/p0h.jpeg\"]}"),
              ==, 202);
    stop();
}

TEST(on_loopback_kiosks_and_screens_need_no_key)
{
    start(NULL);
    CHECK_INT(ask("PUT", "/v1/zones/z", NULL, "{\"landscape\":[\"emotions/happy/p0h.jpeg\"]}"),
              ==, 200);
    CHECK_INT(ask("GET", "/v1/zones/z", NULL, NULL), ==, 200);
    CHECK_INT(ask("GET", "/display/z/img9h.jpeg", NULL, NULL), ==, 200);
    CHECK_STR(door_body(&door), "emotions/happy/p0h.jpeg");
    CHECK_INT(ask("GET", "/v1/screens", NULL, NULL), ==, 401);
    stop();
}

TEST(a_manifest_that_a_screen_has_is_not_sent_again)
{
    start(NULL);
    (void)displays_put(&displays, "z", 0, 8, 8, "");
    CHECK_INT(door_ask(&door, &(struct door_request){.path = "/v1/zones/z",
                                                     .header = "If-None-Match: \"z-1\""}),
              ==, 304);
    stop();
}

enum { SCREENS = 40 };
static struct hung_screen screens[SCREENS];

static void hang(int count, enum screen_way way)
{
    for (int i = 0; i < count; i++)
        hung_screen_init(&screens[i], displays.http, door.url, "z", way);
}

static void take_down(int count)
{
    for (int i = 0; i < count; i++)
        hung_screen_done(&screens[i]);
}

TEST(feeds_are_passed_on_as_they_come_and_come_back_after_a_restart)
{
    start("GARDEN_FORWARD_CALLS=1");
    (void)displays_put(&displays, "z", 0, 8, 8, "");
    hang(SCREENS, SCREEN_FEED);
    hung_screens_until(screens, SCREENS, 1);
    CHECK_INT(following(), ==, SCREENS); /* none waits for another to end */
    (void)displays_put(&displays, "z", 1, 8, 8, "");
    hung_screens_until(screens, SCREENS, 2);
    displays_kill(&displays);
    displays_start(&displays);
    (void)displays_put(&displays, "z", 2, 8, 8, "");
    hung_screens_until(screens, SCREENS, 3);
    CHECK_INT(screens[0].first, ==, 2);
    take_down(SCREENS);
    stop();
}

TEST(a_screen_that_leaves_is_followed_out_to_the_service)
{
    start(NULL);
    hang(SCREENS, SCREEN_FEED);
    until_following(screens, SCREENS, SCREENS);
    for (int i = 0; i < SCREENS / 2; i++)
        hung_screen_cut(&screens[i]);
    until_following(screens, 0, SCREENS / 2);
    take_down(SCREENS);
    until_following(screens, 0, 0);
    stop();
}

TEST(a_long_poll_may_take_longer_than_other_answers)
{
    start("GARDEN_FORWARD_MS=200");
    (void)displays_put(&displays, "z", 0, 8, 8, "");
    CHECK_INT(ask("GET", "/v1/zones/z?after=1&wait=1", NULL, NULL), ==, 304);
    hang(SCREENS, SCREEN_LONG_POLL);
    hung_screens_until(screens, SCREENS, 1);
    (void)displays_put(&displays, "z", 1, 8, 8, "");
    hung_screens_until(screens, SCREENS, 2);
    take_down(SCREENS);
    stop();
}

TEST(so_many_are_passed_on_and_no_more)
{
    start("GARDEN_RELAYS=3");
    hang(3, SCREEN_FEED);
    until_following(screens, 3, 3);
    CHECK_INT(ask("GET", "/v1/zones/z", NULL, NULL), ==, 503);
    CHECK_HAS(door_body(&door), "GARDEN_RELAYS");
    take_down(3);
    until_following(screens, 0, 0);
    CHECK_INT(ask("GET", "/v1/zones/z", NULL, NULL), ==, 404);
    stop();
}

TEST(what_the_service_refuses_is_refused_as_it_says)
{
    start(NULL);
    CHECK_INT(ask("GET", "/v1/zones/%3Cscript%3E/feed", NULL, NULL), ==, 400);
    CHECK_HAS(door_body(&door), "no zone's name");
    CHECK_STR(door_header(&door, "content-type"), "application/problem+json");
    CHECK_INT(ask("PUT", "/v1/zones/z", NULL, "{\"landscape\":[\"emotions/happy/no.jpeg\"]}"),
              ==, 422);
    CHECK_HAS(door_body(&door), "\"keys\":[\"emotions/happy/no.jpeg\"]");
    stop();
}

/* More than what is passed on elsewhere. */
TEST(a_fleet_of_many_is_shown_whole)
{
    OWNED_JSON list = NULL;
    struct err err = {0};
    char body[64];

    start(NULL);
    (void)displays_put(&displays, "z", 0, 8, 8, "");
    for (int i = 0; i < 1500; i++) {
        (void)snprintf(body, sizeof body, "{\"screen\":\"s%d\",\"version\":1}", i);
        CHECK_INT(displays_ask(&displays, "POST", "/v1/zones/z/heartbeat", body, NULL), ==,
                  200);
    }
    CHECK_INT(ask("GET", "/v1/screens", door.operator_key, NULL), ==, 200);
    list = json_parse(door_body(&door), strlen(door_body(&door)), &err);
    CHECK_INT(json_array_size(json_object_get(list, "screens")), ==, 1500);
    stop();
}

TEST(a_gateway_stops_while_screens_follow)
{
    start(NULL);
    hang(SCREENS, SCREEN_FEED);
    until_following(screens, SCREENS, SCREENS);
    stop();
}

TEST(the_gateway_does_without_display_feed)
{
    door = (struct door){0};
    door_start(&door, NULL);
    CHECK_INT(ask("GET", "/v1/zones/z/feed", NULL, NULL), ==, 503);
    CHECK_HAS(door_body(&door), "GARDEN_DISPLAY_FEED_URL");
    CHECK_INT(ask("PUT", "/v1/zones/z", NULL, "{}"), ==, 503);
    (void)ask("GET", "/readyz", NULL, NULL);
    CHECK(!strstr(door_body(&door), "display-feed"));
    door_stop(&door);
}

TEST(a_display_feed_that_is_away_is_told_of)
{
    char url[96];

    (void)snprintf(url, sizeof url, "GARDEN_DISPLAY_FEED_URL=http://127.0.0.1:%d", port_free());
    door = (struct door){0};
    door_start(&door, (const char *const[]){url, NULL});
    CHECK_INT(ask("GET", "/v1/zones/z/feed", NULL, NULL), ==, 503);
    CHECK_HAS(door_body(&door), "the display-feed service does not answer");
    CHECK_INT(ask("GET", "/readyz", NULL, NULL), ==, 503);
    CHECK_HAS(door_body(&door), "\"display-feed\":{\"state\":\"down\"");
    door_stop(&door);
}
