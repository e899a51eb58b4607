/* forward.c - see forward.h. */
#include "gateway/forward.h"

#include <stdio.h>

#include "lib/http/client.h"

enum { ASK_MS = 5000, MAX_ANSWER = 1 << 20 };

static int ask(struct gateway *gateway, struct http_request *request,
               struct http_client_response *ret_response, struct err *err)
{
    OWNED(http_client) client = http_client_new(err);
    OWNED_VALUE(buf) url = {0};
    char parent[TRACE_PARENT], trace_line[TRACE_PARENT + 16];
    const char *const headers[] = {trace_line, "Content-Type: application/json"};
    struct http_client_request asked = {
        .method = http_method(request),
        .headers = headers,
        .header_count = 2,
        .deadline_ms = ASK_MS,
        .max_body_bytes = MAX_ANSWER,
    };

    if (!client)
        return err->code;
    trace_format(http_trace(request), parent);
    (void)snprintf(trace_line, sizeof trace_line, "traceparent: %s", parent);
    buf_printf(&url, "%s/reconcile", gateway->settings->ingest_url);
    asked.url = buf_text(&url);
    asked.body = http_body(request, &asked.body_size);
    if (http_client_fetch(client, &asked, ret_response, err) < 0)
        return err_wrap(err, "asking item-ingest");
    return 0;
}

void forward_reconcile(struct gateway *gateway, struct http_request *request,
                       struct reply *reply)
{
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};

    if (ask(gateway, request, &response, &err) < 0) {
        reply_problem(reply, request, 503, "%s", err.text);
        return;
    }
    reply_json(reply, response.status, &response.body);
    if (response.status == 503)
        reply_header(reply, "Retry-After", "2");
}
