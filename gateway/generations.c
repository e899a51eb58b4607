/* generations.c - see generations.h. */
#include "gateway/generations.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gateway/body.h"
#include "gateway/cursor.h"
#include "gateway/dispatch.h"
#include "gateway/drawing_json.h"
#include "gateway/generation_events.h"
#include "gateway/order.h"
#include "gateway/prefer.h"
#include "gateway/site.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/envelope.h"
#include "proto/topics.h"

enum {
    MOST_WAIT_S = 28,      /* the server answers for us after 30 */
    CANCEL_WAIT_MS = 3000, /* for the event to come back */
    PUBLISH_MS = 8000,
    DEFAULT_LIMIT = 20,
    MAX_LIMIT = 100,
};

void generations_location(struct buf *out, const char *id)
{
    buf_append_str(out, "/v1/generations/");
    text_url_encode(out, id, strlen(id), false);
}

/* -- answers -- */

static void show(struct gateway *gateway, const struct drawings_wait *wait,
                 const struct drawing *drawing, int status, struct reply *reply)
{
    OWNED_VALUE(buf) base = {0};
    struct buf out = {0};
    struct err err = {0};

    if (site_base(gateway->settings, wait->request, &base, &err) < 0) {
        reply_error(reply, wait->request, &err);
        return;
    }
    drawing_write(drawing, buf_text(&base), &out);
    reply_json(reply, status, &out);
    reply_header(reply, "Cache-Control", "no-store");
}

static void answer_get(struct gateway *gateway, const struct drawings_wait *wait,
                       const struct drawing *drawing, bool in_time, struct reply *reply)
{
    (void)in_time;
    show(gateway, wait, drawing, 200, reply);
}

static void answer_post(struct gateway *gateway, const struct drawings_wait *wait,
                        const struct drawing *drawing, bool in_time, struct reply *reply)
{
    OWNED_VALUE(buf) location = {0};

    show(gateway, wait, drawing, in_time ? 200 : 202, reply);
    generations_location(&location, drawing->id);
    reply_header(reply, "Location", buf_text(&location));
}

static void await(struct gateway *gateway, const char *id, struct drawings_wait *wait,
                  struct reply *reply)
{
    struct err err = {0};

    wait->started_ms = clock_mono_ms();
    if (drawings_await(gateway->drawings, id, wait, reply, &err) < 0)
        reply_error(reply, wait->request, &err);
}

/* -- POST -- */

static int place_order(struct gateway *gateway, struct http_request *request,
                       struct order *order, bool *ret_joined, struct err *err)
{
    OWNED_JSON body = body_object(request, err);

    if (!body || order_read(order, gateway->settings, body, "prompt", err) < 0 ||
        order_name(order, request, false, err) < 0 || order_place(order, err) < 0)
        return err->code;
    return order_send(order, gateway, request, ret_joined, err);
}

void generations_post(struct gateway *gateway, struct http_request *request,
                      struct reply *reply)
{
    struct drawings_wait wait = {.request = request, .answer = answer_post};
    OWNED_VALUE(order) order = {.join = DRAWINGS_NEW};
    struct prefer prefer;
    struct err err = {0};

    prefer_read(request, MOST_WAIT_S, &prefer);
    if (place_order(gateway, request, &order, &wait.joined, &err) < 0) {
        if (err.code == ERR_CONFLICT)
            reply_problem(reply, request, 422, "%s", err.text);
        else
            reply_error(reply, request, &err);
        return;
    }
    if (prefer.wait_s > 0) {
        wait.wait_ms = prefer.wait_s * 1000;
        wait.applied = "wait";
    }
    await(gateway, order.id, &wait, reply);
}

/* -- GET -- */

void generations_get(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    struct drawings_wait wait = {.request = request, .answer = answer_get, .fetches = true};
    const char *id = dispatch_rest(request), *slash = strchr(id, '/');
    struct prefer prefer;

    if (slash && strcmp(slash, "/events") == 0) {
        char only_id[DRAWING_ID];

        (void)snprintf(only_id, sizeof only_id, "%.*s", (int)(slash - id), id);
        generation_events_get(gateway, request, only_id, reply);
        return;
    }
    prefer_read(request, MOST_WAIT_S, &prefer);
    if (prefer.wait_s > 0) {
        wait.wait_ms = prefer.wait_s * 1000;
        wait.applied = "wait";
    }
    await(gateway, id, &wait, reply);
}

