/* bulk.c - see bulk.h. */
#include "gateway/bulk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/body.h"
#include "gateway/generations.h"
#include "gateway/order.h"

enum { MAX_INDEX = 999999 };

/* fname is what the keys of pictures in the pool start with. */
static int check_fname(const char *fname, struct err *err)
{
    OWNED_VALUE(buf) key = {0};
    struct err why = {0};
    struct key parsed;

    buf_printf(&key, "%s_0h.jpeg", fname);
    if (key_parse(buf_text(&key), key.size, &parsed, &why) == 0 && parsed.area == KEY_POOL &&
        fname[strlen(fname) - 1] != '/')
        return 0;
    return err_set(err, ERR_INVALID,
                   "fname is '%.80s': it takes imgPool/<emotion>[/<favorite>]/<name>, without "
                   "index and ending%s%.90s",
                   fname, why.code ? ": " : "", why.text);
}

static void join(struct buf *out, const char *part)
{
    if (!*part)
        return;
    if (out->size)
        buf_append_str(out, ", ");
    buf_append_str(out, part);
}

/* What is drawn: the parts that are there, in this order. */
static int join_prompt(const json_t *parts, struct buf *out, struct err *err)
{
    const char *emotion = "", *text = "", *favorite = "", *others = "";

    if (!json_is_object(parts))
        return err_set(err, ERR_INVALID,
                       "it is no object: send "
                       "{\"emotion\",\"emotionText\",\"favorite\",\"others\"}");
    if (json_opt_str(parts, "emotion", &emotion, err) < 0 ||
        json_opt_str(parts, "emotionText", &text, err) < 0 ||
        json_opt_str(parts, "favorite", &favorite, err) < 0 ||
        json_opt_str(parts, "others", &others, err) < 0)
        return err->code;
    join(out, text);
    join(out, favorite);
    join(out, others);
    if (out->size == 0)
        return err_set(err, ERR_INVALID,
                       "emotionText, favorite and others are all empty: say what to draw");
    if (out->size > GENERATION_PROMPT_MAX)
        return err_set(err, ERR_INVALID,
                       "its parts have %zu bytes together: they may have at most %d", out->size,
                       GENERATION_PROMPT_MAX);
    return 0;
}

static int read_prompt(const json_t *body, struct buf *out, struct err *err)
{
    const char *text;
    OWNED_JSON parts = NULL;

    if (json_get_str(body, "prompt", &text, err) < 0)
        return err_wrap(err, "send JSON in a string");
    parts = json_parse(text, strlen(text), err);
    if (!parts || join_prompt(parts, out, err) < 0)
        return err_wrap(err, "prompt, which is JSON in a string");
    return 0;
}

static int add_pictures(struct order *order, const struct settings *settings, const char *fname,
                        int64_t index, struct err *err)
{
    static const char letters[] = "hv";
    const struct settings_size *const sizes[] = {&settings->bulk_landscape,
                                                 &settings->bulk_portrait};

    for (int i = 0; i < 2; i++) {
        char key[KEY_BYTES];
        int n = snprintf(key, sizeof key, "%s_%" PRId64 "%c.jpeg", fname, index, letters[i]);

        if (n >= KEY_BYTES)
            return err_set(err, ERR_INVALID, "fname is too long: a key has at most %d bytes",
                           KEY_BYTES - 1);
        if (order_add(order, key, sizes[i]->width, sizes[i]->height, err) < 0)
            return err->code;
    }
    return 0;
}

static int place_order(struct gateway *gateway, struct http_request *request,
                       struct buf *ret_location, struct err *err)
{
    OWNED_JSON body = body_object(request, err);
    OWNED_VALUE(buf) prompt = {0}, dedupe_id = {0};
    OWNED_VALUE(order) order = {.join = DRAWINGS_WINDOW};
    const char *fname;
    int64_t index;
    bool joined;

    if (!body || json_get_int(body, "index", &index, err) < 0 ||
        json_get_str(body, "fname", &fname, err) < 0 || read_prompt(body, &prompt, err) < 0 ||
        check_fname(fname, err) < 0)
        return err->code;
    if (index < 0 || index > MAX_INDEX)
        return err_set(err, ERR_INVALID, "index is %" PRId64 ": it takes 0 to %d", index,
                       MAX_INDEX);
    if (add_pictures(&order, gateway->settings, fname, index, err) < 0)
        return err->code;
    buf_printf(&dedupe_id, "%s_%" PRId64, fname, index);
    order_name_by(&order, buf_text(&dedupe_id));
    order.request.priority = GENERATION_BULK;
    order.request.prompt = buf_text(&prompt);
    order.request.negative_prompt = "";
    order.request.steps = (uint32_t)gateway->settings->generation_steps;
    order.request.guidance = ORDER_GUIDANCE;
    order.request.model_guidance = true;
    if (order_send(&order, gateway, request, &joined, err) < 0)
        return err->code;
    generations_location(ret_location, order.id);
    return 0;
}

void bulk_post(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    OWNED_VALUE(buf) location = {0};
    struct err err = {0};
    const void *body;
    size_t size;

    if (place_order(gateway, request, &location, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    body = http_body(request, &size);
    buf_append(&reply->body, body, size);
    reply->status = 200;
    reply->type = "application/json";
    reply_header(reply, "Location", buf_text(&location)); /* for clients that follow the job */
}
