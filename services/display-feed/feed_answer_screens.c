/* feed_answer_screens.c - what screens tell, and what operators see of them. */
#include <string.h>

#include "lib/base/clock.h"
#include "services/display-feed/feed_answers.h"
#include "services/display-feed/heartbeat.h"

/* now is the clock that screens go by: one that is wrong by an hour changes over in time. */
static void answer_beat(struct display_feed_parts *parts, struct http_request *request,
                        const char *zone)
{
    OWNED(manifest) manifest = zones_manifest(parts->zones, zone);
    OWNED_VALUE(buf) out = {0};

    json_write_open(&out, '{');
    json_put_int(&out, "now", clock_wall_ms());
    json_put_int(&out, "version", manifest ? manifest->event.version : 0);
    json_put_int(&out, "effective_at", manifest ? manifest->event.effective_at_ms : 0);
    json_write_close(&out, '}');
    feed_answer_json(request, 200, &out);
}

void feed_answer_heartbeat(struct display_feed_parts *parts, struct http_request *request,
                           const char *name)
{
    OWNED_JSON root = NULL;
    json_t *plays;
    struct screen screen;
    struct err err = {0};

    if (feed_refuse_start(parts, request))
        return;
    root = feed_answer_body(request);
    if (!root)
        return;
    if (heartbeat_read(root, name, clock_wall_ms(), &screen, &plays, &err) < 0 ||
        screens_beat(parts->screens, &screen, &err) < 0) {
        refuse_err(request, &err);
        return;
    }
    metric_add(parts->figures.heartbeats, 1);
    if (!plays)
        answer_beat(parts, request, name);
    else if (plays_add(parts->plays, request, &screen, plays, &err) < 0)
        refuse_err(request, &err);
}

void feed_answer_played(void *ctx, struct http_request *request, const char *zone, size_t count,
                        const struct err *err)
{
    struct display_feed_parts *parts = ctx;

    if (err->code) {
        refuse(request, 503, "what was shown could not be noted: tell of it again in a moment");
        return;
    }
    metric_add(parts->figures.plays, (double)count);
    answer_beat(parts, request, zone);
}

/* -- the fleet -- */

struct fleet {
    struct display_feed_parts *parts;
    int64_t now_ms;
    struct buf out;
};

static void write_expected(struct buf *out, const struct screen *screen,
                           const struct manifest *manifest)
{
    const struct display_picture *pictures = NULL;
    size_t count = 0;

    if (manifest)
        pictures = manifest_pictures(manifest, screen->orientation, &count);
    json_write_name(out, "expected");
    json_write_open(out, '[');
    for (size_t i = 0; i < count; i++)
        json_write_str(out, pictures[i].sha256);
    json_write_close(out, ']');
}

static void write_screen(void *ctx, const struct screen *screen)
{
    struct fleet *fleet = ctx;
    struct buf *out = &fleet->out;
    OWNED(manifest) manifest = zones_manifest(fleet->parts->zones, screen->zone);
    const char orientation[2] = {screen->orientation, '\0'};

    json_write_open(out, '{');
    json_put_str(out, "screen", screen->id);
    json_put_str(out, "zone", screen->zone);
    json_put_int(out, "slot", screen->slot);
    json_put_str(out, "orientation", orientation);
    json_put_str(out, "state",
                 screen_state_names[screen_state(screen, manifest, fleet->now_ms)]);
    json_put_int(out, "seen", screen->seen_ms);
    json_put_int(out, "version", screen->version);
    json_put_str(out, "showing", screen->showing);
    write_expected(out, screen, manifest);
    json_put_int(out, "clock_off", screen->clock_off_ms);
    json_write_close(out, '}');
}

void feed_answer_screens(struct display_feed_parts *parts, struct http_request *request,
                         const char *name)
{
    struct fleet fleet = {.parts = parts, .now_ms = clock_wall_ms()};

    (void)name;
    json_write_open(&fleet.out, '{');
    json_write_name(&fleet.out, "screens");
    json_write_open(&fleet.out, '[');
    screens_each(parts->screens, write_screen, &fleet);
    json_write_close(&fleet.out, ']');
    json_write_close(&fleet.out, '}');
    feed_answer_json(request, 200, &fleet.out);
    buf_done(&fleet.out);
}
