/* capabilities.c - see capabilities.h. */
#include "gateway/capabilities.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/access.h"
#include "gateway/body.h"
#include "lib/json/json.h"
#include "proto/generation_request.h"
#include "proto/key.h"
#include "proto/version.h"

static void write_emotions(struct buf *out)
{
    json_write_name(out, "emotions");
    json_write_open(out, '[');
    for (int i = 0; i < EMOTION_COUNT; i++)
        json_write_str(out, emotion_names[i]);
    json_write_close(out, ']');
}

/* The scheme only: the rest may hold a password. */
static void put_engine(struct buf *out, const char *name, const char *url)
{
    json_write_name(out, name);
    json_write_str_n(out, url, strcspn(url, ":"));
}

static void write_engines(struct buf *out, const struct garden_conf *conf)
{
    json_write_name(out, "engines");
    json_write_open(out, '{');
    put_engine(out, "bus", conf->bus);
    put_engine(out, "store", conf->store);
    put_engine(out, "catalogue", conf->catalog);
    json_write_close(out, '}');
}

static void write_limits(struct buf *out, const struct settings *settings)
{
    json_write_name(out, "limits");
    json_write_open(out, '{');
    json_put_int(out, "body_bytes", 1 << 20);
    json_put_int(out, "upload_bytes", settings->max_upload_mb << 20);
    json_put_int(out, "face_bytes", settings->max_face_mb << 20);
    json_put_int(out, "keys_in_a_request", KEY_LIST_MAX);
    json_put_int(out, "items_in_a_page", 1000);
    json_write_name(out, "thumbnail_widths");
    json_write_raw(out, "[160,320,480,640,960,1280]", strlen("[160,320,480,640,960,1280]"));
    json_write_close(out, '}');
}

static void put_size(struct buf *out, const char *name, const struct settings_size *size)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%" PRIu32 "x%" PRIu32, size->width, size->height);
    json_put_str(out, name, text);
}

static void write_generation(struct buf *out, const struct settings *settings)
{
    json_write_name(out, "generation");
    json_write_open(out, '{');
    json_write_name(out, "schedulers");
    json_write_open(out, '[');
    for (int i = 0; generation_scheduler_names[i]; i++)
        json_write_str(out, generation_scheduler_names[i]);
    json_write_close(out, ']');
    json_put_int(out, "side_min", GENERATION_SIDE_MIN);
    json_put_int(out, "side_max", GENERATION_SIDE_MAX);
    json_put_int(out, "side_multiple", 8);
    json_put_int(out, "steps_default", settings->generation_steps);
    json_put_int(out, "steps_max", GENERATION_STEPS_MAX);
    json_put_int(out, "guidance_max", GENERATION_GUIDANCE_MAX);
    json_put_int(out, "count_max", GENERATION_OUTPUTS_MAX);
    json_put_int(out, "prompt_bytes", GENERATION_PROMPT_MAX);
    put_size(out, "bulk_landscape", &settings->bulk_landscape);
    put_size(out, "bulk_portrait", &settings->bulk_portrait);
    json_put_int(out, "text2image_wait_seconds", settings->text2image_wait_s);
    json_write_close(out, '}');
}

static void write_roles(struct buf *out, unsigned roles)
{
    static const enum role all[] = {ROLE_KIOSK, ROLE_DISPLAY, ROLE_OPERATOR};

    json_write_name(out, "roles");
    json_write_open(out, '[');
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (roles & all[i])
            json_write_str(out, role_name(all[i]));
    json_write_close(out, ']');
}

static void write_routes(struct buf *out)
{
    json_write_name(out, "routes");
    json_write_open(out, '[');
    for (size_t i = 0; i < route_count; i++) {
        json_write_open(out, '{');
        json_put_str(out, "method", routes[i].method);
        json_put_str(out, "path", routes[i].pattern);
        write_roles(out, routes[i].roles);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
}

void capabilities_get(struct gateway *gateway, struct http_request *request,
                      struct reply *reply)
{
    struct buf out = {0};

    (void)request;
    json_write_open(&out, '{');
    json_put_str(&out, "name", "My Emotion Gardens");
    json_put_str(&out, "version", GARDEN_VERSION);
    json_write_name(&out, "services");
    json_write_open(&out, '[');
    json_write_str(&out, "gateway");
    json_write_str(&out, "item-ingest");
    if (*gateway->settings->generator_url)
        json_write_str(&out, "generator");
    if (*gateway->settings->emotion_url)
        json_write_str(&out, "emotion");
    if (*gateway->settings->recommender_url)
        json_write_str(&out, "recommender");
    if (*gateway->settings->exporter_url)
        json_write_str(&out, "csv-exporter");
    if (*gateway->settings->display_feed_url)
        json_write_str(&out, "display-feed");
    json_write_close(&out, ']');
    write_engines(&out, &gateway->settings->garden);
    write_emotions(&out);
    write_limits(&out, gateway->settings);
    if (*gateway->settings->generator_url)
        write_generation(&out, gateway->settings);
    write_routes(&out);
    json_write_close(&out, '}');
    reply_json(reply, 200, &out);
    reply_header(reply, "Cache-Control", "no-cache");
}
