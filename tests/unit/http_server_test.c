/* http_server_test.c - what a client sees of lib/http's server when all goes well. */
#include <fcntl.h>
#include <pthread.h>

#include "lib/http/server.h"
#include "tests/unit/http_raw.h"

/* -- a server whose answers tell what it understood -- */

static int released;

static void *answer_later(void *ctx)
{
    http_respond_text(ctx, 200, "from another thread");
    return NULL;
}

static void tell(struct http_request *request)
{
    OWNED_VALUE(buf) out = {0};
    const char *a = http_query(request, "a"), *empty = http_query(request, "empty");
    const char *header = http_header(request, "X-TEST");
    size_t size;
    const char *body = http_body(request, &size);

    buf_printf(&out, "method=%s path=%s raw=%s a=%s empty=%s header=%s peer=%s body=%zu:%.*s",
               http_method(request), http_path(request), http_raw_path(request),
               a ? a : "(none)", empty ? empty : "(none)", header ? header : "(none)",
               http_peer(request), size, (int)(size < 100 ? size : 100), body);
    http_respond_text(request, 200, buf_text(&out));
}

static void count_release(void *ctx)
{
    __atomic_add_fetch((int *)ctx, 1, __ATOMIC_SEQ_CST);
}

static void give_file(struct http_request *request)
{
    char name[] = "/tmp/http_server_test_XXXXXX";
    int fd = mkostemp(name, O_CLOEXEC);

    (void)unlink(name);
    CHECK_INT(write(fd, "0123456789", 10), ==, 10);
    http_respond(request, http_response_file(206, "image/jpeg", fd, 2, 5));
}

enum { LARGE = 300000 };

/* All but the first two bytes of a file that counts up. */
static void give_large_file(struct http_request *request)
{
    char name[] = "/tmp/http_server_test_XXXXXX", *bytes = malloc(LARGE);
    int fd = mkostemp(name, O_CLOEXEC);

    (void)unlink(name);
    for (int i = 0; i < LARGE; i++)
        bytes[i] = (char)(i * 31 / 7);
    CHECK_INT(write(fd, bytes, LARGE), ==, LARGE);
    free(bytes);
    http_respond(request, http_response_file(200, "image/jpeg", fd, 2, LARGE - 2));
}

static void give_static(struct http_request *request)
{
    struct http_response *response = http_response_static(201, "text/plain", "static", 6);

    http_response_header(response, "ETag", "\"x\"");
    http_respond(request, response);
}

static void on_request(void *ctx, struct http_request *request)
{
    const char *path = http_path(request);
    pthread_t thread;

    (void)ctx;
    if (strcmp(path, "/later") == 0) {
        CHECK_INT(pthread_create(&thread, NULL, answer_later, request), ==, 0);
        (void)pthread_detach(thread);
    } else if (strcmp(path, "/shared") == 0) {
        http_respond(request, http_response_shared(200, "text/plain", "shared", 6,
                                                   count_release, &released));
    } else if (strcmp(path, "/owned") == 0) {
        http_respond(request, http_response_owned(200, "text/plain", strdup("owned"), 5));
    } else if (strcmp(path, "/static") == 0) {
        give_static(request);
    } else if (strcmp(path, "/file") == 0) {
        give_file(request);
    } else if (strcmp(path, "/large") == 0) {
        give_large_file(request);
    } else if (strcmp(path, "/null") == 0) {
        http_respond(request, NULL);
    } else if (strcmp(path, "/trace") == 0) {
        http_respond_text(request, 200, http_trace(request)->trace_id);
    } else {
        tell(request);
    }
}

static struct http_server *start(int loops)
{
    const struct http_server_conf conf = {
        .listen = "127.0.0.1:0", .loops = loops, .on_request = on_request};
    struct err err = {0};
    struct http_server *server = http_server_start(&conf, &err);

    if (!server)
        TEST_FAIL("%s", err.text);
    return server;
}

/* -- tests -- */

