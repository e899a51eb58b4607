/* text2image.c - see text2image.h. */
#include "gateway/text2image.h"

#include <string.h>

#include "gateway/body.h"
#include "gateway/changes.h"
#include "gateway/drawing_json.h"
#include "gateway/generations.h"
#include "gateway/order.h"
#include "gateway/prefer.h"
#include "gateway/site.h"
#include "lib/base/clock.h"

/* Nobody waits that long for a picture to look at; the generator need not draw it then. */
enum { DEADLINE_MS = 600000 };

static void write_answer(struct buf *out, int status, const struct buf *urls, int64_t took_ms)
{
    json_write_open(out, '{');
    json_put_int(out, "statusCode", status);
    json_write_name(out, "body");
    json_write_str_n(out, buf_text(urls), urls->size);
    json_write_name(out, "time");
    json_write_number(out, (double)took_ms / 1000);
    json_write_close(out, '}');
}

static void answer_urls(struct gateway *gateway, const struct drawings_wait *wait,
                        const struct drawing *drawing, int status, struct reply *reply)
{
    OWNED_VALUE(buf) base = {0}, urls = {0};
    struct buf out = {0};
    struct err err = {0};

    if (site_base(gateway->settings, wait->request, &base, &err) < 0) {
        reply_error(reply, wait->request, &err);
        return;
    }
    drawing_write_urls(drawing, buf_text(&base), &urls);
    write_answer(&out, status, &urls, clock_mono_ms() - wait->started_ms);
    reply_json(reply, status, &out);
}

static void answer(struct gateway *gateway, const struct drawings_wait *wait,
                   const struct drawing *drawing, bool in_time, struct reply *reply)
{
    bool is_async = wait->wait_ms == 0 && wait->applied;
    OWNED_VALUE(buf) location = {0};

    if (drawing->state == DRAWING_DONE)
        answer_urls(gateway, wait, drawing, 200, reply);
    else if (drawing->state == DRAWING_FAILED)
        reply_problem(reply, wait->request, 500, "the picture could not be drawn: %.400s",
                      drawing->text ? drawing->text : "the generator does not say why");
    else if (drawing->state == DRAWING_CANCELLED)
        reply_problem(reply, wait->request, 409, "somebody cancelled the picture");
    else if (is_async)
        answer_urls(gateway, wait, drawing, 202, reply);
    else
        reply_problem(reply, wait->request, 503,
                      "the picture is still being drawn: send the same request again, which "
                      "waits for the same picture");
    generations_location(&location, drawing->id);
    reply_header(reply, "Location", buf_text(&location));
    reply_header(reply, "Cache-Control", "no-store");
    (void)in_time;
}

static int place_order(struct gateway *gateway, struct http_request *request,
                       struct order *order, bool *ret_joined, struct err *err)
{
    OWNED_JSON body = body_object(request, err);

    if (!body || order_read(order, gateway->settings, body, "text", err) < 0 ||
        order_name(order, request, true, err) < 0)
        return err->code;
    if (order->request.deadline_ms == 0)
        order->request.deadline_ms = order->request.timestamp_ms + DEADLINE_MS;
    if (order_place(order, err) < 0)
        return err->code;
    return order_send(order, gateway, request, ret_joined, err);
}

void text2image_post(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    struct drawings_wait wait = {
        .request = request, .answer = answer, .fetches = true, .started_ms = clock_mono_ms()};
    OWNED_VALUE(order) order = {.unseen = true};
    struct prefer prefer;
    struct err err = {0};

    prefer_read(request, (int)gateway->settings->text2image_wait_s, &prefer);
    if (prefer.respond_async) {
        wait.applied = "respond-async";
        order.unseen = false; /* who asks knows where the job is */
    } else {
        wait.wait_ms = (int)gateway->settings->text2image_wait_s * 1000;
    }
    if (prefer.wait_s >= 0) {
        wait.wait_ms = prefer.wait_s * 1000;
        wait.applied = prefer.respond_async ? wait.applied : "wait";
    }
    if (place_order(gateway, request, &order, &wait.joined, &err) == 0)
        (void)drawings_await(gateway->drawings, order.id, &wait, reply, &err);
    if (err.code == ERR_CONFLICT)
        reply_problem(reply, request, 422, "%s", err.text);
    else if (err.code)
        reply_error(reply, request, &err);
}

void text2image_delete(struct gateway *gateway, struct http_request *request,
                       struct reply *reply)
{
    const struct object_change_request change = {.what = OBJECT_REMOVE,
                                                 .key = http_path(request) + 1};
    struct err err = {0};

    if (key_check(change.key, strlen(change.key), &err) < 0 ||
        changes_apply_one(gateway, request, &change, &err) < 0)
        reply_error(reply, request, &err);
    else
        reply->status = 204;
}
