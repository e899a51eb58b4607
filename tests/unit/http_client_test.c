/* http_client_test.c - lib/http's client against a server that does what each test needs. */
#include <pthread.h>

#include "lib/http/server.h"
#include "tests/unit/http_raw.h"

/* -- an upstream: lib/http's server, whose paths say how to behave -- */

struct upstream {
    struct http_server *server;
    char base[64];
    int requests; /* atomic */
};

static void answer_at_third(struct upstream *up, struct http_request *request)
{
    int number = __atomic_add_fetch(&up->requests, 1, __ATOMIC_SEQ_CST);

    if (number < 3)
        http_respond_text(request, 503, "not yet");
    else
        http_respond_text(request, 200, "at last");
}

static void answer_busy(struct upstream *up, struct http_request *request, const char *after)
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

static void echo(struct http_request *request)
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

static void on_request(void *ctx, struct http_request *request)
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

static void upstream_start(struct upstream *up)
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

static void upstream_done(struct upstream *up)
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

static void *run_script(void *ctx)
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

static int bound_socket(int *ret_port)
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

static void script_start(struct script *s)
{
    CHECK_INT(listen(s->fd, 16), ==, 0);
    CHECK_INT(pthread_create(&s->thread, NULL, run_script, s), ==, 0);
}

static void script_end(struct script *s)
{
    (void)pthread_join(s->thread, NULL);
    (void)close(s->fd);
}

/* -- fetching -- */

static int get(const char *base, const char *path, int retries, int deadline_ms,
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

TEST(what_is_sent_arrives_as_it_is)
{
    static const char *const headers[] = {"X: y", "Content-Type: a/b"};
    struct upstream up;
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    OWNED_VALUE(http_client_response) response = {0};
    OWNED_VALUE(buf) url = {0};
    struct http_client_request request = {.method = "PUT",
                                          .headers = headers,
                                          .header_count = 2,
                                          .body = "hello",
                                          .body_size = 5};
    char value[32];

    upstream_start(&up);
    buf_printf(&url, "%s/a/../b%%2f%%41?q", up.base);
    request.url = url.data;
    CHECK_OK(http_client_fetch(client, &request, &response, &err), err);
    CHECK_INT(response.status, ==, 200);
    CHECK_STR(buf_text(&response.body),
              "PUT /a/../b%2f%41 type=a/b length=5 expect=no agent=no x=y body=hello");
    CHECK_STR(http_client_header(&response, "x-mixed-case", value, sizeof value),
              "Kept As It Is");
    CHECK_STR(http_client_header(&response, "x-mixed-case", value, 5), "Kept");
    CHECK(!http_client_header(&response, "x-mixed", value, sizeof value));
    upstream_done(&up);
}

TEST(methods_have_the_bodies_they_should)
{
    static const struct {
        const char *method, *shown;
    } cases[] = {{"GET", "GET / type=(none) length=(none) "},
                 {"POST", "POST / type=(none) length=0 "},
                 {"DELETE", "DELETE / type=(none) length=(none) "},
                 {"PUT", "PUT / type=(none) length=0 "}};
    struct upstream up;
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);

    upstream_start(&up);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_VALUE(http_client_response) response = {0};
        const struct http_client_request request = {.method = cases[i].method, .url = up.base};

        CHECK_OK(http_client_fetch(client, &request, &response, &err), err);
        CHECK_HAS(buf_text(&response.body), cases[i].shown);
    }
    upstream_done(&up);
}

TEST(head_has_headers_only)
{
    struct upstream up;
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    OWNED_VALUE(http_client_response) response = {0};
    struct http_client_request request = {.method = "HEAD", .want_head = true};
    char value[32];

    upstream_start(&up);
    request.url = up.base;
    CHECK_OK(http_client_fetch(client, &request, &response, &err), err);
    CHECK_INT(response.status, ==, 200);
    CHECK_INT(response.body.size, ==, 0);
    CHECK_STR(http_client_header(&response, "content-type", value, sizeof value), "text/plain");
    upstream_done(&up);
}

TEST(a_redirect_is_an_answer)
{
    struct upstream up;
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};
    char value[32];

    upstream_start(&up);
    CHECK_OK(get(up.base, "/moved", 3, 0, &response, &err), err);
    CHECK_INT(response.status, ==, 302);
    CHECK_STR(http_client_header(&response, "location", value, sizeof value), "/elsewhere");
    upstream_done(&up);
}

