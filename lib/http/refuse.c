/* refuse.c - an answer where libmicrohttpd takes none: in the middle of a body or of a head.
 *
 * It has sent nothing for this request then (but perhaps a whole "100 Continue"), so the answer
 * can be written to its socket directly, and the connection ends after. */
#include <sys/socket.h>

#include "lib/base/clock.h"
#include "lib/http/server_local.h"

static enum MHD_Result append_header(void *ctx, enum MHD_ValueKind kind, const char *name,
                                     const char *value)
{
    (void)kind;
    buf_printf(ctx, "%s: %s\r\n", name, value);
    return MHD_YES;
}

static void append_response(struct buf *out, const struct http_response *response)
{
    char date[CLOCK_TEXT];

    clock_format_http(clock_wall_ms(), date);
    buf_printf(out, "HTTP/1.1 %d %s\r\nDate: %s\r\nConnection: close\r\n", response->status,
               MHD_get_reason_phrase_for((unsigned int)response->status), date);
    (void)MHD_get_response_headers(response->mhd, append_header, out);
    buf_printf(out, "Content-Length: %zu\r\n\r\n", response->body ? (size_t)response->size : 0);
    if (response->body)
        buf_append(out, response->body, (size_t)response->size);
}

void http_refuse_raw(struct http_conn *conn, int status, const char *text)
{
    struct http_request *request = conn->request;
    struct http_response *response;
    OWNED_VALUE(buf) out = {0};

    if (!request)
        return; /* not even a target: nothing to answer */
    response = http_response_error(request, status, text);
    if (!response)
        return;
    append_response(&out, response);
    if (buf_ok(&out) && send(conn->fd, out.data, out.size, MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
        request->status = response->status;
        request->sent_bytes = response->size;
        conn->linger = true;
    }
    http_response_free(response);
}
