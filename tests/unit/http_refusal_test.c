/* http_refusal_test.c - what lib/http's server does not accept, sent byte by byte. */
#include "lib/http/server.h"
#include "tests/unit/http_raw.h"

enum { LIMIT = 1000 };

static int asked; /* how often the handler was called */

static void on_head(void *ctx, struct http_request *request)
{
    (void)ctx;
    if (strcmp(http_path(request), "/denied") == 0)
        http_respond_text(request, 401, "who are you?");
    else if (strcmp(http_path(request), "/large") == 0)
        http_limit_body(request, (size_t)10 << 20);
}

static void on_request(void *ctx, struct http_request *request)
{
    char text[64];
    size_t size;

    (void)ctx;
    (void)__atomic_add_fetch(&asked, 1, __ATOMIC_SEQ_CST);
    (void)http_body(request, &size);
    (void)snprintf(text, sizeof text, "%s %zu bytes", http_method(request), size);
    http_respond_text(request, 200, text);
}

static struct http_server *start_with(struct http_server_conf conf)
{
    struct err err = {0};
    struct http_server *server;

    conf.listen = "127.0.0.1:0";
    conf.max_body_bytes = LIMIT;
    conf.on_head = on_head;
    conf.on_request = on_request;
    server = http_server_start(&conf, &err);
    if (!server)
        TEST_FAIL("%s", err.text);
    return server;
}

static struct http_server *start(void)
{
    return start_with((struct http_server_conf){.loops = 1});
}

#define HEAD(more) "GET /x HTTP/1.1\r\nHost: h\r\n" more "\r\n"
#define POST(more, body) "POST /x HTTP/1.1\r\nHost: h\r\n" more "\r\n" body