TEST(what_cannot_be_sent_is_said)
{
    static const char *const bad_headers[] = {"X: a\r\nY: b"};
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    OWNED_VALUE(http_client_response) response = {0};
    struct http_client_request request = {.method = "GET", .url = "ftp://127.0.0.1/"};

    CHECK_INT(http_client_fetch(client, &request, &response, &err), ==, ERR_INVALID);
    err_clear(&err);
    request.url = "http://";
    CHECK_INT(http_client_fetch(client, &request, &response, &err), ==, ERR_INVALID);
    err_clear(&err);
    request.url = "http://127.0.0.1:1/";
    request.headers = bad_headers;
    request.header_count = 1;
    CHECK_INT(http_client_fetch(client, &request, &response, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "Name: value");
    CHECK_INT(response.status, ==, 0);
}

/* -- retries -- */

TEST(retries_go_on_until_it_works)
{
    struct upstream up;
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};
    int64_t start_ms = clock_mono_ms();

    upstream_start(&up);
    CHECK_OK(get(up.base, "/third", 5, 0, &response, &err), err);
    CHECK_INT(response.status, ==, 200);
    CHECK_STR(buf_text(&response.body), "at last");
    CHECK_INT(up.requests, ==, 3);
    CHECK_INT(clock_mono_ms() - start_ms, >=, 50 + 100); /* half of 100 and of 200 at least */
    upstream_done(&up);
}

TEST(without_retries_the_first_answer_counts)
{
    struct upstream up;
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};

    upstream_start(&up);
    CHECK_OK(get(up.base, "/third", 0, 0, &response, &err), err);
    CHECK_INT(response.status, ==, 503);
    CHECK_STR(buf_text(&response.body), "not yet");
    CHECK_INT(up.requests, ==, 1);
    upstream_done(&up);
}

TEST(retry_after_is_followed_where_there_is_time)
{
    struct upstream up;
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};
    int64_t start_ms = clock_mono_ms();

    upstream_start(&up);
    CHECK_OK(get(up.base, "/busy?after=1", 1, 5000, &response, &err), err);
    CHECK_INT(response.status, ==, 200);
    CHECK_INT(clock_mono_ms() - start_ms, >=, 1000);
    upstream_done(&up);
}

TEST(retry_after_as_a_date_is_followed_too)
{
    struct upstream up;
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};
    OWNED_VALUE(buf) path = {0};
    char date[CLOCK_TEXT];
    int64_t until_ms = clock_wall_ms() / 1000 * 1000 + 2000;

    upstream_start(&up);
    clock_format_http(until_ms, date);
    buf_append_str(&path, "/busy?after=");
    for (const char *p = date; *p; p++)
        buf_append_char(&path, (char)(*p == ' ' ? '+' : *p));
    CHECK_OK(get(up.base, path.data, 1, 5000, &response, &err), err);
    CHECK_INT(response.status, ==, 200);
    CHECK_INT(clock_wall_ms(), >=, until_ms);
    upstream_done(&up);
}

TEST(retry_after_past_the_deadline_gives_the_answer_at_once)
{
    struct upstream up;
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};
    int64_t start_ms = clock_mono_ms();

    upstream_start(&up);
    CHECK_OK(get(up.base, "/busy?after=60", 5, 5000, &response, &err), err);
    CHECK_INT(response.status, ==, 429);
    CHECK_INT(clock_mono_ms() - start_ms, <, 2000);
    CHECK_INT(up.requests, ==, 1);
    upstream_done(&up);
}

static void keep_result(void *ctx, struct http_client_response *response, const struct err *err)
{
    int *result = ctx;

    CHECK_INT(*result, ==, 0); /* exactly once */
    *result = err->code ? err->code : response->status;
}

TEST(an_upstream_that_comes_up_late_is_reached)
{
    static const char *const answers[] = {"HTTP/1.1 204 No Content\r\n\r\n"};
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    struct script script = {.answers = answers, .count = 1};
    int port, result = 0;
    char url[64];
    const struct http_client_request request = {.method = "GET", .url = url, .retries = 10};

    script.fd = bound_socket(&port); /* not listening yet */
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    CHECK_INT(http_client_send(client, &request, keep_result, &result), >, 0);
    CHECK_INT(http_client_run(client, 20), ==, 1); /* refused, and waiting */
    script_start(&script);
    CHECK_INT(http_client_run(client, 10000), ==, 0);
    CHECK_INT(result, ==, 204);
    script_end(&script);
}

