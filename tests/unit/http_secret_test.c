/* http_secret_test.c - bodies that nobody may keep: after the answer nothing of them is left in
 * the server's memory, nor in its client's, however the request ends. The server is a process
 * of its own, forked before the body is made up, and its whole memory is searched. */
#include <sys/prctl.h>

#include "lib/base/wiping_heap.h" /* as the programs that have such bodies */
#include "lib/crypto/crypto.h"
#include "lib/http/server.h"
#include "tests/support/process.h"
#include "tests/support/remains.h"
#include "tests/unit/http_raw.h"

enum {
    LIMIT = 4 << 20,
    ALL_GONE_MS = 10000,
    SMALL = 3000,
    MEDIUM = 30000, /* more than a connection reads at a time */
    LARGE = 3 << 20,
};

/* -- the server -- */

struct onward {
    struct http_request *request;
    char url[64], hash[SHA256_HEX];
};

struct serving {
    int port;
};

static void on_head(void *ctx, struct http_request *request)
{
    (void)ctx;
    if (strcmp(http_path(request), "/plain") != 0)
        http_secret_body(request);
    if (strcmp(http_path(request), "/refused") == 0)
        http_respond_text(request, 401, "no\n");
}

static void answer_hash(struct http_request *request)
{
    char hash[SHA256_HEX];
    size_t size;
    const void *body = http_body(request, &size);

    sha256_hex(body, size, hash);
    http_respond_text(request, 200, hash);
}

static void on_sent_on(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct onward *onward = ctx;
    struct http_request *request = onward->request;
    size_t size;

    http_wipe_body(request);
    (void)http_body(request, &size);
    http_respond_text(request, size ? 500 : response->status,
                      err->code ? err->text : buf_text(&response->body));
    free(onward);
}

static void send_on(const struct serving *serving, struct http_request *request)
{
    struct onward *onward = calloc(1, sizeof *onward);
    struct http_client_request asked = {.method = "POST", .url = onward->url, .secret = true};

    onward->request = request;
    (void)snprintf(onward->url, sizeof onward->url, "http://127.0.0.1:%d/hash", serving->port);
    asked.body = http_body(request, &asked.body_size);
    (void)http_client_send(http_loop_client(request), &asked, on_sent_on, onward);
}

static void on_request(void *ctx, struct http_request *request)
{
    if (strcmp(http_path(request), "/onward") == 0)
        send_on(ctx, request);
    else
        answer_hash(request);
}

static void serve(int tell_fd)
{
    struct serving serving = {0};
    const struct http_server_conf conf = {.listen = "127.0.0.1:0",
                                          .loops = 1,
                                          .max_body_bytes = LIMIT,
                                          .on_head = on_head,
                                          .on_request = on_request,
                                          .ctx = &serving};
    struct err err = {0};
    struct http_server *server;

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);

    server = http_server_start(&conf, &err);
    if (!server)
        TEST_FAIL("%s", err.text);
    serving.port = http_server_port(server);
    CHECK_INT(write(tell_fd, &serving.port, sizeof serving.port), ==, sizeof serving.port);
    for (;;)
        (void)pause();
}

/* -- the test's side -- */

struct case_of {
    pid_t server;
    int port;
    struct marker marker;
    struct buf body; /* the marker over and over */
};

static void begin(struct case_of *c, size_t size)
{
    int fds[2];

#ifdef __SANITIZE_ADDRESS__
    SKIP("the sanitizer keeps what was freed");
#endif
    CHECK_INT(pipe(fds), ==, 0);
    *c = (struct case_of){.server = fork()};
    if (c->server == 0)
        serve(fds[1]);
    CHECK_INT(read(fds[0], &c->port, sizeof c->port), ==, sizeof c->port);
    c->marker = marker_new();
    while (c->body.size < size)
        buf_append(&c->body, c->marker.bytes, MARKER_SIZE);
}

static void end(struct case_of *c)
{
    (void)process_end(c->server, SIGKILL, ALL_GONE_MS);
    buf_done(&c->body);
}

static long left(const struct case_of *c, bool say)
{
    long count = marker_in_process(c->server, &c->marker, say);

    if (count < 0)
        SKIP("this user cannot read another process's memory");
    return count;
}

/* What is freed as the connection ends is freed when the server sees that end. */
static void check_soon_gone(const struct case_of *c)
{
    int64_t until_ms = clock_mono_ms() + ALL_GONE_MS;

    while (left(c, false) > 0)
        if (clock_mono_ms() > until_ms)
            TEST_FAIL("%ld pieces of the body are left", left(c, true));
}

static void send_request(int fd, const struct case_of *c, const char *path)
{
    char head[160];

    (void)snprintf(head, sizeof head,
                   "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", path,
                   c->body.size);
    raw_send_text(fd, head);
    raw_send(fd, c->body.data, c->body.size);
}

static void send_chunked(int fd, const struct case_of *c, const char *path, size_t chunk)
{
    char line[160];

    (void)snprintf(line, sizeof line,
                   "POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", path);
    raw_send_text(fd, line);
    for (size_t at = 0; at < c->body.size; at += chunk) {
        size_t size = c->body.size - at < chunk ? c->body.size - at : chunk;

        (void)snprintf(line, sizeof line, "%zx\r\n", size);
        raw_send_text(fd, line);
        raw_send(fd, c->body.data + at, size);
        raw_send_text(fd, "\r\n");
    }
    raw_send_text(fd, "0\r\n\r\n");
}

