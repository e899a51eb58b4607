/* display_fleet_test.c - the screens themselves: what they tell, pictures that are withdrawn
 * from them, what they have shown, and a week of all that. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "tests/support/displays.h"
#include "tests/support/process.h"
#include "tests/support/screen.h"

#define TEST_SECONDS 120
#include "tests/test.h"

enum { PICTURES = 12 };

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

/* -- screens -- */

static json_t *beat(const char *rest)
{
    OWNED_VALUE(buf) body = {0};

    buf_printf(&body, "{\"screen\":\"hall-1\",\"slot\":2,\"orientation\":\"h\"%s}", rest);
    return displays_json(&displays, "POST", "/v1/zones/zone1/heartbeat", buf_text(&body), 200);
}

static void screen_is(const char *state, int64_t *ret_clock_off)
{
    OWNED_JSON list = get("/v1/screens");
    const json_t *screen = json_array_get(json_object_get(list, "screens"), 0);

    CHECK_INT(json_array_size(json_object_get(list, "screens")), ==, 1);
    CHECK_STR(displays_text(screen, "screen"), "hall-1");
    CHECK_STR(displays_text(screen, "state"), state);
    *ret_clock_off = displays_int(screen, "clock_off");
}

TEST(a_clock_wrong_by_an_hour_is_seen_and_told_the_right_time)
{
    OWNED_JSON answer = NULL;
    char rest[64];
    int64_t off_ms, now_ms = clock_wall_ms();

    start();
    (void)snprintf(rest, sizeof rest, ",\"clock\":%" PRId64, clock_wall_ms() + 3600000);
    answer = beat(rest);
    CHECK_INT(displays_int(answer, "now"), >=, now_ms);
    CHECK_INT(displays_int(answer, "now"), <=, clock_wall_ms());
    CHECK_INT(displays_int(answer, "version"), ==, 0);
    screen_is("live", &off_ms);
    CHECK_INT(off_ms, >, 3590000);
    CHECK_INT(off_ms, <=, 3600000);
    displays_done(&displays);
}

TEST(a_screen_that_shows_something_else_is_stale)
{
    OWNED_JSON answer = NULL;
    char key[DISPLAYS_KEY], hash[SHA256_HEX], rest[128];
    int64_t off_ms;

    start();
    (void)displays_put(&displays, "zone1", 3, 4, 0, ",\"effective_at\":1000");
    displays_key(9, 'h', key);
    sha256_hex(key, strlen(key), hash);
    (void)snprintf(rest, sizeof rest, ",\"version\":1,\"showing\":\"%s\"", hash);
    json_decref(beat(rest));
    screen_is("stale", &off_ms);
    displays_key(5, 'h', key);
    sha256_hex(key, strlen(key), hash);
    (void)snprintf(rest, sizeof rest, ",\"version\":1,\"showing\":\"%s\"", hash);
    answer = beat(rest);
    CHECK_INT(displays_int(answer, "version"), ==, 1);
    screen_is("live", &off_ms);
    displays_done(&displays);
}

/* -- withdrawals -- */

TEST(a_withdrawn_picture_leaves_every_zone_and_screens_acknowledge)
{
    OWNED_JSON made = NULL;
    OWNED_JSON then = NULL;
    OWNED_JSON manifest = NULL;
    char path[96];

    start();
    (void)displays_put(&displays, "zone1", 0, 3, 1, "");
    (void)displays_put(&displays, "other", 8, 3, 1, "");
    (void)displays_put(&displays, "zone2", 1, 1, 0, "");
    json_decref(beat(",\"version\":1"));
    made = displays_json(&displays, "POST", "/v1/withdrawals",
                         "{\"keys\":[\"emotions/happy/p1h.jpeg\"]}", 202);
    CHECK_INT(json_array_size(json_object_get(made, "zones")), ==, 2);
    CHECK_INT(displays_int(made, "outstanding"), ==, 1);
    manifest = get("/v1/zones/zone1");
    CHECK_INT(displays_int(manifest, "version"), ==, 2);
    CHECK_INT(displays_int(manifest, "effective_at"), <=, clock_wall_ms());
    CHECK_INT(json_array_size(json_object_get(manifest, "landscape")), ==, 2);
    json_decref(manifest);
    manifest = get("/v1/zones/zone2");
    CHECK_INT(json_array_size(json_object_get(manifest, "landscape")), ==, 0);
    CHECK(!displays_has_copy(&displays, "zone2/img1h.jpeg"));
    displays_copy_is(&displays, "zone1/img2h.jpeg", "emotions/happy/p2h.jpeg");
    displays_kill(&displays); /* what was done is known after it, too */
    displays_start(&displays);
    (void)snprintf(path, sizeof path, "/v1/withdrawals/%s", displays_text(made, "id"));
    then = get(path);
    CHECK_INT(displays_int(then, "outstanding"), ==, 1);
    json_decref(beat(",\"version\":2"));
    json_decref(then);
    then = get(path);
    CHECK_INT(displays_int(then, "acknowledged"), ==, 1);
    CHECK_INT(displays_int(then, "outstanding"), ==, 0);
    CHECK_INT(ask("GET", "/v1/withdrawals/../../keys", NULL), ==, 404);
    CHECK_INT(ask("POST", "/v1/withdrawals", "{\"keys\":[]}"), ==, 422);
    CHECK_INT(ask("POST", "/v1/withdrawals", "{}"), ==, 400);
    displays_done(&displays);
}

