/* exchange.c - one request and its answer, between libmicrohttpd and the handlers.
 *
 * libmicrohttpd calls http_exchange_on_request when the head is there, for each piece of the
 * body, and at the end, when an answer may be queued. A handler that answers inside its call
 * costs nothing more. One that does not has its connection suspended; the answer then comes
 * from the same loop, from another thread through the loop's mailbox, or, when time is up, from
 * the server. The connection stays suspended until one of them delivered. */
#include "lib/base/clock.h"
#include "lib/base/secret.h"
#include "lib/http/server_local.h"
#include "lib/http/stream_local.h"

/* A body that is not wanted is read all the same up to this size, so that the connection can
 * be kept. */
enum { DISCARD_BYTES = 16384 };

void *http_exchange_on_target(void *ctx, const char *uri, struct MHD_Connection *mhd)
{
    struct http_loop *loop = ctx;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct http_conn *conn = info ? info->socket_context : NULL;
    struct http_request *request;

    if (!conn || !uri)
        return NULL;
    request = http_request_take(loop, conn);
    if (!request)
        return NULL;
    buf_append(&request->text, uri, strlen(uri) + 1); /* libmicrohttpd is about to cut it up */
    request->target = buf_text(&request->text);
    request->in_place = uri;
    conn->request = request;
    if (conn->phase == HTTP_IDLE)
        http_conn_phase(conn, loop, HTTP_HEAD);
    return request;
}

/* The answer will take long: what was read of the request is not needed any more. */
static void begin_stream(struct http_request *request, struct http_stream *stream)
{
    http_stream_attach(stream, request);
    http_conn_phase(request->conn, request->loop, HTTP_STREAM);
    http_request_forget(request);
    if (request->loop->stopping)
        http_stream_stop(stream, false);
}

/* Gives the answer to libmicrohttpd. */
static enum MHD_Result queue(struct http_request *request, struct MHD_Connection *mhd)
{
    struct http_response *response = request->response;
    char parent[TRACE_PARENT];
    enum MHD_Result result;

    request->response = NULL;
    request->stage = HTTP_STAGE_QUEUED;
    if (atomic_load(&request->refs) == 1) /* no handler reads it any more */
        http_wipe_body(request);
    if (!response)
        return MHD_NO;
    trace_format(&request->trace, parent);
    (void)MHD_add_response_header(response->mhd, "traceparent", parent);
    if (request->loop->stopping)
        (void)MHD_add_response_header(response->mhd, "Connection", "close");
    request->status = response->status;
    request->sent_bytes = request->is_head ? 0 : response->size;
    if (response->stream && !request->is_head)
        begin_stream(request, response->stream);
    else
        http_conn_phase(request->conn, request->loop, HTTP_SEND);
    result = MHD_queue_response(mhd, (unsigned int)response->status, response->mhd);
    http_response_free(response);
    return result;
}

/* On the loop's thread: the answer may go out. */
void http_exchange_deliver(struct http_request *request)
{
    request->ready = true;
    if (request->suspended) {
        request->suspended = false;
        MHD_resume_connection(request->conn->mhd);
    }
}

/* The server's own answer, where nobody has answered yet. */
static bool answer_error(struct http_request *request, int status, const char *text)
{
    if (atomic_exchange(&request->taken, true))
        return false;
    request->response = http_response_error(request, status, text);
    http_exchange_deliver(request);
    return true;
}

bool http_exchange_give_up(struct http_request *request, const char *why)
{
    if (!answer_error(request, 503, why))
        return false;
    if (request->response)
        http_response_header(request->response, "Retry-After", "1");
    http_request_gone(request);
    return true;
}

/* Without a response the connection is closed. */
void http_exchange_abandon(struct http_request *request)
{
    if (atomic_exchange(&request->taken, true))
        return;
    http_request_gone(request);
    http_exchange_deliver(request);
}

void http_respond(struct http_request *request, struct http_response *response)
{
    struct http_loop *loop;

    if (atomic_exchange(&request->taken, true)) { /* too late: the loop may be gone already */
        http_response_free(response);
        http_request_unref(request);
        return;
    }
    loop = request->loop;
    if (!response)
        response = http_response_error(request, 500,
                                       "something is wrong in the server; its log says what");
    request->response = response;
    /* Not the last one: the connection waits for the answer, and has one too. */
    (void)atomic_fetch_sub(&request->refs, 1);
    if (http_loop_is_mine(loop))
        http_exchange_deliver(request);
    else
        http_loop_post(loop, request);
}

void http_respond_text(struct http_request *request, int status, const char *text)
{
    http_respond(request,
                 http_response_copy(status, "text/plain; charset=utf-8", text, strlen(text)));
}

/* Answers before the body was read, after which the connection is closed. */
static enum MHD_Result queue_early(struct http_request *request, struct MHD_Connection *mhd)
{
    request->conn->linger = request->has_body;
    return queue(request, mhd);
}

static enum MHD_Result refuse(struct http_request *request, struct MHD_Connection *mhd,
                              int status, const char *text)
{
    (void)answer_error(request, status, text);
    return queue_early(request, mhd);
}