/* "<created>.<id>" of the last that was shown. */
static int read_cursor(const char *text, struct drawings_page *page, struct err *err)
{
    const char *dot = strchr(text, '.');
    char number[24] = "";

    if (dot && dot[1] && (size_t)(dot - text) < sizeof number) {
        memcpy(number, text, (size_t)(dot - text));
        page->after_id = dot + 1;
        if (text_parse_int(number, 0, INT64_MAX, &page->after_ms, err) == 0)
            return 0;
    }
    err_clear(err);
    return err_set(err, ERR_INVALID, "cursor is none that a page before this one gave");
}

static int read_state(const char *text, int *ret_state, struct err *err)
{
    for (int i = 0; drawing_state_names[i]; i++) {
        if (strcmp(text, drawing_state_names[i]) == 0) {
            *ret_state = i;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID,
                   "state is '%.20s': it takes waiting, running, done, failed or cancelled",
                   text);
}

static int read_page(struct http_request *request, struct drawings_page *page, struct err *err)
{
    const char *cursor = http_query(request, "cursor"), *state = http_query(request, "state");

    if (cursor && *cursor && read_cursor(cursor, page, err) < 0)
        return err->code;
    if (state && *state && read_state(state, &page->state, err) < 0)
        return err->code;
    return limit_read(request, DEFAULT_LIMIT, MAX_LIMIT, &page->limit, err);
}

void generations_list(struct gateway *gateway, struct http_request *request,
                      struct reply *reply)
{
    struct drawings_page page = {.state = -1, .after_id = ""};
    char last_id[DRAWING_ID] = "", cursor[DRAWING_ID + 24];
    OWNED_VALUE(buf) base = {0};
    struct buf out = {0};
    struct err err = {0};
    int64_t last_ms = 0;
    bool more = false;

    if (read_page(request, &page, &err) < 0 ||
        site_base(gateway->settings, request, &base, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    page.base = buf_text(&base);
    json_write_open(&out, '{');
    json_write_name(&out, "generations");
    json_write_open(&out, '[');
    (void)drawings_list(gateway->drawings, &page, &out, &last_ms, last_id, &more);
    json_write_close(&out, ']');
    (void)snprintf(cursor, sizeof cursor, "%" PRId64 ".%s", last_ms, last_id);
    json_put_str(&out, "cursor", more ? cursor : NULL);
    json_write_close(&out, '}');
    reply_json(reply, 200, &out);
    reply_header(reply, "Cache-Control", "no-store");
}

/* -- DELETE -- */

static int publish_cancelled(struct gateway *gateway, struct http_request *request,
                             const char *id, struct err *err)
{
    const struct generation_event event = {
        .job_id = id,
        .type = GENERATION_CANCELLED,
        .timestamp_ms = clock_wall_ms(),
        .preview = "",
        .note = "",
        .recipe = "",
        .key = "",
        .sha256 = "",
        .reason = "",
    };
    struct bus_record record = {.topic = TOPIC_GENERATION_EVENTS};
    OWNED_VALUE(buf) value = {0};
    struct envelope envelope;

    if (generation_event_encode(&value, &event, err) < 0)
        return err->code;
    envelope_fill(&envelope, EVENT_GENERATION_PROGRESSED, "/gateway", NULL, event.timestamp_ms,
                  http_trace(request));
    record.key = id;
    record.key_size = strlen(id);
    record.value = value.data;
    record.value_size = value.size;
    record.headers = envelope.headers;
    record.header_count = ENVELOPE_HEADERS;
    if (bus_publish(gateway->bus, &record, 1, PUBLISH_MS, err) < 0) {
        err->code = ERR_UNAVAILABLE;
        return err_wrap(err, "cancelling the job");
    }
    return 0;
}

void generations_delete(struct gateway *gateway, struct http_request *request,
                        struct reply *reply)
{
    struct drawings_wait wait = {
        .request = request, .answer = answer_post, .wait_ms = CANCEL_WAIT_MS};
    const char *id = dispatch_rest(request);
    enum drawing_state state;
    struct err err = {0};

    if (drawings_state(gateway->drawings, id, &state, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    if (state == DRAWING_DONE || state == DRAWING_FAILED) {
        reply_problem(reply, request, 409, "the job has ended already: it is %s",
                      drawing_state_names[state]);
        return;
    }
    if (state != DRAWING_CANCELLED && publish_cancelled(gateway, request, id, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    await(gateway, id, &wait, reply);
}