/* The set that is planned does not have it; the one that is shown until then does. */
TEST(a_picture_is_withdrawn_also_while_another_set_is_planned)
{
    OWNED_JSON made = NULL;
    OWNED_JSON manifest = NULL;
    char later[64];

    start();
    (void)displays_put(&displays, "zone1", 0, 3, 0, ",\"effective_at\":1000");
    (void)snprintf(later, sizeof later, ",\"effective_at\":%" PRId64,
                   clock_wall_ms() + 3600000);
    (void)displays_put(&displays, "zone1", 6, 3, 0, later);
    made = displays_json(&displays, "POST", "/v1/withdrawals",
                         "{\"keys\":[\"emotions/happy/p1h.jpeg\"]}", 202);
    CHECK_INT(json_array_size(json_object_get(made, "zones")), ==, 1);
    manifest = get("/v1/zones/zone1");
    CHECK_INT(displays_int(manifest, "version"), ==, 3);
    CHECK_INT(displays_int(manifest, "effective_at"), <=, clock_wall_ms());
    displays_done(&displays);
}

/* -- proof of play -- */

static size_t plays(const char *query, int64_t *ret_first)
{
    OWNED_VALUE(buf) path = {0};
    OWNED_JSON answer = NULL;
    const json_t *list;

    buf_printf(&path, "/v1/plays?%s", query);
    answer = get(buf_text(&path));
    list = json_object_get(answer, "plays");
    *ret_first = displays_int(json_array_get(list, 0), "from");
    return json_array_size(list);
}

TEST(what_screens_have_shown_is_kept_once)
{
    static const char sha[] =
        "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    OWNED_VALUE(buf) rest = {0};
    const int64_t now_ms = clock_wall_ms();
    int64_t first;
    char query[96];

    start();
    buf_printf(&rest, ",\"plays\":[");
    for (int i = 0; i < 3; i++)
        buf_printf(&rest,
                   "%s{\"key\":\"emotions/happy/p%dh.jpeg\",\"sha256\":\"%s\",\"from\":%" PRId64
                   ",\"to\":%" PRId64 "}",
                   i ? "," : "", i, sha, now_ms - 9000 + INT64_C(3000) * i,
                   now_ms - 6000 + INT64_C(3000) * i);
    buf_printf(&rest, "]");
    json_decref(beat(buf_text(&rest)));
    json_decref(beat(buf_text(&rest))); /* it had no answer */
    CHECK_INT(plays("zone=zone1", &first), ==, 3);
    CHECK_INT(first, ==, now_ms - 3000);
    CHECK_INT(plays("zone=zone1&limit=2", &first), ==, 2);
    CHECK_INT(plays("zone=other", &first), ==, 0);
    (void)snprintf(query, sizeof query, "from=%" PRId64 "&to=%" PRId64, now_ms - 9000,
                   now_ms - 6000);
    CHECK_INT(plays(query, &first), ==, 1); /* the next begins as the time ends */
    CHECK_INT(ask("GET", "/v1/plays?from=yesterday", NULL), ==, 400);
    CHECK_INT(ask("POST", "/v1/zones/zone1/heartbeat",
                  "{\"screen\":\"s\",\"plays\":[{\"key\":\"a\"}]}"),
              ==, 400);
    displays_done(&displays);
}

/* -- a long time -- */

/* Which fills the memory that the engine keeps of the topic's file, up to 2 MB. */
static void change_often(int count)
{
    for (int i = 0; i < count; i++)
        (void)displays_put(&displays, "busy", i % 4, 8, 8, "");
}

/* Screens that come and go, zones that change, screens that tell: a busy week's worth of each
 * thing, one after the other. */
TEST(a_week_of_coming_and_going_does_not_grow_memory)
{
    enum { DAYS = 7, CUTS = 150, ZONES = 3 };
    static struct hung_screen screens[ZONES];
    long after_a_day = 0, at_the_end = 0;

    if (access("/dev/shm", W_OK) == 0)
        (void)setenv("TMPDIR", "/dev/shm", 1); /* what is tested is no disk */
    start();
    change_often(900);
    for (int day = 0; day < DAYS; day++) {
        for (int i = 0; i < ZONES; i++) {
            char zone[16];

            (void)snprintf(zone, sizeof zone, "zone%d", i);
            hung_screen_init(&screens[i], displays.http, displays.url, zone,
                             (enum screen_way)(i % 2));
        }
        for (int i = 0; i < CUTS; i++) {
            struct hung_screen *screen = &screens[i % ZONES];
            const int64_t version = i < 30
                                        ? displays_put(&displays, screen->zone, i % 4, 8, 8, "")
                                        : screen->version;

            hung_screens_until(screen, 1, version);
            hung_screen_cut(screen);
            json_decref(beat(""));
        }
        for (int i = 0; i < ZONES; i++)
            hung_screen_done(&screens[i]);
        at_the_end = process_resident_kib(displays.pid, false);
        printf("# %ld KiB after day %d\n", at_the_end, day + 1);
        if (day == 0)
            after_a_day = at_the_end;
    }
    if (!getenv("ASAN_OPTIONS")) /* which keeps what was given back */
        CHECK_INT(at_the_end - after_a_day, <=, 500);
    displays_done(&displays);
}