TEST(a_request_is_understood)
{
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) text = {0};

    CHECK_INT(raw_exchange(http_server_port(server),
                           "POST /a%20b/%ec%a0%95?a=1%2B1+x&empty HTTP/1.1\r\nHost: h\r\n"
                           "x-test:  v  \r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody",
                           &text),
              ==, 200);
    CHECK_HAS(buf_text(&text),
              "method=POST path=/a b/\xec\xa0\x95 raw=/a%20b/%ec%a0%95 a=1+1 x "
              "empty= header=v peer=127.0.0.1 body=4:body");
    CHECK_HAS(buf_text(&text), "Content-Type: text/plain; charset=utf-8\r\n");
    CHECK_HAS(buf_text(&text), "Date: ");
    CHECK_HAS(buf_text(&text), "Connection: close\r\n");
}

TEST(what_is_not_there_is_null)
{
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) text = {0};

    CHECK_INT(raw_exchange(http_server_port(server),
                           "GET http://h/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                           &text),
              ==, 200);
    CHECK_HAS(buf_text(&text), "path=/x raw=/x a=(none) empty=(none) header=(none)");
    CHECK_HAS(buf_text(&text), "body=0:");
}

TEST(every_kind_of_body_is_sent)
{
    static const struct {
        const char *path, *status, *body;
    } cases[] = {{"/shared", "200 OK", "shared"},        {"/owned", "200 OK", "owned"},
                 {"/static", "201 Created", "static"},   {"/file", "206 Partial", "23456"},
                 {"/later", "200 OK", "another thread"}, {"/null", "500 Internal", "log"}};
    OWNED(http_server) server = start(2);
    OWNED_VALUE(buf) text = {0};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_VALUE(buf) request = {0};

        buf_printf(&request, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
                   cases[i].path);
        (void)raw_exchange(http_server_port(server), request.data, &text);
        CHECK_HAS(buf_text(&text), cases[i].status);
        CHECK_HAS(buf_text(&text) + raw_head_size(&text), cases[i].body);
    }
    http_server_stop(server, 1000);
    CHECK_INT(__atomic_load_n(&released, __ATOMIC_SEQ_CST), ==, 1);
}

TEST(a_large_file_is_sent_whole)
{
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) text = {0};
    size_t head;

    CHECK_INT(raw_exchange(http_server_port(server), "GET /large HTTP/1.0\r\n\r\n", &text), ==,
              200);
    head = raw_head_size(&text);
    CHECK_INT(text.size - head, ==, LARGE - 2);
    for (int i = 2; i < LARGE; i++)
        CHECK_INT(text.data[head + (size_t)i - 2], ==, (char)(i * 31 / 7));
}

TEST(a_connection_is_kept_and_requests_may_follow_each_other_at_once)
{
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server));

    raw_send_text(fd,
                  "GET /one HTTP/1.1\r\nHost: h\r\n\r\nGET /later HTTP/1.1\r\nHost: h\r\n\r\n"
                  "POST /three HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
                  "GET /four HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    CHECK_HAS(buf_text(&text), "path=/one");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    CHECK_HAS(buf_text(&text), "from another thread");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    CHECK_HAS(buf_text(&text), "path=/three");
    CHECK_HAS(buf_text(&text), "body=3:abc");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    CHECK_HAS(buf_text(&text), "path=/four");
    raw_send_text(fd, "GET /five HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    (void)close(fd);
}

TEST(head_has_the_length_and_no_body)
{
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server));

    raw_send_text(
        fd, "HEAD /static HTTP/1.1\r\nHost: h\r\n\r\nHEAD /file HTTP/1.1\r\nHost: h\r\n\r\n"
            "GET /static HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, true), ==, 201);
    CHECK_HAS(buf_text(&text), "Content-Length: 6\r\n");
    CHECK_HAS(buf_text(&text), "ETag: \"x\"\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, true), ==, 206);
    CHECK_HAS(buf_text(&text), "Content-Length: 5\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 201);
    (void)close(fd);
}

TEST(http_1_0_is_answered_and_closed)
{
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) text = {0};

    CHECK_INT(raw_exchange(http_server_port(server), "GET /x HTTP/1.0\r\n\r\n", &text), ==,
              200);
    CHECK_HAS(buf_text(&text), "path=/x");
}

TEST(a_client_that_waits_for_100_gets_it)
{
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server));

    raw_send_text(fd, "PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
                      "Content-Length: 5\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 100);
    raw_send_text(fd, "hello");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    CHECK_HAS(buf_text(&text), "body=5:hello");
    (void)close(fd);
}

