/* export_request.c - see export_request.h. */
#include "services/csv-exporter/export_request.h"

#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "lib/json/json.h"
#include "proto/envelope.h"
#include "services/common/problem.h"
#include "services/common/refuse.h"
#include "services/csv-exporter/export_answer.h"
#include "services/csv-exporter/export_tell.h"

#define PATH "/v1/exports"

enum { PUBLISH_MS = 6000, LIST_DEFAULT = 50, LIST_MAX = 1000 };

enum what { ASK, SHOW, LIST };

struct call {
    const struct export_requests *requests;
    struct http_request *request;
    enum what what;
    char id[EXPORT_ID_MAX + 1];
    int64_t limit;
};

/* -- answers -- */

static void respond(struct http_request *request, int status, struct buf *body,
                    const char *location)
{
    const size_t size = body->size;
    struct http_response *response =
        buf_ok(body) && size
            ? http_response_owned(status, "application/json", buf_take(body), size)
            : NULL;

    if (response && location)
        http_response_header(response, "Location", location);
    if (response)
        http_response_header(response, "Cache-Control", "no-store");
    http_respond(request, response);
}

/* -- on a pool's thread -- */

struct look {
    struct buf body;
    int64_t limit;
};

static void write_one(void *ctx, const struct export *export)
{
    struct look *look = ctx;

    if (export)
        export_answer(export, false, &look->body);
}

static void write_list(void *ctx, const struct export *export)
{
    struct look *look = ctx;

    json_write_open(&look->body, '{');
    json_write_name(&look->body, "exports");
    json_write_open(&look->body, '[');
    for (; export && look->limit > 0; export = export->older, look->limit--)
        export_answer(export, true, &look->body);
    json_write_close(&look->body, ']');
    json_write_close(&look->body, '}');
}

/* Answers 202 once the request is durable. */
static int ask(const struct call *call, struct err *err)
{
    char id[37], location[64];
    struct export_event event = {.export_id = id, .type = EXPORT_REQUESTED};
    OWNED_VALUE(buf) body = {0};

    envelope_uuid(id);
    if (export_tell(call->requests->bus, &event, http_trace(call->request), PUBLISH_MS, err) <
        0)
        return err->code;
    (void)snprintf(location, sizeof location, PATH "/%s", id);
    json_write_open(&body, '{');
    json_put_str(&body, "id", id);
    json_put_str(&body, "state", "requested");
    json_write_close(&body, '}');
    respond(call->request, 202, &body, location);
    return 0;
}

static int show(const struct call *call, struct err *err)
{
    struct look look = {.limit = call->limit};

    if (export_watch_sync(call->requests->watch, err) < 0)
        return err->code;
    if (call->what == LIST)
        export_watch_newest(call->requests->watch, write_list, &look);
    else
        export_watch_find(call->requests->watch, call->id, write_one, &look);
    if (look.body.size > 0)
        respond(call->request, 200, &look.body, NULL);
    else
        refuse(call->request, 404, "there is no such export; they are remembered for 30 days");
    buf_done(&look.body);
    return 0;
}

static void run(void *ctx)
{
    struct call *call = ctx;
    struct err err = {0};

    log_set_trace(http_trace(call->request)->trace_id);
    if ((call->what == ASK ? ask(call, &err) : show(call, &err)) < 0) {
        log_warn("%s " PATH ": %s", http_method(call->request), err.text);
        refuse(call->request, problem_status_of(err.code),
               "the bus, which knows of exports, does not answer: try again in a moment");
    }
    log_set_trace(NULL);
    free(call);
}

/* -- on the loop -- */

/* A body is not needed. One that is there has to be an object, so that a mistake is seen. */
static int check_body(const struct http_request *request, struct err *err)
{
    size_t size;
    const void *body = http_body(request, &size);
    OWNED_JSON root = NULL;

    if (size == 0)
        return 0;
    root = json_parse(body, size, err);
    if (!root)
        return err->code;
    return json_is_object(root)
               ? 0
               : err_set(err, ERR_INVALID, "the body is no JSON object: leave it out");
}

static int read_limit(const struct http_request *request, int64_t *ret_limit, struct err *err)
{
    const char *text = http_query(request, "limit");

    *ret_limit = LIST_DEFAULT;
    if (!text)
        return 0;
    return text_parse_int(text, 1, LIST_MAX, ret_limit, err) < 0 ? err_wrap(err, "limit") : 0;
}

static int read_call(const char *path, struct call *call, struct err *err)
{
    if (strcmp(http_method(call->request), "POST") == 0) {
        call->what = ASK;
        return check_body(call->request, err);
    }
    if (!*path) {
        call->what = LIST;
        return read_limit(call->request, &call->limit, err);
    }
    call->what = SHOW;
    return text_copy(call->id, sizeof call->id, path + 1) < 0
               ? err_set(err, ERR_NOT_FOUND, "there is no export with an id so long")
               : 0;
}

static bool allows(const char *path, const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           (!*path && strcmp(method, "POST") == 0);
}

static int submit(const struct call *read, struct err *err)
{
    struct call *call = malloc(sizeof *call);

    if (!call)
        return err_set_nomem(err, "the request");
    *call = *read;
    if (pool_submit(call->requests->pool, run, call) == 0)
        return 0;
    free(call);
    return err_set(err, ERR_UNAVAILABLE, "too much waits for the bus: try again in a moment");
}

bool export_request(const struct export_requests *requests, struct http_request *request)
{
    struct call call = {.requests = requests, .request = request};
    const char *path = http_path(request);
    struct err err = {0};

    if (!text_starts_with(path, PATH))
        return false;
    path += sizeof PATH - 1;
    if (*path && (*path != '/' || !path[1]))
        return false;
    if (!allows(path, http_method(request))) {
        refuse(request, 405, *path ? "this takes GET" : "this takes GET and POST");
        return true;
    }
    if (read_call(path, &call, &err) < 0 || submit(&call, &err) < 0)
        refuse(request, problem_status_of(err.code), err.text);
    return true;
}