TEST(nobody_there_is_unavailable)
{
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};
    int port, fd = bound_socket(&port);
    char url[64];

    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    CHECK_INT(get(url, "/", 1, 0, &response, &err), ==, ERR_UNAVAILABLE);
    CHECK_HAS(err.text, url);
    (void)close(fd);
}

/* -- the bytes of an answer -- */

static int fetch_scripted(struct script *script, size_t max_body_bytes,
                          struct http_client_response *ret, struct err *err)
{
    OWNED(http_client) client = http_client_new(err);
    struct http_client_request request = {.method = "GET", .max_body_bytes = max_body_bytes};
    char url[64];
    int port, r = 0;

    script->fd = bound_socket(&port);
    script_start(script);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    request.url = url;
    for (int i = 0; i < script->count && r == 0; i++) {
        http_client_response_done(ret);
        r = http_client_fetch(client, &request, ret, err);
    }
    script_end(script);
    return r;
}

TEST(a_connection_is_used_again)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none",
                                          "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo"};
    struct script script = {.answers = answers, .count = 2, .keep = true};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};

    CHECK_OK(fetch_scripted(&script, 0, &response, &err), err);
    CHECK_STR(buf_text(&response.body), "two");
    CHECK_INT(script.connections, ==, 1);
}

TEST(only_the_last_head_is_kept)
{
    static const char *const answers[] = {
        "HTTP/1.1 103 Early Hints\r\nEarly: x\r\n\r\nHTTP/1.1 200 OK\r\nLate: y\r\n"
        "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nTrailer: z\r\n\r\n"};
    struct script script = {.answers = answers, .count = 1};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};
    char value[8];

    CHECK_OK(fetch_scripted(&script, 0, &response, &err), err);
    CHECK_STR(buf_text(&response.body), "ab");
    CHECK_STR(http_client_header(&response, "late", value, sizeof value), "y");
    CHECK(!http_client_header(&response, "early", value, sizeof value));
    CHECK(!http_client_header(&response, "trailer", value, sizeof value));
}

TEST(an_answer_that_breaks_off_is_an_error)
{
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"};
    struct script script = {.answers = answers, .count = 1};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};

    CHECK_INT(fetch_scripted(&script, 0, &response, &err), ==, ERR_REMOTE);
}

TEST(an_answer_that_is_too_large_is_an_error)
{
    static const char *const answers[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"};
    struct script script = {.answers = answers, .count = 1};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};

    CHECK_INT(fetch_scripted(&script, 9, &response, &err), ==, ERR_TOO_LARGE);
    CHECK_HAS(err.text, "more than 9 bytes");
}

TEST(what_is_no_http_is_an_error)
{
    static const char *const answers[] = {"SSH-2.0-OpenSSH_9.2\r\n"};
    struct script script = {.answers = answers, .count = 1};
    OWNED_VALUE(http_client_response) response = {0};
    struct err err = {0};

    CHECK_INT(fetch_scripted(&script, 0, &response, &err), ==, ERR_REMOTE);
}

/* -- time -- */

TEST(a_deadline_ends_what_does_not_answer)
{
    struct err err = {0};
    OWNED_VALUE(http_client_response) response = {0};
    int port, fd = bound_socket(&port);
    int64_t start_ms = clock_mono_ms();
    char url[64];

    CHECK_INT(listen(fd, 1), ==, 0); /* the kernel connects, nobody accepts */
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    CHECK_INT(get(url, "/", 3, 200, &response, &err), ==, ERR_TIMEOUT);
    CHECK_INT(clock_mono_ms() - start_ms, >=, 195);
    CHECK_INT(clock_mono_ms() - start_ms, <, 2000);
    (void)close(fd);
}