TEST(a_chunked_body_is_joined)
{
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) text = {0};

    CHECK_INT(raw_exchange(http_server_port(server),
                           "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
                           "Connection: close\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\n\r\n",
                           &text),
              ==, 200);
    CHECK_HAS(buf_text(&text), "body=7:abcdefg");
}

TEST(a_head_in_pieces_is_one_head)
{
    static const char request[] =
        "GET /x?a=%31 HTTP/1.1\r\nHost: h\r\nX-Test: v\r\nConnection: close\r\n\r\n";
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server));

    for (size_t i = 0; i < sizeof request - 1; i++)
        raw_send(fd, request + i, 1);
    raw_read_all(fd, &text);
    CHECK_HAS(buf_text(&text), "path=/x raw=/x a=1 empty=(none) header=v");
    (void)close(fd);
}

TEST(a_trace_goes_on)
{
    OWNED(http_server) server = start(1);
    OWNED_VALUE(buf) text = {0};

    CHECK_INT(
        raw_exchange(http_server_port(server),
                     "GET /trace HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"
                     "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
                     "\r\n\r\n",
                     &text),
        ==, 200);
    CHECK_STR(buf_text(&text) + raw_head_size(&text), "4bf92f3577b34da6a3ce929d0e0e4736");
    CHECK_HAS(buf_text(&text), "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-");
    CHECK(!strstr(buf_text(&text), "00f067aa0ba902b7")); /* the span is our own */
}

TEST(a_given_socket_is_used)
{
    struct err err = {0};
    struct http_server_conf conf = {.on_request = on_request, .loops = 2};
    OWNED_VALUE(buf) text = {0};

    conf.listen_fd = http_listen("127.0.0.1:0", &err);
    CHECK_OK(conf.listen_fd, err);
    {
        OWNED(http_server) server = http_server_start(&conf, &err);

        CHECK(server != NULL);
        CHECK_INT(raw_exchange(http_server_port(server),
                               "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", &text),
                  ==, 200);
    }
    CHECK_INT(fcntl(conf.listen_fd, F_GETFD), ==, -1); /* it was the server's to close */
}

TEST(an_address_that_is_taken_or_wrong_is_named)
{
    OWNED(http_server) server = start(1);
    char address[64];
    struct err err = {0};

    (void)snprintf(address, sizeof address, "127.0.0.1:%d", http_server_port(server));
    CHECK_INT(http_listen(address, &err), ==, ERR_CONFLICT);
    CHECK_HAS(err.text, address);
    err_clear(&err);
    CHECK_INT(http_listen("localhost", &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "HOST:PORT");
    err_clear(&err);
    CHECK_INT(http_listen("127.0.0.1:99999", &err), ==, ERR_INVALID);
    err_clear(&err);
    CHECK_INT(http_listen("::1:80", &err), ==, ERR_INVALID);
}

TEST(ipv6_works_where_there_is_any)
{
    struct http_server_conf conf = {.listen = "[::1]:0", .on_request = on_request, .loops = 1};
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct err err = {0};
    OWNED(http_server) server = http_server_start(&conf, &err);
    OWNED_VALUE(buf) text = {0};
    int fd;

    if (!server)
        SKIP("no IPv6");
    to.sin6_port = htons((uint16_t)http_server_port(server));
    fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK_INT(connect(fd, (struct sockaddr *)&to, sizeof to), ==, 0);
    raw_send_text(fd, "GET / HTTP/1.0\r\n\r\n");
    raw_read_all(fd, &text);
    CHECK_HAS(buf_text(&text), "peer=::1 ");
    (void)close(fd);
}

TEST(the_inherited_socket_is_that_of_this_process)
{
    char pid[32];

    CHECK_INT(http_inherited_fd(), ==, -1);
    (void)setenv("LISTEN_FDS", "1", 1);
    (void)setenv("LISTEN_PID", "1", 1);
    CHECK_INT(http_inherited_fd(), ==, -1); /* for somebody else */
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    (void)setenv("LISTEN_PID", pid, 1);
    CHECK_INT(dup2(STDIN_FILENO, 3), ==, 3);
    CHECK_INT(http_inherited_fd(), ==, 3);
    (void)setenv("LISTEN_FDS", "0", 1);
    CHECK_INT(http_inherited_fd(), ==, -1);
}
