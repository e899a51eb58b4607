/* feed_routes.c - see feed_routes.h: which path is whose, and the way onto a thread. */
#include "services/display-feed/feed_answers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"

enum { BODY_MAX = 128 << 10, HEARTBEAT_MAX = 64 << 10 };

/* A '*' stands for one part of the path. */
static const struct path {
    const char *method, *pattern;
    feed_answer_fn *answer;
    bool waits;   /* for bus or store: on a thread */
    bool is_zone; /* what stands for '*' */
} paths[] = {
    {"POST", "/updateDisplay", feed_answer_update, true, false},
    {"GET", "/v1/zones", feed_answer_zones, false, false},
    {"GET", "/v1/zones/*", feed_answer_zone, false, true},
    {"PUT", "/v1/zones/*", feed_answer_put, true, true},
    {"GET", "/v1/zones/*/feed", feed_answer_feed, false, true},
    {"POST", "/v1/zones/*/heartbeat", feed_answer_heartbeat, false, true},
    {"GET", "/v1/screens", feed_answer_screens, false, false},
    {"POST", "/v1/withdrawals", feed_answer_withdraw, true, false},
    {"GET", "/v1/withdrawals/*", feed_answer_withdrawal, true, false},
    {"GET", "/v1/plays", feed_answer_plays, true, false},
};

enum { PATHS = sizeof paths / sizeof *paths };

struct call {
    struct display_feed_parts *parts;
    struct http_request *request;
    feed_answer_fn *answer;
    char name[FEED_NAME];
};

static void run_call(void *ctx)
{
    struct call *call = ctx;

    log_set_trace(http_trace(call->request)->trace_id);
    call->answer(call->parts, call->request, call->name);
    log_set_trace(NULL);
    free(call);
}

static void submit(const struct call *made)
{
    struct call *call = malloc(sizeof *call);

    if (call) {
        *call = *made;
        if (pool_submit(made->parts->pool, run_call, call) == 0)
            return;
        free(call);
    }
    refuse(made->request, 503, "too many wait to change something: try again in a moment");
}

/* Cuts what stands for '*' out of the path as it was sent, so that an encoded '/' stays one. */
static bool fits(const char *pattern, const char *path, const char **ret_part, size_t *ret_size)
{
    const char *star = strchr(pattern, '*');
    const size_t before = star ? (size_t)(star - pattern) : 0;
    size_t part;

    *ret_part = "";
    *ret_size = 0;
    if (!star)
        return strcmp(pattern, path) == 0;
    if (strncmp(pattern, path, before) != 0)
        return false;
    part = strcspn(path + before, "/");
    *ret_part = path + before;
    *ret_size = part;
    return part > 0 && strcmp(path + before + part, star + 1) == 0;
}

static bool method_fits(const char *wanted, const char *method)
{
    return strcmp(wanted, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(wanted, "GET") == 0);
}

/* False: it was refused. */
static bool read_name(const struct path *path, const char *part, size_t size, struct call *call)
{
    OWNED_VALUE(buf) text = {0};
    struct err err = {0};

    if (text_url_decode(&text, part, size, false, &err) == 0 && path->is_zone)
        (void)display_zone_check(buf_text(&text), &err);
    if (err.code == 0 && text_copy(call->name, sizeof call->name, buf_text(&text)) < 0)
        (void)err_set(&err, ERR_NOT_FOUND, "there is nothing with a name so long");
    if (err.code)
        refuse_err(call->request, &err);
    return err.code == 0;
}

static void route(struct display_feed_parts *parts, struct http_request *request,
                  const struct path *path, const char *part, size_t size)
{
    struct call call = {.parts = parts, .request = request, .answer = path->answer};

    if (!read_name(path, part, size, &call))
        return;
    if (path->waits)
        submit(&call);
    else
        path->answer(parts, request, call.name);
}

void feed_routes_head(struct http_request *request)
{
    http_limit_body(request, text_ends_with(http_raw_path(request), "/heartbeat")
                                 ? HEARTBEAT_MAX
                                 : BODY_MAX);
}

bool feed_routes(struct display_feed_parts *parts, struct http_request *request)
{
    const struct path *other = NULL;
    const char *part;
    char text[64];
    size_t size;

    for (int i = 0; i < PATHS; i++) {
        if (!fits(paths[i].pattern, http_raw_path(request), &part, &size))
            continue;
        if (method_fits(paths[i].method, http_method(request))) {
            route(parts, request, &paths[i], part, size);
            return true;
        }
        other = &paths[i];
    }
    if (!other)
        return false;
    (void)snprintf(text, sizeof text, "this does not take %.20s, but %s", http_method(request),
                   other->method);
    refuse(request, 405, text);
    return true;
}

/* -- for all of them -- */

bool feed_refuse_start(struct display_feed_parts *parts, struct http_request *request)
{
    if (zones_is_whole(parts->zones))
        return false;
    refuse(request, 503, "what the zones show is being read: try again in a moment");
    return true;
}

void feed_answer_json(struct http_request *request, int status, struct buf *body)
{
    const size_t size = body->size;
    struct http_response *response =
        buf_ok(body) && size
            ? http_response_owned(status, "application/json", buf_take(body), size)
            : NULL;

    if (response)
        http_response_header(response, "Cache-Control", "no-store");
    http_respond(request, response);
}

json_t *feed_answer_body(struct http_request *request)
{
    struct err err = {0};
    size_t size;
    const void *body = http_body(request, &size);
    json_t *root = json_parse(body ? body : "", size, &err);

    if (root && !json_is_object(root)) {
        (void)err_set(&err, ERR_INVALID, "the body is no JSON object");
        json_decref(root);
        root = NULL;
    }
    if (!root)
        refuse_err(request, &err);
    return root;
}
