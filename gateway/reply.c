/* reply.c - see reply.h. */
#include "gateway/reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/text.h"
#include "lib/json/json.h"

#define RETRY_SECONDS "2"

void reply_done(struct reply *reply)
{
    buf_done(&reply->body);
    buf_done(&reply->header_text);
    blob_free(reply->blob);
    http_stream_free(reply->stream);
    if (reply->fd > 0)
        (void)close(reply->fd);
    memset(reply, 0, sizeof *reply);
}

void reply_header(struct reply *reply, const char *name, const char *value)
{
    if (reply->header_count == REPLY_HEADERS) {
        reply->header_text.failed = true;
        return;
    }
    reply->headers[reply->header_count].name = name;
    reply->headers[reply->header_count++].at = reply->header_text.size;
    buf_append(&reply->header_text, value, strlen(value) + 1);
}

void reply_text(struct reply *reply, int status, const char *text)
{
    buf_clear(&reply->body);
    reply->status = status;
    reply->type = "text/plain; charset=utf-8";
    buf_append_str(&reply->body, text);
}

const char *reply_type(const char *type, size_t size)
{
    static const char *const types[] = {"application/json",          PROBLEM_TYPE,
                                        "text/plain; charset=utf-8", "text/plain",
                                        "text/html; charset=utf-8",  "text/csv",
                                        "application/jwk+json",      "application/yaml"};

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(types[i]) == size && memcmp(types[i], type, size) == 0)
            return types[i];
    return "application/octet-stream";
}

void reply_json(struct reply *reply, int status, struct buf *body)
{
    buf_done(&reply->body);
    reply->status = status;
    reply->type = "application/json";
    reply->body = *body;
    memset(body, 0, sizeof *body);
}

static bool is_ours(const struct http_request *request)
{
    return text_starts_with(http_path(request), "/v1/");
}

/* trace may be NULL. */
static void write_problem(struct buf *out, const struct http_request *request,
                          const struct trace *trace, int status, const char *detail)
{
    const struct problem problem = {.status = status,
                                    .detail = detail,
                                    .instance = http_raw_path(request),
                                    .trace_id = trace ? trace->trace_id : NULL};

    problem_write(out, &problem);
}

void reply_problem(struct reply *reply, struct http_request *request, int status,
                   const char *fmt, ...)
{
    OWNED_VALUE(buf) problem = {0};
    char detail[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(detail, sizeof detail, fmt, args);
    va_end(args);
    if (is_ours(request)) {
        write_problem(&problem, request, http_trace(request), status, detail);
        reply_json(reply, status, &problem);
        reply->type = PROBLEM_TYPE;
    } else {
        reply_text(reply, status, detail);
        buf_append_char(&reply->body, '\n');
    }
    if (status == 503)
        reply_header(reply, "Retry-After", RETRY_SECONDS);
}

struct http_response *reply_on_error(void *ctx, const struct http_request *request, int status,
                                     const char *text)
{
    OWNED_VALUE(buf) problem = {0};

    (void)ctx;
    if (!is_ours(request))
        return NULL;
    write_problem(&problem, request, NULL, status, text);
    return buf_ok(&problem)
               ? http_response_copy(status, PROBLEM_TYPE, problem.data, problem.size)
               : NULL;
}

void reply_error(struct reply *reply, struct http_request *request, const struct err *err)
{
    reply_problem(reply, request, problem_status_of(err->code), "%s", err->text);
}

static struct http_response *make_response(struct reply *reply)
{
    struct http_response *response;

    if (reply->fd > 0) {
        response = http_response_file(reply->status, reply->type, reply->fd, reply->offset,
                                      reply->count);
        reply->fd = 0;
        return response;
    }
    if (reply->stream)
        return http_response_stream(reply->status, reply->type, reply->stream);
    if (reply->blob) {
        response =
            http_response_shared(reply->status, reply->type, reply->blob->data + reply->offset,
                                 (size_t)reply->count, blob_release, reply->blob);
        reply->blob = NULL;
        return response;
    }
    if (reply->body.size > 0) {
        size_t size = reply->body.size;

        return http_response_owned(reply->status, reply->type, buf_take(&reply->body), size);
    }
    return http_response_static(reply->status, reply->type, "", 0);
}

void reply_send(struct reply *reply, struct http_request *request)
{
    struct http_response *response;

    if (reply->status == 0 || !buf_ok(&reply->body) || !buf_ok(&reply->header_text)) {
        reply_done(reply);
        reply_text(reply, 500, "the answer could not be made: no memory\n");
    }
    response = make_response(reply);
    if (response) {
        http_response_header(response, "X-Content-Type-Options", "nosniff");
        for (size_t i = 0; i < reply->header_count; i++)
            http_response_header(response, reply->headers[i].name,
                                 reply->header_text.data + reply->headers[i].at);
    }
    http_respond(request, response);
    reply_done(reply);
}
