/* display_feed.c - see display_feed.h. */
#include "services/display-feed/display_feed.h"

#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/base/ticker.h"
#include "lib/json/json_write.h"
#include "proto/topics.h"
#include "services/common/follow.h"
#include "services/common/front.h"
#include "services/common/garden_wait.h"
#include "services/common/refuse.h"
#include "services/display-feed/feed_answers.h"
#include "services/display-feed/feed_routes.h"

enum {
    THREADS = 4,
    QUEUE = 256,
    DRAIN_MS = 500,
    HEAD_BYTES = 4096, /* screens are many, and the gateway's heads are short */
    TICK_MS = 100,
    KEEP_MS = 2000,
    HOUR_MS = 3600000,
};

enum { TROUBLE_DISPLAYS, TROUBLE_COPIES, TROUBLES };

struct display_feed {
    struct display_feed_parts parts;
    struct front *front;
    struct front_service answers;
    struct follow *follow;
    struct ticker *ticker, *keeper;
    struct trouble troubles[TROUBLES];
};

/* -- the topic, on the follower's thread -- */

/* A record that cannot be read is passed over: the zone goes on showing what it shows. */
static int on_record(void *ctx, const struct bus_record *record, struct err *err)
{
    struct display_feed *feed = ctx;
    enum zones_taken taken = ZONES_SAME;

    if (zones_take(feed->parts.zones, record, &taken, err) < 0) {
        if (err->code != ERR_INVALID)
            return err->code;
        log_warn("offset %lld of %s: %s", (long long)record->offset, record->topic, err->text);
        err_clear(err);
    }
    display_publisher_seen(feed->parts.publisher, record, taken);
    return 0;
}

static void on_whole(void *ctx)
{
    struct display_feed *feed = ctx;

    zones_set_whole(feed->parts.zones);
}

/* -- on threads of their own -- */

static void tick(void *ctx)
{
    struct display_feed *feed = ctx;

    zones_tick(feed->parts.zones, clock_mono_ms());
}

static void keep(void *ctx)
{
    struct display_feed *feed = ctx;

    screens_tick(feed->parts.screens, clock_wall_ms());
    if (!zones_is_whole(feed->parts.zones))
        return;
    display_publisher_repair(feed->parts.publisher);
}

/* -- HTTP -- */

static bool on_other(void *ctx, struct http_request *request)
{
    struct display_feed *feed = ctx;

    return feed_routes(&feed->parts, request);
}

static void on_head(void *ctx, struct http_request *request)
{
    (void)ctx;
    feed_routes_head(request);
}

/* Copies that cannot be made hold up old screens only, so they are told but are no reason not
 * to be ready. */
static bool on_ready(void *ctx, struct buf *out)
{
    struct display_feed *feed = ctx;
    const bool whole = zones_is_whole(feed->parts.zones);
    OWNED_VALUE(buf) detail = {0};
    char text[TROUBLE_TEXT];
    bool well;

    metric_set(feed->parts.figures.following, (double)zones_following(feed->parts.zones));
    metric_set(feed->parts.figures.screens, (double)screens_count(feed->parts.screens));
    json_write_open(&detail, '{');
    well = trouble_render(feed->troubles, TROUBLE_DISPLAYS + 1, &detail);
    json_put_str(&detail, "copies",
                 trouble_get(&feed->troubles[TROUBLE_COPIES], text) ? text : "ok");
    json_put_int(&detail, "following", (int64_t)zones_following(feed->parts.zones));
    json_write_close(&detail, '}');
    json_write_open(out, '{');
    json_put_bool(out, "ready", whole && well);
    json_put_str(out, "state",
                 !well    ? "in trouble"
                 : !whole ? "reading what the zones show"
                          : "ready");
    json_write_name(out, "detail");
    json_write_raw(out, detail.data, detail.size);
    json_write_close(out, '}');
    return whole && well;
}

/* -- parts -- */

static void init_figures(struct display_feed_figures *figures)
{
    figures->changes = metric_counter("garden_displays_changes_total",
                                      "Changes of zones that were written.", NULL);
    figures->heartbeats = metric_counter("garden_displays_heartbeats_total",
                                         "Heartbeats of screens that were taken.", NULL);
    figures->plays = metric_counter("garden_displays_plays_total",
                                    "Plays of pictures that were recorded.", NULL);
    figures->following =
        metric_gauge("garden_displays_following", "Screens that follow their zone.", NULL);
    figures->screens =
        metric_gauge("garden_displays_screens", "Screens that are remembered.", NULL);
}

