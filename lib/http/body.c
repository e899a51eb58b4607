/* body.c - a request's body while it comes in, and until it is given back.
 *
 * Most lie in an ordinary buffer that the next request uses again. One that nobody may keep
 * (http_secret_body) lies in memory of lib/base/secret.h, and what libmicrohttpd read is zeroed
 * as soon as it was copied. */
#include "lib/base/secret.h"
#include "lib/http/server_local.h"

/* What a client says that it will send is no reason to set as much aside: memory grows with
 * what came. */
enum { SECRET_FIRST_BYTES = 262144 };

void http_secret_body(struct http_request *request)
{
    request->secret = true;
}

static size_t next_room(const struct http_request *request, size_t needed)
{
    size_t room = request->secret_room ? request->secret_room : SECRET_FIRST_BYTES;
    size_t most = request->body_limit;

    if (!request->chunked && request->content_length < most)
        most = (size_t)request->content_length;
    while (room < needed)
        room *= 2;
    return room < most ? room : most;
}

/* The bytes, and a NUL after them. */
static bool have_room(struct http_request *request, size_t size)
{
    size_t needed = request->secret_size + size, room;
    char *grown;

    if (needed <= request->secret_room)
        return true;
    room = next_room(request, needed);
    grown = secret_alloc(room + 1, NULL);
    if (!grown)
        return false;
    secret_copy(grown, request->secret_bytes, request->secret_size);
    secret_free(request->secret_bytes, request->secret_room + 1);
    request->secret_bytes = grown;
    request->secret_room = room;
    return true;
}

bool http_body_append(struct http_request *request, const char *bytes, size_t size)
{
    if (!request->secret) {
        buf_append(&request->body, bytes, size);
        return buf_ok(&request->body);
    }
    if (!have_room(request, size))
        return false;
    secret_copy(request->secret_bytes + request->secret_size, bytes, size);
    request->secret_size += size;
    return true;
}

const void *http_body(const struct http_request *request, size_t *ret_size)
{
    *ret_size = request->secret ? request->secret_size : request->body.size;
    if (request->secret)
        return request->secret_bytes ? request->secret_bytes : "";
    return buf_text(&request->body);
}

void http_wipe_body(struct http_request *request)
{
    buf_clear(&request->body);
    secret_free(request->secret_bytes, request->secret_room + 1);
    request->secret_bytes = NULL;
    request->secret_size = request->secret_room = 0;
}
