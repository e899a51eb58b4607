/* display_interleavings_test.c - whatever happens in which order: at the end each screen has
 * its zone's last manifest, and none was ever told half a set or an older one.
 *
 * Two services on one bus, both written to, each stopped and started from the topic again and
 * again; screens that follow by each way, at either of them, and are cut off meanwhile. 1,000
 * sequences of chance, each with its own seed. */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "proto/display_event.h"
#include "proto/topics.h"
#include "services/display-feed/display_feed.h"
#include "tests/support/displays.h"
#include "tests/support/process.h"
#include "tests/support/random.h"
#include "tests/support/screen.h"

#define TEST_SECONDS 900
#include "tests/test.h"

enum {
    SERVICES = 2,
    ZONES = 3,
    SCREENS = 9,
    STEPS = 14,
    PICTURES = 40,
    PLACES = 4,
    SETTLE_MS = 20000,
    RECORDS = 100000,
};

struct stage {
    struct displays displays;
    struct display_feed_conf confs[SERVICES];
    char listen[SERVICES][32], url[SERVICES][64];
    struct display_feed *services[SERVICES];
    struct hung_screen screens[SCREENS];
    struct random random;
    int writing;  /* changes under way */
    int64_t next; /* offset of the topic that is not read yet */
    int64_t version[ZONES];
    int first[ZONES];
};

static const char *const zones[ZONES] = {"hall", "stairs", "roof.2"};

static void start_service(struct stage *stage, int i)
{
    struct err err = {0};

    stage->services[i] = display_feed_start(&stage->confs[i], &err);
    if (!stage->services[i])
        TEST_FAIL("service %d: %s", i, err.text);
}

static void prepare(struct stage *stage, uint64_t seed)
{
    memset(stage, 0, sizeof *stage);
    if (access("/dev/shm", W_OK) == 0)
        (void)setenv("TMPDIR", "/dev/shm", 1); /* what is tested is no disk */
    displays_prepare(&stage->displays);
    displays_fill(&stage->displays, PICTURES);
    stage->random = (struct random){seed};
    for (int i = 0; i < SERVICES; i++) {
        const int port = port_free();

        (void)snprintf(stage->listen[i], sizeof *stage->listen, "127.0.0.1:%d", port);
        (void)snprintf(stage->url[i], sizeof *stage->url, "http://127.0.0.1:%d", port);
        stage->confs[i] = (struct display_feed_conf){.garden = stage->displays.conf,
                                                     .listen = stage->listen[i],
                                                     .loops = 1,
                                                     .max_connections = 100,
                                                     .max_zones = 10,
                                                     .max_screens = 100,
                                                     .forget_h = 1,
                                                     .lead_ms = 0};
        start_service(stage, i);
    }
}

static void move(struct stage *stage, int ms)
{
    for (int i = 0; i < SCREENS; i++)
        hung_screen_tick(&stage->screens[i]);
    (void)http_client_run(stage->displays.http, ms);
}

/* -- what happens -- */

struct put {
    struct stage *stage;
    struct buf body;
};

static void on_put(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct put *put = ctx;

    (void)response;
    (void)err; /* a service that is stopped may have written it, or not */
    put->stage->writing--;
    buf_done(&put->body);
    free(put);
}

static void change(struct stage *stage)
{
    struct put *put = calloc(1, sizeof *put);
    const int service = (int)random_below(&stage->random, SERVICES);
    char url[160];
    struct http_client_request request = {.method = "PUT", .url = url, .deadline_ms = 20000};

    put->stage = stage;
    displays_body((int)random_below(&stage->random, PICTURES - PLACES), PLACES, PLACES, "",
                  &put->body);
    (void)snprintf(url, sizeof url, "%s/v1/zones/%s", stage->url[service],
                   zones[random_below(&stage->random, ZONES)]);
    request.body = put->body.data;
    request.body_size = put->body.size;
    stage->writing++;
    (void)http_client_send(stage->displays.http, &request, on_put, put);
}

static void restart(struct stage *stage)
{
    const int i = (int)random_below(&stage->random, SERVICES);

    display_feed_free(stage->services[i]);
    move(stage, (int)random_below(&stage->random, 3));
    start_service(stage, i);
}