/* Every one of these ends the connection, and none reaches the handler. */
TEST(what_two_programs_could_read_differently_is_refused)
{
    static const struct {
        const char *request;
        int status;
    } cases[] = {
        {POST("Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"), 400},
        {POST("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400},
        {POST("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
        {POST("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"), 400},
        {POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
         400},
        {POST("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501},
        {POST("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"), 501},
        {POST("Content-Length : 3\r\n", "abc"), 400},
        {POST("Content-Length\t: 3\r\n", "abc"), 400},
        {POST("Content-Length: +3\r\n", "abc"), 400},
        {POST("Content-Length: -3\r\n", "abc"), 400},
        {POST("Content-Length: 0x3\r\n", "abc"), 400},
        {POST("Content-Length: 3, 3\r\n", "abc"), 400},
        {POST("Content-Length: 3 3\r\n", "abc"), 400},
        {POST("Content-Length:\r\n", ""), 400},
        {POST("Content-Length: 99999999999999999999999\r\n", ""), 413},
        {POST("Content-Length: 999999999999999999\r\n", ""), 413},
        {HEAD("X-Folded: a\r\n b\r\n"), 400},
        {HEAD("X-Folded: a\r\n\tContent-Length: 5\r\n"), 400},
        {HEAD("X: a\r\n Content-Length: 5\r\nY: b\r\n"), 400},
        {HEAD("X: a\rContent-Length: 5\r\n"), 400},
        {HEAD("X: a\001b\r\n"), 400},
        {HEAD("Bad Name: x\r\n"), 400},
        {HEAD("Bad(Name): x\r\n"), 400},
        {HEAD(": no name\r\n"), 400},
        {HEAD("no colon at all\r\n"), 400},
        {"GET /x HTTP/1.1\r\n X: first line is folded\r\nHost: h\r\n\r\n", 400},
        {"GET /x HTTP/1.1\r\n\r\n", 400},
        {HEAD("Host: two\r\n"), 400},
        {"POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
        {"GET /x HTTP/9.9\r\nHost: h\r\n\r\n", 505},
        {"GET /x HTTP/0.9\r\nHost: h\r\n\r\n", 505},
        {"GET /x HTTP/1.x\r\nHost: h\r\n\r\n", 400},
        {"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {"G(T /x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
        {POST("Transfer-Encoding: chunked\r\n", "zz\r\nabc\r\n0\r\n\r\n"), 400},
        {POST("Transfer-Encoding: chunked\r\n", "3\r\nabcdef\r\n0\r\n\r\n"), 400},
    };
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int status = raw_exchange(http_server_port(server), cases[i].request, &text);

        if (status != cases[i].status)
            TEST_FAIL("%d, not %d, for \"%s\": %s", status, cases[i].status, cases[i].request,
                      buf_text(&text));
        CHECK_INT(asked, ==, 0);
    }
}

TEST(a_nul_in_the_head_is_refused)
{
    static const char *const starts[] = {"GET /x HTTP/1.1\r\nHost: h\r\nX: a",
                                         "GET /x HTTP/1.1\r\nHost: h\r\nX", "GET /x"};
    static const char *const ends[] = {"Content-Length: 5\r\n\r\n", ": a\r\n\r\n",
                                       "y HTTP/1.1\r\nHost: h\r\n\r\n"};
    OWNED(http_server) server = start();

    for (size_t i = 0; i < 3; i++) {
        OWNED_VALUE(buf) text = {0};
        int fd = raw_connect(http_server_port(server));

        raw_send(fd, starts[i], strlen(starts[i]) + 1); /* with the NUL */
        raw_send_text(fd, ends[i]);
        raw_read_all(fd, &text);
        CHECK_HAS(buf_text(&text), "HTTP/1.1 400 ");
        (void)close(fd);
    }
    CHECK_INT(asked, ==, 0);
}

TEST(a_target_that_is_no_text_is_refused)
{
    static const char *const targets[] = {
        "/%",         "/%a",   "/%zz",    "/%00",    "/a%00b",  "/%ff",     "/%c0%af",
        "/%ed%a0%80", "/?a=%", "/?%zz=1", "/?a=%00", "/?a=%ff", "no-slash", "h:80"};
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};

    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        OWNED_VALUE(buf) request = {0};
        int status;

        buf_printf(&request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", targets[i]);
        status = raw_exchange(http_server_port(server), request.data, &text);
        if (status != 400)
            TEST_FAIL("%d for %s", status, targets[i]);
        CHECK_HAS(buf_text(&text), "\r\n\r\nthe target ");
    }
    CHECK_INT(asked, ==, 0);
}

TEST(unknown_methods_are_the_handlers_business)
{
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};

    CHECK_INT(raw_exchange(http_server_port(server),
                           "BREW /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", &text),
              ==, 200);
    CHECK_HAS(buf_text(&text), "BREW 0 bytes");
    CHECK_INT(raw_exchange(http_server_port(server),
                           "OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", &text),
              ==, 200);
}

/* The client sends it all before it reads: a reset must not overtake the answer. */
TEST(a_body_over_the_limit_is_413)
{
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) request = {0};
    int fd;

    buf_printf(&request, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", 4 << 20);
    fd = raw_connect(http_server_port(server));
    raw_send(fd, request.data, request.size);
    memset(buf_reserve(&request, 4 << 20), 'x', 4 << 20);
    raw_send(fd, request.data + request.size, 4 << 20);
    raw_read_all(fd, &text);
    CHECK_HAS(buf_text(&text), "HTTP/1.1 413 ");
    CHECK_HAS(buf_text(&text), "4194304 bytes, more than the 1000 that are accepted here");
    (void)close(fd);
    CHECK_INT(asked, ==, 0);
}

TEST(a_body_over_the_limit_is_413_before_it_is_sent)
{
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};

    CHECK_INT(raw_exchange(http_server_port(server),
                           "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n"
                           "Expect: 100-continue\r\n\r\n",
                           &text),
              ==, 413);
    CHECK(!strstr(buf_text(&text), "100 Continue"));
}

TEST(a_chunked_body_over_the_limit_is_413)
{
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) chunk = {0};
    int fd = raw_connect(http_server_port(server));

    raw_send_text(fd, "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
    buf_append_str(&chunk, "8000\r\n");
    memset(buf_reserve(&chunk, 0x8000), 'x', 0x8000);
    chunk.size += 0x8000;
    buf_append_str(&chunk, "\r\n");
    for (int i = 0; i < 64; i++) /* 2 MiB, the end never comes */
        raw_send(fd, chunk.data, chunk.size);
    raw_read_all(fd, &text);
    CHECK_HAS(buf_text(&text), "HTTP/1.1 413 ");
    CHECK_HAS(buf_text(&text), "Connection: close\r\n");
    CHECK_HAS(buf_text(&text),
              "\r\n\r\nthe body is larger than the 1000 bytes that are accepted here\n");
    (void)close(fd);
    CHECK_INT(asked, ==, 0);
}

TEST(a_body_at_the_limit_is_fine)
{
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) request = {0};

    buf_printf(&request,
               "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
               "Content-Length: 1000\r\n\r\n%01000d",
               1);
    CHECK_INT(raw_exchange(http_server_port(server), request.data, &text), ==, 200);
    CHECK_HAS(buf_text(&text), "POST 1000 bytes");
}

TEST(a_route_may_allow_more)
{
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) request = {0};

    buf_printf(&request,
               "POST /large HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
               "Content-Length: 5000000\r\n\r\n%05000000d",
               1);
    CHECK_INT(raw_exchange(http_server_port(server), request.data, &text), ==, 200);
    CHECK_HAS(buf_text(&text), "POST 5000000 bytes");
}

TEST(an_early_answer_spares_the_body)
{
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};

    CHECK_INT(raw_exchange(http_server_port(server),
                           "POST /denied HTTP/1.1\r\nHost: h\r\nContent-Length: 900000\r\n\r\n",
                           &text),
              ==, 401); /* at once: the body never comes */
    CHECK_HAS(buf_text(&text), "who are you?");
    CHECK_INT(asked, ==, 0);
}

TEST(an_early_answer_to_little_keeps_the_connection)
{
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server));

    raw_send_text(fd,
                  "POST /denied HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                  "GET /denied HTTP/1.1\r\nHost: h\r\n\r\nGET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 401);
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 401);
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    (void)close(fd);
}

