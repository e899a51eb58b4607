/* drawing_json.c - see drawing_json.h. */
#include "gateway/drawing_json.h"

#include <string.h>

#include "gateway/site.h"
#include "lib/base/clock.h"
#include "lib/json/json.h"
#include "proto/key.h"

static void put_time(struct buf *out, const char *name, int64_t wall_ms)
{
    char text[CLOCK_TEXT];

    if (wall_ms == 0)
        return;
    clock_format_rfc3339(wall_ms, text);
    json_put_str(out, name, text);
}

static void put_text(struct buf *out, const char *name, const char *text)
{
    if (text && *text)
        json_put_str(out, name, text);
}

static void put_number(struct buf *out, const char *name, double number)
{
    json_write_name(out, name);
    json_write_number(out, number);
}

/* Where its first picture goes in the pool says the emotion and the favorite. */
static void write_place(const struct generation_request *request, struct buf *out)
{
    const char *key = request->outputs[0].key, *slash;
    struct err ignored = {0};
    struct key parsed;

    if (key_parse(key, strlen(key), &parsed, &ignored) < 0)
        return;
    slash = strchr(parsed.search_key, '/');
    json_write_name(out, "emotion");
    json_write_str_n(out, parsed.search_key, strcspn(parsed.search_key, "/"));
    if (slash)
        json_put_str(out, "favorite", slash + 1);
}

static void write_request(const struct drawing *drawing, struct buf *out)
{
    const struct generation_request *request = &drawing->request;

    json_put_str(out, "prompt", request->prompt);
    json_put_str(out, "negative_prompt", request->negative_prompt);
    json_put_int(out, "width", request->outputs[0].width);
    json_put_int(out, "height", request->outputs[0].height);
    json_put_int(out, "steps", drawing->steps);
    if (drawing->guidance > 0 || !request->model_guidance)
        put_number(out, "guidance",
                   drawing->guidance > 0 ? drawing->guidance : request->guidance);
    json_put_int(out, "seed", request->seed);
    json_put_str(out, "scheduler", generation_scheduler_names[request->scheduler]);
    json_put_int(out, "count", (int64_t)request->output_count);
    write_place(request, out);
    put_time(out, "deadline", request->deadline_ms);
}

static void write_progress(const struct drawing *drawing, struct buf *out)
{
    json_write_name(out, "progress");
    json_write_open(out, '{');
    json_put_int(out, "output", drawing->output);
    json_put_int(out, "step", drawing->step);
    json_put_int(out, "steps", drawing->steps);
    json_write_close(out, '}');
}

static void write_image(const struct drawing_image *image, size_t output, const char *base,
                        struct buf *out)
{
    OWNED_VALUE(buf) url = {0};

    site_object_url(&url, base, image->key);
    json_write_open(out, '{');
    json_put_int(out, "output", (int64_t)output);
    json_put_str(out, "key", image->key);
    json_put_str(out, "url", buf_text(&url));
    json_put_int(out, "width", image->width);
    json_put_int(out, "height", image->height);
    if (image->drawn_width) {
        json_put_int(out, "drawn_width", image->drawn_width);
        json_put_int(out, "drawn_height", image->drawn_height);
    }
    json_put_int(out, "seed", image->seed);
    json_put_str(out, "sha256", image->sha256);
    put_text(out, "recipe", image->recipe);
    json_put_bool(out, "stored", image->stored);
    json_write_close(out, '}');
}

static void write_images(const struct drawing *drawing, const char *base, struct buf *out)
{
    json_write_name(out, "images");
    json_write_open(out, '[');
    for (size_t i = 0; i < drawing->image_count; i++)
        if (drawing->images[i].key)
            write_image(&drawing->images[i], i, base, out);
    json_write_close(out, ']');
}

void drawing_write(const struct drawing *drawing, const char *base, struct buf *out)
{
    bool failed = drawing->state == DRAWING_FAILED;

    json_write_open(out, '{');
    json_put_str(out, "id", drawing->id);
    json_put_str(out, "state", drawing_state_names[drawing->state]);
    put_time(out, "created", drawing->created_ms);
    put_time(out, "started", drawing->started_ms);
    put_time(out, "ended", drawing->ended_ms);
    if (drawing->ended_ms && drawing->created_ms)
        put_number(out, "seconds", (double)(drawing->ended_ms - drawing->created_ms) / 1000);
    if (drawing->attempt)
        json_put_int(out, "attempt", drawing->attempt);
    put_text(out, failed ? "reason" : "note", drawing->text);
    if (drawing->known)
        write_request(drawing, out);
    write_progress(drawing, out);
    write_images(drawing, base, out);
    json_write_close(out, '}');
}

void drawing_write_urls(const struct drawing *drawing, const char *base, struct buf *out)
{
    json_write_open(out, '[');
    for (size_t i = 0; i < drawing->image_count; i++) {
        OWNED_VALUE(buf) url = {0};

        if (!drawing->images[i].key)
            continue;
        site_object_url(&url, base, drawing->images[i].key);
        json_write_str(out, buf_text(&url));
    }
    json_write_close(out, ']');
}
