/* refuse.c - see refuse.h. */
#include "services/common/refuse.h"

#include "lib/base/text.h"
#include "services/common/problem.h"

#define RETRY_SECONDS "1"

static struct http_response *make(const struct http_request *request, int status,
                                  const char *detail, const char *trace_id)
{
    const struct problem problem = {.status = status,
                                    .detail = detail,
                                    .instance = http_raw_path(request),
                                    .trace_id = trace_id};
    OWNED_VALUE(buf) out = {0};

    if (text_starts_with(http_path(request), "/v1/")) {
        problem_write(&out, &problem);
        return buf_ok(&out) ? http_response_copy(status, PROBLEM_TYPE, out.data, out.size)
                            : NULL;
    }
    buf_printf(&out, "%s\n", detail);
    return buf_ok(&out)
               ? http_response_copy(status, "text/plain; charset=utf-8", out.data, out.size)
               : NULL;
}

void refuse(struct http_request *request, int status, const char *detail)
{
    struct http_response *response =
        make(request, status, detail, http_trace(request)->trace_id);

    if (response && status == 503)
        http_response_header(response, "Retry-After", RETRY_SECONDS);
    http_respond(request, response);
}

void refuse_err(struct http_request *request, const struct err *err)
{
    refuse(request, problem_status_of(err->code), err->text);
}

struct http_response *refuse_response(void *ctx, const struct http_request *request, int status,
                                      const char *text)
{
    (void)ctx;
    return text_starts_with(http_path(request), "/v1/") ? make(request, status, text, NULL)
                                                        : NULL;
}
