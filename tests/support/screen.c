/* screen.c - see screen.h. */
#include "tests/support/screen.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/json/json.h"
#include "tests/support/displays.h"
#include "tests/support/process.h"

enum { AGAIN_MS = 3, BREAK_MS = 5, UNTIL_MS = 20000 };

void hung_screen_init(struct hung_screen *screen, struct http_client *client, const char *url,
                      const char *zone, enum screen_way way)
{
    memset(screen, 0, sizeof *screen);
    screen->client = client;
    screen->way = way;
    screen->offset = -1;
    (void)snprintf(screen->url, sizeof screen->url, "%s", url);
    (void)snprintf(screen->zone, sizeof screen->zone, "%s", zone);
}

void hung_screen_cut(struct hung_screen *screen)
{
    screen->cut = true;
    if (screen->sent)
        http_client_cancel(screen->client, screen->sent);
    screen->cut = false;
}

void hung_screen_done(struct hung_screen *screen)
{
    hung_screen_cut(screen);
    sse_reader_done(&screen->reader);
}

/* -- what it is told -- */

static int number_of(const struct json_t *picture, char orientation)
{
    const char *key = json_string_value(json_object_get(picture, "key"));
    char wanted[DISPLAYS_KEY];
    const int number = key ? displays_number(key) : -1;

    if (number >= 0) {
        displays_key(number, orientation, wanted);
        if (strcmp(key, wanted) == 0)
            return number;
    }
    test_fail("a screen was told of the picture %s", key ? key : "(none)");
}

static void check_whole(const struct hung_screen *screen, const json_t *manifest,
                        const char *name, char orientation, int first)
{
    const json_t *pictures = json_object_get(manifest, name);

    for (size_t i = 0; i < json_array_size(pictures); i++)
        if (number_of(json_array_get(pictures, i), orientation) != first + (int)i)
            test_fail("zone %s, version %" PRId64 ": half of a set", screen->zone,
                      (int64_t)json_integer_value(json_object_get(manifest, "version")));
}

static void take(struct hung_screen *screen, const char *text, size_t size)
{
    struct err err = {0};
    OWNED_JSON manifest = json_parse(text, size, &err);
    const int64_t version = json_integer_value(json_object_get(manifest, "version"));
    const json_t *landscape = json_object_get(manifest, "landscape");

    if (!manifest)
        test_fail("a manifest: %s: %.*s", err.text, (int)size, text);
    if (version < screen->version)
        test_fail("zone %s: version %" PRId64 " after %" PRId64, screen->zone, version,
                  screen->version);
    screen->first =
        json_array_size(landscape) ? number_of(json_array_get(landscape, 0), 'h') : -1;
    check_whole(screen, manifest, "landscape", 'h', screen->first);
    check_whole(screen, manifest, "portrait", 'v', screen->first);
    screen->version = version;
    screen->offset = json_integer_value(json_object_get(manifest, "offset"));
    screen->effective_at_ms = json_integer_value(json_object_get(manifest, "effective_at"));
    screen->told++;
}

static int on_event(void *ctx, const struct sse_event *event, struct err *err)
{
    (void)err;
    if (strcmp(event->type, "manifest") == 0)
        take(ctx, event->data, event->size);
    return 0;
}

static bool on_body(void *ctx, const char *bytes, size_t size)
{
    struct hung_screen *screen = ctx;
    struct err err = {0};

    if (sse_read(&screen->reader, bytes, size, on_event, screen, &err) < 0)
        test_fail("a feed: %s", err.text);
    return true;
}

/* -- asking -- */

static void on_done(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct hung_screen *screen = ctx;

    screen->sent = 0;
    screen->next_ms = clock_mono_ms() + (err->code ? BREAK_MS : AGAIN_MS);
    sse_reader_done(&screen->reader);
    screen->reader = (struct sse_reader){0};
    if (screen->cut || err->code || screen->way == SCREEN_FEED || response->status != 200)
        return;
    take(screen, response->body.data, response->body.size);
    (void)http_client_header(response, "etag", screen->etag, sizeof screen->etag);
}

static void write_url(const struct hung_screen *screen, struct buf *out)
{
    buf_printf(out, "%s/v1/zones/%s", screen->url, screen->zone);
    if (screen->way == SCREEN_FEED)
        buf_append_str(out, "/feed");
    else if (screen->way == SCREEN_LONG_POLL)
        buf_printf(out, "?after=%" PRId64 "&wait=20", screen->version);
}

void hung_screen_tick(struct hung_screen *screen)
{
    OWNED_VALUE(buf) url = {0};
    const char *headers[] = {screen->header};
    struct http_client_request request = {.method = "GET", .headers = headers};

    if (screen->sent || clock_mono_ms() < screen->next_ms)
        return;
    write_url(screen, &url);
    request.url = buf_text(&url);
    request.deadline_ms = screen->way == SCREEN_FEED ? -1 : 30000;
    if (screen->way == SCREEN_FEED) {
        request.on_body = on_body;
        request.on_body_ctx = screen;
        request.header_count = screen->offset >= 0;
        (void)snprintf(screen->header, sizeof screen->header, "Last-Event-ID: %" PRId64,
                       screen->offset);
    } else if (screen->way == SCREEN_POLL && *screen->etag) {
        request.header_count = 1;
        (void)snprintf(screen->header, sizeof screen->header, "If-None-Match: %.120s",
                       screen->etag);
    }
    screen->sent = http_client_send(screen->client, &request, on_done, screen);
}

void hung_screens_until(struct hung_screen *screens, int count, int64_t version)
{
    const int64_t deadline_ms = clock_mono_ms() + UNTIL_MS;
    int have = 0;

    while (have < count) {
        if (clock_mono_ms() >= deadline_ms)
            test_fail("%d of %d screens have version %lld", have, count, (long long)version);
        have = 0;
        for (int i = 0; i < count; i++) {
            hung_screen_tick(&screens[i]);
            have += screens[i].version == version;
        }
        (void)http_client_run(screens->client, 5);
    }
}