static void cut(struct stage *stage)
{
    struct hung_screen *screen = &stage->screens[random_below(&stage->random, SCREENS)];

    hung_screen_cut(screen);
    memcpy(screen->url, stage->url[random_below(&stage->random, SERVICES)], sizeof screen->url);
}

static void step(struct stage *stage)
{
    const uint64_t chance = random_below(&stage->random, 100);

    if (chance < 45)
        change(stage);
    else if (chance < 52)
        restart(stage);
    else if (chance < 75)
        cut(stage);
    move(stage, (int)random_below(&stage->random, 6));
}

/* -- what it comes to -- */

/* As any reader of the topic takes it. */
static int take(void *ctx, const struct bus_record *record, struct err *err)
{
    struct stage *stage = ctx;
    OWNED_VALUE(buf) storage = {0};
    struct display_event event;

    stage->next = record->offset + 1;
    CHECK_OK(display_event_decode(record->value, record->value_size, &event, &storage, err),
             *err);
    for (int i = 0; i < ZONES; i++)
        if (strcmp(event.zone, zones[i]) == 0 && event.version > stage->version[i]) {
            stage->version[i] = event.version;
            stage->first[i] = displays_number(event.landscape[0].key);
        }
    return 0;
}

static void read_topic(struct stage *stage)
{
    struct err err = {0};

    CHECK_OK(bus_read(stage->displays.bus, TOPIC_DISPLAYS, 0, stage->next, RECORDS, take, stage,
                      &err),
             err);
}

static int zone_of(const struct hung_screen *screen)
{
    for (int i = 0; i < ZONES; i++)
        if (strcmp(screen->zone, zones[i]) == 0)
            return i;
    TEST_FAIL("no zone %s", screen->zone);
}

static bool is_settled(struct stage *stage)
{
    for (int i = 0; i < SCREENS; i++) {
        const struct hung_screen *screen = &stage->screens[i];
        const int zone = zone_of(screen);

        if (screen->version != stage->version[zone] ||
            (screen->version > 0 && screen->first != stage->first[zone]))
            return false;
    }
    return true;
}

static void settle(struct stage *stage, uint64_t seed)
{
    const int64_t deadline_ms = clock_mono_ms() + SETTLE_MS;

    while (stage->writing > 0)
        move(stage, 5);
    do {
        move(stage, 5);
        read_topic(stage);
        if (clock_mono_ms() > deadline_ms) {
            for (int i = 0; i < SCREENS; i++)
                printf("# screen %d, way %d, zone %s: version %" PRId64 " of %" PRId64 "\n", i,
                       stage->screens[i].way, stage->screens[i].zone, stage->screens[i].version,
                       stage->version[zone_of(&stage->screens[i])]);
            TEST_FAIL("seed %" PRIu64 ": not every screen has its zone's last manifest", seed);
        }
    } while (!is_settled(stage));
}

static void play(struct stage *stage, uint64_t seed)
{
    stage->random = (struct random){seed};
    for (int i = 0; i < SCREENS; i++)
        hung_screen_init(&stage->screens[i], stage->displays.http,
                         stage->url[random_below(&stage->random, SERVICES)], zones[i % ZONES],
                         (enum screen_way)(i / ZONES % SCREEN_WAYS));
    for (int i = 0; i < STEPS; i++)
        step(stage);
    settle(stage, seed);
    for (int i = 0; i < SCREENS; i++)
        hung_screen_done(&stage->screens[i]);
}

static void play_many(uint64_t first, int count)
{
    static struct stage stage;

    prepare(&stage, first);
    for (int i = 0; i < count; i++)
        play(&stage, first + (uint64_t)i);
    for (int i = 0; i < SERVICES; i++)
        display_feed_free(stage.services[i]);
    displays_done(&stage.displays);
}

TEST(each_screen_ends_with_the_last_manifest_1_to_250)
{
    play_many(1, 250);
}

TEST(each_screen_ends_with_the_last_manifest_251_to_500)
{
    play_many(251, 250);
}

TEST(each_screen_ends_with_the_last_manifest_501_to_750)
{
    play_many(501, 250);
}

TEST(each_screen_ends_with_the_last_manifest_751_to_1000)
{
    play_many(751, 250);
}
