/* request.c - a request's life, and what a handler can ask it.
 *
 * Everything that a handler may read is copied out of libmicrohttpd's buffers first, because a
 * handler may still be reading when its time is up and the connection has gone on. The memory
 * is reused by later requests of the loop, so a copy costs no allocation. */
#include <poll.h>
#include <stdlib.h>
#include <strings.h>

#include "lib/http/server_local.h"

enum {
    SPARE_MOST = 256,        /* requests kept for reuse by one loop */
    KEEP_BODY_BYTES = 65536, /* a larger body's memory goes back */
};

static struct http_request *request_new(void)
{
    struct http_request *request = calloc(1, sizeof *request);

    if (request)
        atomic_init(&request->refs, 1);
    return request;
}

/* The arrays of names and values; false: no memory. */
static bool have_pairs(struct http_request *request)
{
    if (!request->headers) {
        request->headers = calloc(HTTP_MAX_HEADERS + HTTP_MAX_QUERY, sizeof *request->headers);
        request->query = request->headers ? request->headers + HTTP_MAX_HEADERS : NULL;
    }
    return request->headers != NULL;
}

void http_request_forget(struct http_request *request)
{
    http_wipe_body(request);
    buf_done(&request->text);
    buf_done(&request->body);
    free(request->headers);
    request->headers = request->query = NULL;
    request->header_count = request->query_count = 0;
    request->method = request->path = request->raw_path = request->target = "";
}

static void request_free(struct http_request *request)
{
    http_response_free(request->response);
    http_request_forget(request);
    free(request);
}

void http_request_free_all(struct http_request *list)
{
    while (list) {
        struct http_request *next = list->next;

        request_free(list);
        list = next;
    }
}

/* Back to how it was when new, but for the memory of text and body. */
static void request_reset(struct http_request *request)
{
    struct buf text = request->text, body = request->body;

    buf_clear(&text);
    buf_clear(&body);
    if (body.capacity > KEEP_BODY_BYTES)
        buf_done(&body);
    http_response_free(request->response);
    /* all but the arrays, which their counts empty */
    atomic_store_explicit(&request->taken, false, memory_order_relaxed);
    request->response = NULL;
    request->stream = NULL;
    request->ready = request->suspended = false;
    request->stage = HTTP_STAGE_HEAD;
    request->text = text;
    request->body = body;
    request->method = request->path = request->raw_path = request->target = "";
    request->header_count = request->query_count = 0;
    request->content_length = 0;
    request->has_body = request->chunked = request->expects_continue = false;
    request->is_head = false;
    request->secret = false;
    request->user = NULL;
    request->on_gone = request->errand = NULL;
    request->deadline_ms = request->started_ns = 0;
    request->status = 0;
    request->sent_bytes = 0;
}

struct http_request *http_request_take(struct http_loop *loop, struct http_conn *conn)
{
    struct http_request *request = loop->spare;

    if (request) {
        loop->spare = request->next;
        loop->spare_count--;
    } else {
        request = request_new();
        if (!request)
            return NULL;
    }
    if (!have_pairs(request)) {
        request_free(request);
        return NULL;
    }
    request_reset(request);
    atomic_store_explicit(&request->refs, 1, memory_order_relaxed);
    request->next = NULL;
    request->loop = loop;
    request->conn = conn;
    request->body_limit = loop->server->conf.max_body_bytes;
    memcpy(request->peer, conn->peer, sizeof request->peer);
    return request;
}

static bool last_ref(struct http_request *request)
{
    return atomic_fetch_sub_explicit(&request->refs, 1, memory_order_acq_rel) == 1;
}

void http_request_unref(struct http_request *request)
{
    if (last_ref(request))
        request_free(request);
}

void http_request_recycle(struct http_request *request)
{
    struct http_loop *loop = request->loop;

    if (!last_ref(request))
        return; /* a handler that is late still has it */
    http_wipe_body(request);
    /* One that never went out, as the client had left: a stream's owner is told now. */
    http_response_free(request->response);
    request->response = NULL;
    if (loop->spare_count >= SPARE_MOST) {
        request_free(request);
        return;
    }
    request->next = loop->spare;
    loop->spare = request;
    loop->spare_count++;
}

const char *http_method(const struct http_request *request)
{
    return request->method;
}

const char *http_path(const struct http_request *request)
{
    return request->path;
}

const char *http_raw_path(const struct http_request *request)
{
    return request->raw_path;
}

const char *http_query(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->query_count; i++)
        if (strcmp(request->query[i].name, name) == 0)
            return request->query[i].value;
    return NULL;
}

const char *http_header(const struct http_request *request, const char *name)
{
    for (size_t i = 0; i < request->header_count; i++)
        if (strcasecmp(request->headers[i].name, name) == 0)
            return request->headers[i].value;
    return NULL;
}

const char *http_target(const struct http_request *request)
{
    return request->target;
}

const char *http_peer(const struct http_request *request)
{
    return request->peer;
}

struct trace *http_trace(struct http_request *request)
{
    return &request->trace;
}

struct http_client *http_loop_client(struct http_request *request)
{
    return request->loop->client;
}

int64_t http_deadline_ms(const struct http_request *request)
{
    return request->deadline_ms;
}

/* The connection is not closed before the request is answered. Where that happens between the
 * two questions, the second may be asked of another connection: a guess is all this is. */
bool http_is_gone(const struct http_request *request)
{
    struct pollfd peer = {.fd = request->fd, .events = POLLRDHUP};

    return atomic_load(&request->taken) || poll(&peer, 1, 0) != 0;
}

void http_set_user(struct http_request *request, void *user)
{
    request->user = user;
}

void *http_user(const struct http_request *request)
{
    return request->user;
}

void http_limit_body(struct http_request *request, size_t max_bytes)
{
    request->body_limit = max_bytes;
}

void http_on_gone(struct http_request *request, void (*on_gone)(void *ctx), void *ctx)
{
    request->on_gone = on_gone;
    request->gone_ctx = ctx;
}

void http_request_gone(struct http_request *request)
{
    void (*on_gone)(void *ctx) = request->on_gone;

    request->on_gone = NULL;
    if (on_gone)
        on_gone(request->gone_ctx);
}

void http_answer_within(struct http_request *request, int ms)
{
    request->deadline_ms = request->loop->now_ms + ms;
}

void http_run_on_loop(struct http_request *request, void (*fn)(void *ctx), void *ctx)
{
    request->errand = fn;
    request->errand_ctx = ctx;
    http_loop_post(request->loop, request);
}