TEST(cancel_and_free_end_what_is_under_way)
{
    struct err err = {0};
    struct http_client *client = http_client_new(&err);
    int port, fd = bound_socket(&port), cancelled = 0, ended = 0, unstarted = 0;
    char url[64];
    const struct http_client_request request = {.method = "GET", .url = url};
    int64_t id;

    CHECK_INT(listen(fd, 4), ==, 0);
    (void)snprintf(url, sizeof url, "http://127.0.0.1:%d/", port);
    id = http_client_send(client, &request, keep_result, &cancelled);
    CHECK_INT(http_client_send(client, &request, keep_result, &ended), >, id);
    CHECK_INT(http_client_run(client, 20), ==, 2);
    http_client_cancel(client, id);
    CHECK_INT(cancelled, ==, ERR_TIMEOUT);
    http_client_cancel(client, id); /* not known any more */
    CHECK_INT(http_client_active(client), ==, 1);
    (void)http_client_send(client, &request, keep_result, &unstarted);
    http_client_free(client);
    CHECK_INT(ended, ==, ERR_UNAVAILABLE);
    CHECK_INT(unstarted, ==, ERR_UNAVAILABLE);
    (void)close(fd);
}

struct chain {
    struct http_client *client;
    const char *url;
    int left;
};

static void go_on(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct chain *chain = ctx;
    const struct http_client_request request = {.method = "GET", .url = chain->url};

    CHECK_INT(err->code, ==, 0);
    CHECK_INT(response->status, ==, 200);
    if (--chain->left > 0)
        (void)http_client_send(chain->client, &request, go_on, chain);
}

TEST(an_answer_may_send_the_next_request)
{
    struct upstream up;
    struct err err = {0};
    OWNED(http_client) client = http_client_new(&err);
    struct chain chain = {.client = client, .url = up.base, .left = 20};
    const struct http_client_request request = {.method = "GET", .url = up.base};

    upstream_start(&up);
    (void)http_client_send(client, &request, go_on, &chain);
    CHECK_INT(http_client_run(client, 10000), ==, 0);
    CHECK_INT(chain.left, ==, 0);
    upstream_done(&up);
}

/* -- inside a server's loop -- */

enum { WAITING = 100 };

struct relay {
    struct http_server *server;
    char silent[80], quick[80];
};

static void on_relayed(void *ctx, struct http_client_response *response, const struct err *err)
{
    if (err->code)
        http_respond_text(ctx, 504, err->text);
    else
        http_respond_text(ctx, response->status, buf_text(&response->body));
}

static void on_relay_request(void *ctx, struct http_request *request)
{
    const struct relay *relay = ctx;
    struct http_client_request upstream = {.method = "GET", .deadline_ms = 2000};

    if (strcmp(http_path(request), "/here") == 0) {
        http_respond_text(request, 200, "here");
        return;
    }
    upstream.url = strcmp(http_path(request), "/silent") == 0 ? relay->silent : relay->quick;
    (void)http_client_send(http_loop_client(request), &upstream, on_relayed, request);
}

/* One loop for everything: a hundred requests wait for an upstream that never answers, and the
 * loop still answers others, from itself and from another upstream, and the hundred in time. */
TEST(a_silent_upstream_holds_up_nobody_else)
{
    struct upstream up;
    struct relay relay = {0};
    const struct http_server_conf conf = {
        .listen = "127.0.0.1:0", .loops = 1, .on_request = on_relay_request, .ctx = &relay};
    struct err err = {0};
    OWNED_VALUE(buf) text = {0};
    int port, silent = bound_socket(&port), waiting[WAITING];
    int64_t start_ms = clock_mono_ms();

    CHECK_INT(listen(silent, WAITING), ==, 0);
    upstream_start(&up);
    (void)snprintf(relay.silent, sizeof relay.silent, "http://127.0.0.1:%d/", port);
    (void)snprintf(relay.quick, sizeof relay.quick, "%s/", up.base);
    relay.server = http_server_start(&conf, &err);
    CHECK(relay.server != NULL);
    port = http_server_port(relay.server);
    for (int i = 0; i < WAITING; i++) {
        waiting[i] = raw_connect(port);
        raw_send_text(waiting[i], "GET /silent HTTP/1.0\r\n\r\n");
    }
    for (int i = 0; i < 50; i++) {
        CHECK_INT(raw_exchange(port, "GET /here HTTP/1.0\r\n\r\n", &text), ==, 200);
        CHECK_INT(raw_exchange(port, "GET /quick HTTP/1.0\r\n\r\n", &text), ==, 200);
    }
    CHECK_INT(clock_mono_ms() - start_ms, <, 1900); /* before any of the hundred ended */
    for (int i = 0; i < WAITING; i++) {
        buf_clear(&text);
        raw_read_all(waiting[i], &text);
        CHECK_HAS(buf_text(&text), "504");
        (void)close(waiting[i]);
    }
    http_server_free(relay.server);
    upstream_done(&up);
    (void)close(silent);
}