TEST(a_head_that_is_too_large_is_431_or_414)
{
    OWNED(http_server) server = start();
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) request = {0};

    buf_printf(&request, "GET /x HTTP/1.1\r\nHost: h\r\nX: %020000d\r\n\r\n", 1);
    CHECK_INT(raw_exchange(http_server_port(server), request.data, &text), ==, 431);
    buf_clear(&request);
    buf_printf(&request, "GET /%020000d HTTP/1.1\r\nHost: h\r\n\r\n", 1);
    CHECK_INT(raw_exchange(http_server_port(server), request.data, &text), ==, 414);
    buf_clear(&request);
    buf_append_str(&request, "GET /x HTTP/1.1\r\nHost: h\r\n");
    for (int i = 0; i < 100; i++)
        buf_printf(&request, "X%d: y\r\n", i);
    buf_append_str(&request, "\r\n");
    CHECK_INT(raw_exchange(http_server_port(server), request.data, &text), ==, 431);
    CHECK_HAS(buf_text(&text), "at most 96");
    CHECK_INT(asked, ==, 0);
}

TEST(an_address_has_so_many_connections)
{
    OWNED(http_server)
    server = start_with((struct http_server_conf){.loops = 2, .max_connections_per_ip = 3});
    int port = http_server_port(server), fds[3];
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};

    for (int i = 0; i < 3; i++) {
        fds[i] = raw_connect(port);
        raw_send_text(fds[i], HEAD(""));
        CHECK_INT(raw_read_answer(fds[i], &in, &text, false), ==, 200);
    }
    CHECK_INT(raw_exchange(port, HEAD(""), &text), ==, 0); /* closed */
    raw_send_text(fds[0], HEAD("Connection: close\r\n"));
    raw_read_all(fds[0], &in);
    CHECK_HAS(buf_text(&in), "200 OK");
    while (raw_exchange(port, HEAD("Connection: close\r\n"), &text) != 200)
        continue; /* the server may not have seen the close yet; the test's limit ends this */
    for (int i = 0; i < 3; i++)
        (void)close(fds[i]);
}

/* -- answers in the shape that the service wants -- */

static struct http_response *as_problem(void *ctx, const struct http_request *request,
                                        int status, const char *text)
{
    char body[400];

    (void)ctx;
    (void)snprintf(body, sizeof body, "{\"status\":%d,\"path\":\"%s\",\"detail\":\"%s\"}",
                   status, http_path(request), text);
    return http_response_copy(status, "application/problem+json", body, strlen(body));
}

TEST(refusals_can_be_shaped)
{
    OWNED(http_server)
    server = start_with(
        (struct http_server_conf){.loops = 1, .on_error = as_problem, .max_body_bytes = 10});
    OWNED_VALUE(buf) text = {0};
    OWNED_VALUE(buf) request = {0};

    CHECK_INT(
        raw_exchange(http_server_port(server), "GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n", &text),
        ==, 400);
    CHECK_HAS(buf_text(&text), "Content-Type: application/problem+json\r\n");
    CHECK_HAS(buf_text(&text), "{\"status\":400,\"path\":\"\",");
    buf_printf(&request, POST("Transfer-Encoding: chunked\r\n", "1000\r\n%04096d\r\n"), 1);
    CHECK_INT(raw_exchange(http_server_port(server), request.data, &text), ==, 413);
    CHECK_HAS(buf_text(&text), "Content-Type: application/problem+json\r\n");
    CHECK_HAS(buf_text(&text), "{\"status\":413,\"path\":\"/x\",");
}
