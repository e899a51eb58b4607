/* feed_answer_zones.c - what zones show: to look at, to wait for, to follow. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/http/sse.h"
#include "lib/json/json.h"
#include "services/display-feed/feed_answers.h"

enum { WAIT_MAX_S = 60, GRACE_MS = 5000 };

/* A stranger cannot fill the table by asking for zones that nobody has heard of. */
static bool refuse_new(struct display_feed_parts *parts, struct http_request *request,
                       const char *zone)
{
    if (zones_has_room(parts->zones, zone))
        return false;
    refuse(request, 503, "there are too many zones already: raise DISPLAY_FEED_ZONES");
    return true;
}

/* -- the list -- */

struct row {
    char zone[DISPLAY_ZONE_MAX + 1];
    struct manifest *manifest; /* a reference, or NULL */
    size_t counts[SCREEN_DARK + 1];
};

struct list {
    struct map *rows;
    int64_t now_ms;
    struct buf out;
};

static struct row *find_row(struct list *list, const char *zone)
{
    struct row *row = map_get(list->rows, zone, strlen(zone));

    if (row)
        return row;
    row = calloc(1, sizeof *row);
    if (!row || map_put(list->rows, zone, strlen(zone), row) < 0) {
        free(row);
        list->out.failed = true;
        return NULL;
    }
    (void)text_copy(row->zone, sizeof row->zone, zone);
    return row;
}

static void add_zone(void *ctx, const struct zones_view *view)
{
    struct row *row = find_row(ctx, view->zone);

    if (row)
        row->manifest = manifest_ref(view->manifest);
}

static void count_screen(void *ctx, const struct screen *screen)
{
    struct list *list = ctx;
    struct row *row = find_row(list, screen->zone);

    if (row)
        row->counts[screen_state(screen, row->manifest, list->now_ms)]++;
}

static void write_row(void *ctx, const void *name, size_t size, void *value)
{
    struct list *list = ctx;
    struct row *row = value;
    const struct display_event *event = row->manifest ? &row->manifest->event : NULL;
    struct buf *out = &list->out;

    (void)name;
    (void)size;
    json_write_open(out, '{');
    json_put_str(out, "zone", row->zone);
    json_put_int(out, "version", event ? event->version : 0);
    json_put_int(out, "effective_at", event ? event->effective_at_ms : 0);
    json_put_int(out, "landscape", event ? (int64_t)event->landscape_count : 0);
    json_put_int(out, "portrait", event ? (int64_t)event->portrait_count : 0);
    json_write_name(out, "screens");
    json_write_open(out, '{');
    for (int state = SCREEN_LIVE; state <= SCREEN_DARK; state++)
        json_put_int(out, screen_state_names[state], (int64_t)row->counts[state]);
    json_write_close(out, '}');
    json_write_close(out, '}');
    manifest_free(row->manifest);
    free(row);
}

void feed_answer_zones(struct display_feed_parts *parts, struct http_request *request,
                       const char *name)
{
    struct list list = {.rows = map_new(), .now_ms = clock_wall_ms()};

    (void)name;
    if (!list.rows || feed_refuse_start(parts, request)) {
        map_free(list.rows);
        if (!list.rows)
            http_respond(request, NULL);
        return;
    }
    zones_each(parts->zones, add_zone, &list);
    screens_each(parts->screens, count_screen, &list);
    json_write_open(&list.out, '{');
    json_write_name(&list.out, "zones");
    json_write_open(&list.out, '[');
    map_each(list.rows, write_row, &list);
    json_write_close(&list.out, ']');
    json_write_close(&list.out, '}');
    map_free(list.rows);
    feed_answer_json(request, 200, &list.out);
    buf_done(&list.out);
}

/* -- one -- */

/* False: one of the two is none. */
static bool read_wait(struct http_request *request, int64_t *ret_after, int64_t *ret_wait_s)
{
    const char *after = http_query(request, "after"), *wait = http_query(request, "wait");
    struct err err = {0};

    *ret_after = *ret_wait_s = 0;
    if (after && text_parse_int(after, 0, INT64_MAX, ret_after, &err) < 0)
        (void)err_wrap(&err, "after, the version that the screen has");
    else if (wait && text_parse_int(wait, 0, WAIT_MAX_S, ret_wait_s, &err) < 0)
        (void)err_wrap(&err, "wait, in seconds");
    if (err.code)
        refuse_err(request, &err);
    return err.code == 0;
}

void feed_answer_zone(struct display_feed_parts *parts, struct http_request *request,
                      const char *name)
{
    int64_t after, wait_s;

    if (!read_wait(request, &after, &wait_s))
        return;
    if (wait_s > 0) {
        if (refuse_new(parts, request, name))
            return;
        http_answer_within(request, (int)wait_s * 1000 + GRACE_MS);
        zones_await(parts->zones, name, after, clock_mono_ms() + wait_s * 1000, request);
    } else if (!feed_refuse_start(parts, request)) {
        zones_answer(parts->zones, name, request);
    }
}

/* Also while the topic is being read: who follows is told when that is done. */
void feed_answer_feed(struct display_feed_parts *parts, struct http_request *request,
                      const char *name)
{
    int64_t known;

    if (refuse_new(parts, request, name))
        return;
    if (!sse_last_id(request, &known))
        known = -1;
    zones_follow(parts->zones, name, known, request);
}