static int make_parts(struct display_feed *feed, struct err *err)
{
    struct display_feed_parts *parts = &feed->parts;

    parts->zones = zones_new((size_t)parts->conf->max_zones, err);
    parts->screens = parts->zones ? screens_new((size_t)parts->conf->max_screens,
                                                parts->conf->forget_h * HOUR_MS, err)
                                  : NULL;
    return parts->screens ? 0 : err->code;
}

/* With bus and store there. */
static int connect(struct display_feed *feed, struct err *err)
{
    struct display_feed_parts *parts = &feed->parts;
    const struct follow_conf follow = {.bus = parts->bus,
                                       .topic = TOPIC_DISPLAYS,
                                       .take = on_record,
                                       .on_whole = on_whole,
                                       .ctx = feed,
                                       .trouble = &feed->troubles[TROUBLE_DISPLAYS]};
    const struct plays_conf plays = {
        .bus = parts->bus, .answer = feed_answer_played, .ctx = parts};

    parts->publisher = display_publisher_new(parts->bus, parts->zones, err);
    parts->pictures =
        parts->publisher ? pictures_new(&parts->conf->garden, parts->store, err) : NULL;
    parts->copies = parts->pictures ? copies_new(parts->store, parts->zones,
                                                 &feed->troubles[TROUBLE_COPIES], err)
                                    : NULL;
    parts->plays = parts->copies ? plays_new(&plays, err) : NULL;
    parts->pool = parts->plays ? pool_new(THREADS, QUEUE, err) : NULL;
    feed->follow = parts->pool ? follow_start(&follow, err) : NULL;
    feed->ticker = feed->follow ? ticker_start("zones", TICK_MS, tick, feed, err) : NULL;
    feed->keeper = feed->ticker ? ticker_start("keeper", KEEP_MS, keep, feed, err) : NULL;
    if (!feed->keeper)
        return err->code;
    feed->answers = (struct front_service){.ready = on_ready,
                                           .other = on_other,
                                           .head = on_head,
                                           .refuse = refuse_response,
                                           .paths = FEED_PATHS,
                                           .drain_ms = DRAIN_MS,
                                           .ctx = feed};
    front_connect(feed->front, &feed->answers);
    return 0;
}

struct display_feed *display_feed_start(const struct display_feed_conf *conf, struct err *err)
{
    struct display_feed *feed = calloc(1, sizeof *feed);
    const struct front_conf front = {.listen = conf->listen,
                                     .loops = (int)conf->loops,
                                     .max_connections = (int)conf->max_connections,
                                     .head_bytes = HEAD_BYTES};

    if (!feed) {
        (void)err_set_nomem(err, "the service");
        return NULL;
    }
    feed->parts.conf = conf;
    for (int i = 0; i < TROUBLES; i++)
        (void)pthread_mutex_init(&feed->troubles[i].lock, NULL);
    init_figures(&feed->parts.figures);
    feed->front = front_open(&front, err);
    if (!feed->front)
        (void)err_wrap(err, "listening on %s", conf->listen);
    if (feed->front && make_parts(feed, err) == 0 &&
        garden_wait(&conf->garden, DISPLAY_FEED_SERVICE, &feed->parts.bus, &feed->parts.store,
                    err) == 0 &&
        connect(feed, err) == 0)
        return feed;
    display_feed_free(feed);
    return NULL;
}

int display_feed_port(const struct display_feed *feed)
{
    return front_port(feed->front);
}

/* From the door inwards: who waits is answered, streams are ended, and screens come back to
 * whoever answers then. */
void display_feed_free(struct display_feed *feed)
{
    struct display_feed_parts *parts = feed ? &feed->parts : NULL;

    if (!feed)
        return;
    if (parts->zones)
        zones_close(parts->zones);
    if (parts->publisher)
        display_publisher_close(parts->publisher);
    front_free(feed->front);
    pool_free(parts->pool);
    plays_free(parts->plays);
    ticker_free(feed->keeper);
    ticker_free(feed->ticker);
    follow_free(feed->follow);
    copies_free(parts->copies);
    pictures_free(parts->pictures);
    display_publisher_free(parts->publisher);
    screens_free(parts->screens);
    zones_free(parts->zones);
    store_free(parts->store);
    bus_free(parts->bus);
    for (int i = 0; i < TROUBLES; i++)
        (void)pthread_mutex_destroy(&feed->troubles[i].lock);
    free(feed);
}

int display_feed_run(const struct display_feed_conf *conf, struct err *err)
{
    OWNED(display_feed) feed = display_feed_start(conf, err);

    if (feed) {
        log_info("answering on port %d", display_feed_port(feed));
        (void)stop_wait(-1);
    }
    return err->code && !stopping() ? err->code : 0;
}
