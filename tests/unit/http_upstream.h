/* http_upstream.h - servers for the tests of lib/http's client to talk to. */
#ifndef TESTS_UNIT_HTTP_UPSTREAM_H
#define TESTS_UNIT_HTTP_UPSTREAM_H

#include <pthread.h>

#include "lib/http/server.h"
#include "tests/unit/http_raw.h"

/* -- an upstream: lib/http's server, whose paths say how to behave -- */

struct upstream {
    struct http_server *server;
    char base[64];
    int requests; /* atomic */
};

static inline void answer_at_third(struct upstream *up, struct http_request *request)
{
    int number = __atomic_add_fetch(&up->requests, 1, __ATOMIC_SEQ_CST);

    if (number < 3)
        http_respond_text(request, 503, "not yet");
    else
        http_respond_text(request, 200, "at last");
}

static inline void answer_busy(struct upstream *up, struct http_request *request,
                               const char *after)
{
    struct http_response *response;

    if (__atomic_add_fetch(&up->requests, 1, __ATOMIC_SEQ_CST) > 1) {
        http_respond_text(request, 200, "free again");
        return;
    }
    response = http_response_copy(429, "text/plain", "busy", 4);
    http_response_header(response, "Retry-After", after);
    http_respond(request, response);
}

static inline void echo(struct http_request *request)
{
    OWNED_VALUE(buf) out = {0};
    const char *type = http_header(request, "Content-Type");
    const char *length = http_header(request, "Content-Length");
    struct http_response *response;
    size_t size;
    const char *body = http_body(request, &size);

    buf_printf(&out, "%s %s type=%s length=%s expect=%s agent=%s x=%s body=%.*s",
               http_method(request), http_raw_path(request), type ? type : "(none)",
               length ? length : "(none)", http_header(request, "Expect") ? "yes" : "no",
               http_header(request, "User-Agent") ? "yes" : "no",
               http_header(request, "X") ? http_header(request, "X") : "(none)", (int)size,
               body);
    response = http_response_copy(200, "text/plain", out.data, out.size);
    http_response_header(response, "X-Mixed-Case", "Kept As It Is");
    http_respond(request, response);
}

static inline void on_request(void *ctx, struct http_request *request)
{
    struct upstream *up = ctx;
    const char *path = http_path(request), *after = http_query(request, "after");
    struct http_response *response;

    if (strcmp(path, "/third") == 0) {
        answer_at_third(up, request);
    } else if (strcmp(path, "/busy") == 0) {
        answer_busy(up, request, after);
    } else if (strcmp(path, "/moved") == 0) {
        response = http_response_copy(302, NULL, "", 0);
        http_response_header(response, "Location", "/elsewhere");
        http_respond(request, response);
    } else {
        echo(request);
    }
}

static inline void upstream_start(struct upstream *up)
{
    const struct http_server_conf conf = {
        .listen = "127.0.0.1:0", .loops = 1, .on_request = on_request, .ctx = up};
    struct err err = {0};

    *up = (struct upstream){0};
    up->server = http_server_start(&conf, &err);
    if (!up->server)
        TEST_FAIL("%s", err.text);
    (void)snprintf(up->base, sizeof up->base, "http://127.0.0.1:%d",
                   http_server_port(up->server));
}

static inline void upstream_done(struct upstream *up)
{
    http_server_free(up->server);
}

/* -- an upstream that says fixed bytes to each connection, then goes on to the next -- */

struct script {
    int fd;
    const char *const *answers; /* one for each request, all on as many connections as given */
    int count;
    int connections; /* how many connections the answers came over */
    bool keep;       /* the next answer goes to the same connection */
    pthread_t thread;
};

static inline void *run_script(void *ctx)
{
    struct script *s = ctx;
    int fd = -1;

    for (int i = 0; i < s->count; i++) {
        OWNED_VALUE(buf) in = {0};

        if (fd < 0) {
            fd = accept(s->fd, NULL, NULL);
            s->connections++;
        }
        while (raw_head_size(&in) == 0 && raw_read_some(fd, &in))
            continue;
        raw_send_text(fd, s->answers[i]);
        if (!s->keep) {
            (void)close(fd);
            fd = -1;
        }
    }
    if (fd >= 0)
        (void)close(fd);
    return NULL;
}

static inline int bound_socket(int *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_INT(bind(fd, (struct sockaddr *)&at, sizeof at), ==, 0);
    CHECK_INT(getsockname(fd, (struct sockaddr *)&at, &size), ==, 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static inline void script_start(struct script *s)
{
    CHECK_INT(listen(s->fd, 16), ==, 0);
    CHECK_INT(pthread_create(&s->thread, NULL, run_script, s), ==, 0);
}

static inline void script_end(struct script *s)
{
    (void)pthread_join(s->thread, NULL);
    (void)close(s->fd);
}

/* -- fetching -- */

static inline int get(const char *base, const char *path, int retries, int deadline_ms,
                      struct http_client_response *ret, struct err *err)
{
    OWNED(http_client) client = http_client_new(err);
    OWNED_VALUE(buf) url = {0};
    struct http_client_request request = {
        .method = "GET", .retries = retries, .deadline_ms = deadline_ms};

    buf_printf(&url, "%s%s", base, path);
    request.url = url.data;
    return http_client_fetch(client, &request, ret, err);
}

/* Keeps the status or the code of the error in an int. */
static inline void keep_result(void *ctx, struct http_client_response *response,
                               const struct err *err)
{
    int *result = ctx;

    CHECK_INT(*result, ==, 0); /* exactly once */
    *result = err->code ? err->code : response->status;
}

#endif
