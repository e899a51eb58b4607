/* refuse.c - see refuse.h. */
#include "services/common/refuse.h"

#include "lib/base/text.h"
#include "services/common/problem.h"

#define RETRY_SECONDS "1"

static struct http_response *respond(int status, const char *type, const struct buf *body)
{
    struct http_response *response =
        buf_ok(body) ? http_response_copy(status, type, body->data, body->size) : NULL;

    if (response && status == 503)
        http_response_header(response, "Retry-After", RETRY_SECONDS);
    return response;
}

struct http_response *refuse_make(const struct http_request *request, int status,
                                  const char *detail, const char *trace_id)
{
    const struct problem problem = {.status = status,
                                    .detail = detail,
                                    .instance = http_raw_path(request),
                                    .trace_id = trace_id};
    OWNED_VALUE(buf) out = {0};

    if (text_starts_with(http_path(request), "/v1/")) {
        problem_write(&out, &problem);
        return respond(status, PROBLEM_TYPE, &out);
    }
    buf_printf(&out, "%s\n", detail);
    return respond(status, "text/plain; charset=utf-8", &out);
}

void refuse(struct http_request *request, int status, const char *detail)
{
    http_respond(request, refuse_make(request, status, detail, http_trace(request)->trace_id));
}

void refuse_err(struct http_request *request, const struct err *err)
{
    refuse(request, problem_status_of(err->code), err->text);
}

struct http_response *refuse_response(void *ctx, const struct http_request *request, int status,
                                      const char *text)
{
    (void)ctx;
    return text_starts_with(http_path(request), "/v1/")
               ? refuse_make(request, status, text, NULL)
               : NULL;
}