static enum MHD_Result refuse_length(struct http_request *request, struct MHD_Connection *mhd)
{
    char text[128];

    (void)snprintf(
        text, sizeof text, "the body has %llu bytes, more than the %llu that are accepted here",
        (unsigned long long)request->content_length, (unsigned long long)request->body_limit);
    return refuse(request, mhd, 413, text);
}

static bool may_be_discarded(const struct http_request *request)
{
    return !request->chunked && !request->expects_continue &&
           request->content_length <= DISCARD_BYTES;
}

static void start_trace(struct http_request *request)
{
    const char *parent = http_header(request, "traceparent");

    trace_continue(&request->trace, parent, parent ? strlen(parent) : 0);
}

/* The whole head is there. */
static enum MHD_Result take_head(struct http_request *request, struct MHD_Connection *mhd,
                                 const char *method, const char *version)
{
    const struct http_server_conf *conf = &request->loop->server->conf;
    struct err why = {0};
    int status;

    request->stage = HTTP_STAGE_BODY;
    request->started_ns = clock_mono_ns();
    http_conn_phase(request->conn, request->loop, HTTP_BODY);
    status = http_head_read(request, mhd, method, version, &why);
    start_trace(request);
    if (status) {
        request->has_body = true; /* as far as we know */
        return refuse(request, mhd, status, why.text);
    }
    request->deadline_ms = request->loop->now_ms + conf->answer_ms;
    if (conf->on_head) {
        (void)atomic_fetch_add(&request->refs, 1);
        conf->on_head(conf->ctx, request);
        if (!request->ready)
            (void)atomic_fetch_sub(&request->refs, 1);
    }
    if (request->ready && request->has_body && !may_be_discarded(request))
        return queue_early(request, mhd);
    if (request->ready)
        request->stage = HTTP_STAGE_DISCARD;
    else if (request->content_length > request->body_limit)
        return refuse_length(request, mhd);
    return MHD_YES;
}

static enum MHD_Result take_body(struct http_request *request, const char *bytes, size_t size)
{
    char text[96] = "no memory for the body; try again later";
    int status = 503;
    size_t had;

    if (request->stage == HTTP_STAGE_DISCARD)
        return MHD_YES;
    (void)http_body(request, &had);
    if (size > request->body_limit - had) {
        (void)snprintf(text, sizeof text,
                       "the body is larger than the %zu bytes that are accepted here",
                       request->body_limit);
        status = 413;
    } else if (http_body_append(request, bytes, size)) {
        return MHD_YES;
    }
    (void)atomic_exchange(&request->taken, true);
    http_refuse_raw(request->conn, status, text);
    return MHD_NO;
}

static void ask(struct http_request *request)
{
    const struct http_server_conf *conf = &request->loop->server->conf;

    request->stage = HTTP_STAGE_ASKED;
    request->fd = request->conn->fd;
    request->deadline_ms = request->loop->now_ms + conf->answer_ms;
    http_conn_phase(request->conn, request->loop, HTTP_ANSWER);
    (void)atomic_fetch_add(&request->refs, 1);
    conf->on_request(conf->ctx, request);
}

/* As many parameters as libmicrohttpd passes. NOLINTNEXTLINE(readability-function-size) */
enum MHD_Result http_exchange_on_request(void *ctx, struct MHD_Connection *mhd, const char *url,
                                         const char *method, const char *version,
                                         const char *upload, size_t *upload_size,
                                         void **context)
{
    struct http_request *request = *context;

    (void)ctx;
    (void)url;
    if (!request)
        return MHD_NO; /* no memory: the connection is closed */
    if (request->stage == HTTP_STAGE_HEAD)
        return take_head(request, mhd, method, version);
    if (*upload_size > 0) {
        enum MHD_Result result = take_body(request, upload, *upload_size);

        if (request->secret) /* it lies in the connection's own buffer, and was all taken */
            secret_wipe((void *)upload, *upload_size);
        *upload_size = 0;
        return result;
    }
    if (request->stage == HTTP_STAGE_BODY)
        ask(request);
    if (request->ready)
        return queue(request, mhd);
    request->suspended = true;
    MHD_suspend_connection(mhd);
    return MHD_YES;
}

void http_exchange_on_completed(void *ctx, struct MHD_Connection *mhd, void **context,
                                enum MHD_RequestTerminationCode code)
{
    struct http_loop *loop = ctx;
    struct http_request *request = *context;
    const struct http_server_conf *conf = &loop->server->conf;

    (void)mhd;
    (void)code;
    *context = NULL;
    if (!request)
        return;
    if (!atomic_exchange(&request->taken, true))
        http_request_gone(request);
    if (request->stream)
        http_stream_detach(request->stream);
    if (conf->on_answered && (request->status || request->user))
        conf->on_answered(conf->ctx, request, request->status, request->sent_bytes,
                          clock_mono_ns() - request->started_ns);
    request->conn->request = NULL;
    http_conn_phase(request->conn, loop, HTTP_IDLE);
    request->conn = NULL;
    http_request_recycle(request);
}