static void check_hash(const struct case_of *c, const struct buf *answer)
{
    char hash[SHA256_HEX];

    sha256_hex(c->body.data, c->body.size, hash);
    CHECK_HAS(buf_text(answer), hash);
}

/* Twice over one connection, which stays open. */
static void check_answered(const char *path, size_t size, size_t chunk)
{
    OWNED_VALUE(buf) in = {0}, answer = {0};
    struct case_of c;
    int fd;

    begin(&c, size);
    fd = raw_connect(c.port);
    for (int i = 0; i < 2; i++) {
        if (chunk)
            send_chunked(fd, &c, path, chunk);
        else
            send_request(fd, &c, path);
        CHECK_INT(raw_read_answer(fd, &in, &answer, false), ==, 200);
        check_hash(&c, &answer);
        CHECK_INT(left(&c, true), ==, 0);
    }
    (void)close(fd);
    end(&c);
}

TEST(what_is_searched_for_is_found_where_it_is_kept)
{
    OWNED_VALUE(buf) in = {0}, answer = {0};
    struct case_of c;
    int fd;

    begin(&c, SMALL);
    fd = raw_connect(c.port);
    send_request(fd, &c, "/plain");
    CHECK_INT(raw_read_answer(fd, &in, &answer, false), ==, 200);
    CHECK_INT(left(&c, false), >, 0);
    (void)close(fd);
    end(&c);
}

TEST(a_small_body_is_gone_before_its_answer_is_there)
{
    check_answered("/hash", SMALL, 0);
}

TEST(a_large_body_is_gone_before_its_answer_is_there)
{
    check_answered("/hash", LARGE, 0);
}

TEST(a_body_in_chunks_is_gone_before_its_answer_is_there)
{
    check_answered("/hash", LARGE, 10000);
    check_answered("/hash", LARGE, 500);
}

/* Small ones go out with the head, large ones by libcurl's own buffer. */
TEST(a_body_that_was_sent_on_is_gone_before_its_answer_is_there)
{
    check_answered("/onward", SMALL, 0);
    check_answered("/onward", LARGE, 0);
}

TEST(a_body_that_was_refused_at_the_head_is_gone)
{
    OWNED_VALUE(buf) answer = {0};
    struct case_of c;
    int fd;

    begin(&c, MEDIUM);
    fd = raw_connect(c.port);
    send_request(fd, &c, "/refused");
    raw_read_all(fd, &answer);
    CHECK_HAS(buf_text(&answer), "HTTP/1.1 401");
    check_soon_gone(&c);
    (void)close(fd);
    check_soon_gone(&c);
    end(&c);
}

TEST(a_body_that_is_too_large_is_gone)
{
    OWNED_VALUE(buf) answer = {0};
    struct case_of c;
    char head[160];
    int fd;

    begin(&c, 100000);
    fd = raw_connect(c.port);
    (void)snprintf(head, sizeof head,
                   "POST /hash HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", LIMIT + 1);
    raw_send_text(fd, head);
    raw_send(fd, c.body.data, c.body.size);
    raw_read_all(fd, &answer);
    CHECK_HAS(buf_text(&answer), "HTTP/1.1 413");
    check_soon_gone(&c);
    (void)close(fd);
    end(&c);
}

TEST(a_body_in_chunks_that_grows_too_large_is_gone)
{
    OWNED_VALUE(buf) answer = {0};
    struct case_of c;
    char text[64];
    int fd;

    begin(&c, LIMIT + 1);
    fd = raw_connect(c.port);
    send_chunked(fd, &c, "/hash", 65536);
    raw_read_all(fd, &answer);
    CHECK_HAS(buf_text(&answer), "HTTP/1.1 413");
    (void)snprintf(text, sizeof text, "%d bytes", LIMIT);
    CHECK_HAS(buf_text(&answer), text);
    check_soon_gone(&c);
    (void)close(fd);
    end(&c);
}

TEST(a_body_whose_chunks_break_off_in_nonsense_is_gone)
{
    OWNED_VALUE(buf) answer = {0};
    struct case_of c;
    int fd;

    begin(&c, SMALL);
    fd = raw_connect(c.port);
    raw_send_text(fd, "POST /hash HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz");
    raw_send(fd, c.body.data, c.body.size);
    raw_read_all(fd, &answer);
    CHECK_HAS(buf_text(&answer), "400");
    check_soon_gone(&c);
    (void)close(fd);
    end(&c);
}

TEST(a_body_whose_client_left_half_way_is_gone)
{
    struct case_of c;
    int fd;

    begin(&c, LARGE / 2);
    fd = raw_connect(c.port);
    raw_send_text(fd, "POST /hash HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n");
    raw_send(fd, c.body.data, c.body.size);
    while (left(&c, false) == 0) /* it is on its way in */
        ;
    (void)close(fd);
    check_soon_gone(&c);
    end(&c);
}
