/* response.c - answers, as libmicrohttpd's responses. */
#include <stdlib.h>
#include <unistd.h>

#include "lib/http/server_local.h"

/* Up to this size reading a file costs less than sendfile(2), which needs a packet of its own
 * for the head. */
enum { READ_BYTES = 65536 };

/* Takes mhd, which may be NULL: then so is the result. */
static struct http_response *response_new(int status, const char *content_type,
                                          struct MHD_Response *mhd, const void *body,
                                          uint64_t size)
{
    struct http_response *response = mhd ? malloc(sizeof *response) : NULL;

    if (!response) {
        if (mhd)
            MHD_destroy_response(mhd);
        return NULL;
    }
    response->status = status >= 200 && status <= 599 ? status : 500;
    response->mhd = mhd;
    response->body = body;
    response->size = size;
    response->stream = NULL;
    if (content_type)
        http_response_header(response, "Content-Type", content_type);
    return response;
}

struct http_response *http_response_wrap(int status, const char *content_type,
                                         struct MHD_Response *mhd)
{
    return response_new(status, content_type, mhd, NULL, 0);
}

struct http_response *http_response_copy(int status, const char *content_type, const void *body,
                                         size_t size)
{
    char *copy = malloc(size ? size : 1);

    if (!copy)
        return NULL;
    if (size)
        memcpy(copy, body, size);
    return http_response_owned(status, content_type, copy, size);
}

struct http_response *http_response_owned(int status, const char *content_type, char *body,
                                          size_t size)
{
    struct MHD_Response *mhd =
        MHD_create_response_from_buffer(size, body, MHD_RESPMEM_MUST_FREE);

    if (!mhd) {
        free(body);
        return NULL;
    }
    return response_new(status, content_type, mhd, body, size);
}

struct http_response *http_response_static(int status, const char *content_type,
                                           const void *body, size_t size)
{
    return response_new(
        status, content_type,
        MHD_create_response_from_buffer(size, (void *)body, MHD_RESPMEM_PERSISTENT), body,
        size);
}

struct http_response *http_response_shared(int status, const char *content_type,
                                           const void *body, size_t size,
                                           void (*release)(void *ctx), void *ctx)
{
    struct MHD_Response *mhd = MHD_create_response_from_buffer_with_free_callback_cls(
        size, (void *)body, release, ctx);

    if (!mhd)
        release(ctx);
    return response_new(status, content_type, mhd, body, size);
}

/* NULL where it could not be read whole. */
static char *read_file(int fd, uint64_t offset, size_t size)
{
    char *bytes = malloc(size ? size : 1);

    for (size_t done = 0; bytes && done < size;) {
        ssize_t got = pread(fd, bytes + done, size - done, (off_t)(offset + done));

        if (got <= 0) {
            free(bytes);
            return NULL;
        }
        done += (size_t)got;
    }
    return bytes;
}

struct http_response *http_response_file(int status, const char *content_type, int fd,
                                         uint64_t offset, uint64_t size)
{
    char *bytes = size <= READ_BYTES ? read_file(fd, offset, size) : NULL;
    struct MHD_Response *mhd;

    if (bytes) {
        (void)close(fd);
        return http_response_owned(status, content_type, bytes, size);
    }
    mhd = MHD_create_response_from_fd_at_offset64(size, fd, offset);
    if (!mhd)
        (void)close(fd);
    return response_new(status, content_type, mhd, NULL, size);
}

void http_response_header(struct http_response *response, const char *name, const char *value)
{
    if (response)
        (void)MHD_add_response_header(response->mhd, name, value);
}

void http_response_free(struct http_response *response)
{
    if (!response)
        return;
    MHD_destroy_response(response->mhd);
    free(response);
}

struct http_response *http_response_error(const struct http_request *request, int status,
                                          const char *text)
{
    const struct http_server_conf *conf = &request->loop->server->conf;
    struct http_response *response =
        conf->on_error ? conf->on_error(conf->ctx, request, status, text) : NULL;
    char line[320];
    int size;

    if (response)
        return response;
    size = snprintf(line, sizeof line, "%s\n", text);
    if (size >= (int)sizeof line)
        size = (int)sizeof line - 1;
    return http_response_copy(status, "text/plain; charset=utf-8", line, (size_t)size);
}
