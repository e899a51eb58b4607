/* http_time_test.c - time limits of lib/http's server, answers that come late, and its end. */
#include <pthread.h>

#include "lib/http/server.h"
#include "tests/unit/http_raw.h"

/* Requests that the handler keeps until the test answers them. */
struct held {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_request *requests[64];
    int count;
    int answered; /* by on_answered */
    int last_status;
};

static struct held held = {.lock = PTHREAD_MUTEX_INITIALIZER,
                           .changed = PTHREAD_COND_INITIALIZER};

static void on_request(void *ctx, struct http_request *request)
{
    (void)ctx;
    if (strcmp(http_path(request), "/hold") != 0) {
        http_respond_text(request, 200, "fine");
        return;
    }
    (void)pthread_mutex_lock(&held.lock);
    held.requests[held.count++] = request;
    (void)pthread_cond_broadcast(&held.changed);
    (void)pthread_mutex_unlock(&held.lock);
}

static void on_answered(void *ctx, const struct http_request *request, int status,
                        uint64_t body_bytes, int64_t took_ns)
{
    (void)ctx;
    (void)request;
    (void)body_bytes;
    CHECK_INT(took_ns, >=, 0);
    (void)pthread_mutex_lock(&held.lock);
    held.answered++;
    held.last_status = status;
    (void)pthread_cond_broadcast(&held.changed);
    (void)pthread_mutex_unlock(&held.lock);
}

static void await(const int *value, int least)
{
    (void)pthread_mutex_lock(&held.lock);
    while (*value < least)
        (void)pthread_cond_wait(&held.changed, &held.lock);
    (void)pthread_mutex_unlock(&held.lock);
}

static struct http_server *start_with(struct http_server_conf conf)
{
    struct err err = {0};
    struct http_server *server;

    conf.listen = "127.0.0.1:0";
    conf.loops = conf.loops ? conf.loops : 1;
    conf.on_request = on_request;
    conf.on_answered = on_answered;
    server = http_server_start(&conf, &err);
    if (!server)
        TEST_FAIL("%s", err.text);
    return server;
}

/* Sends a byte every few milliseconds until the server has had enough. */
static void drip(int fd, struct buf *in, const char *byte)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};

    for (;;) {
        int ready = poll(&p, 1, 10);

        if (ready > 0 && !raw_read_some(fd, in))
            return;
        if (ready == 0 && send(fd, byte, 1, MSG_NOSIGNAL) < 0)
            return;
    }
}

/* -- slow clients -- */

TEST(a_head_that_drips_ends_at_its_limit)
{
    OWNED(http_server) server = start_with((struct http_server_conf){.header_ms = 300});
    OWNED_VALUE(buf) in = {0};
    int fd = raw_connect(http_server_port(server));
    int64_t start_ms = clock_mono_ms();

    raw_send_text(fd, "GET /x HTTP/1.1\r\nHost: h\r\nX: ");
    drip(fd, &in, "x");
    CHECK_INT(clock_mono_ms() - start_ms, >=, 290);
    CHECK_INT(clock_mono_ms() - start_ms, <, 3000);
    CHECK_HAS(buf_text(&in), "HTTP/1.1 408 ");
    (void)close(fd);
}

TEST(a_target_that_drips_ends_at_its_limit)
{
    OWNED(http_server) server = start_with((struct http_server_conf){.header_ms = 300});
    OWNED_VALUE(buf) in = {0};
    int fd = raw_connect(http_server_port(server));
    int64_t start_ms = clock_mono_ms();

    raw_send_text(fd, "GET /");
    drip(fd, &in, "x");
    CHECK_INT(clock_mono_ms() - start_ms, <, 3000);
    (void)close(fd);
}

TEST(a_second_head_that_drips_ends_at_its_limit_too)
{
    OWNED(http_server) server = start_with((struct http_server_conf){.header_ms = 300});
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server));
    int64_t start_ms;

    raw_send_text(fd, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    start_ms = clock_mono_ms();
    drip(fd, &in, "G"); /* never even a whole line */
    CHECK_INT(clock_mono_ms() - start_ms, >=, 290);
    CHECK_INT(clock_mono_ms() - start_ms, <, 3000);
    (void)close(fd);
}

TEST(a_body_that_drips_ends_at_its_limit)
{
    OWNED(http_server) server = start_with((struct http_server_conf){.request_ms = 300});
    OWNED_VALUE(buf) in = {0};
    int fd = raw_connect(http_server_port(server));
    int64_t start_ms = clock_mono_ms();

    raw_send_text(fd, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1000\r\n\r\n");
    drip(fd, &in, "x");
    CHECK_INT(clock_mono_ms() - start_ms, >=, 290);
    CHECK_INT(clock_mono_ms() - start_ms, <, 3000);
    CHECK_HAS(buf_text(&in), "HTTP/1.1 408 ");
    await(&held.answered, 1);
    CHECK_INT(held.last_status, ==, 408);
    (void)close(fd);
}

TEST(silence_ends_at_its_limits)
{
    OWNED(http_server)
    server = start_with((struct http_server_conf){.header_ms = 200, .idle_ms = 400});
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    int silent = raw_connect(http_server_port(server)),
        kept = raw_connect(http_server_port(server));
    int64_t start_ms = clock_mono_ms();

    raw_send_text(kept, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(kept, &in, &text, false), ==, 200);
    raw_read_all(silent, &text);
    CHECK_INT(clock_mono_ms() - start_ms, >=, 190);
    raw_read_all(kept, &in);
    CHECK_INT(clock_mono_ms() - start_ms, >=, 390);
    CHECK_INT(clock_mono_ms() - start_ms, <, 3000);
    (void)close(silent);
    (void)close(kept);
}

TEST(a_client_that_sends_no_more_is_let_go)
{
    OWNED(http_server) server = start_with((struct http_server_conf){.header_ms = 400});
    OWNED_VALUE(buf) in = {0};
    int fd = raw_connect(http_server_port(server));
    int64_t start_ms = clock_mono_ms();

    raw_send_text(fd, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    (void)shutdown(fd, SHUT_WR);
    raw_read_all(fd, &in);
    CHECK_HAS(buf_text(&in), "fine");
    CHECK_INT(clock_mono_ms() - start_ms, <, 3000); /* not after idle_ms */
    (void)close(fd);
}

/* -- answers in time, late and never -- */

TEST(an_answer_that_does_not_come_is_given)
{
    OWNED(http_server) server = start_with((struct http_server_conf){.answer_ms = 200});
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server));
    size_t size;

    raw_send_text(fd, "POST /hold?a=1 HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 503);
    CHECK_HAS(buf_text(&text), "Retry-After: ");
    CHECK(http_is_gone(held.requests[0]));
    raw_send_text(fd,
                  "GET /another/request/on/this/connection HTTP/1.1\r\nHost: other\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    /* The request is still what it was, for the handler that still has it. */
    CHECK_STR(http_path(held.requests[0]), "/hold");
    CHECK_STR(http_query(held.requests[0], "a"), "1");
    CHECK_STR(http_header(held.requests[0], "host"), "h");
    CHECK_STR(http_body(held.requests[0], &size), "body");
    http_respond_text(held.requests[0], 200, "too late");
    raw_send_text(fd, "GET /x HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    CHECK_HAS(buf_text(&text), "fine");
    (void)close(fd);
}

TEST(a_client_that_is_gone_does_no_harm)
{
    OWNED(http_server) server = start_with((struct http_server_conf){0});
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server));

    raw_send_text(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    await(&held.count, 1);
    CHECK(!http_is_gone(held.requests[0]));
    (void)close(fd);
    CHECK(http_is_gone(held.requests[0]));
    CHECK_INT(raw_exchange(http_server_port(server), "GET / HTTP/1.0\r\n\r\n", &text), ==, 200);
    http_respond_text(held.requests[0], 200, "to nobody");
    await(&held.answered, 2);
}

/* -- the end -- */

struct stopper {
    struct http_server *server;
    int drain_ms;
    int64_t took_ms;
};

static void *stop_server(void *ctx)
{
    struct stopper *stopper = ctx;
    int64_t start_ms = clock_mono_ms();

    http_server_stop(stopper->server, stopper->drain_ms);
    stopper->took_ms = clock_mono_ms() - start_ms;
    return NULL;
}

static bool is_refused(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool refused;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    refused = connect(fd, (struct sockaddr *)&to, sizeof to) < 0;
    (void)close(fd);
    return refused;
}

TEST(stopping_waits_for_answers_under_way)
{
    OWNED(http_server) server = start_with((struct http_server_conf){.loops = 1});
    struct stopper stopper = {.server = server, .drain_ms = 20000};
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) idle_in = {0};
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server)),
        idle = raw_connect(http_server_port(server));
    pthread_t thread;

    raw_send_text(idle, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(idle, &idle_in, &text, false), ==, 200);
    raw_send_text(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    await(&held.count, 1);
    CHECK_INT(pthread_create(&thread, NULL, stop_server, &stopper), ==, 0);
    raw_read_all(idle, &idle_in); /* has nothing under way: ends at once */
    http_respond_text(held.requests[0], 200, "just in time");
    raw_read_all(fd, &in);
    CHECK_HAS(buf_text(&in), "Connection: close\r\n");
    CHECK_HAS(buf_text(&in), "just in time");
    (void)pthread_join(thread, NULL);
    CHECK_INT(stopper.took_ms, <, 10000);
    CHECK(is_refused(http_server_port(server)));
    (void)close(fd);
    (void)close(idle);
}

TEST(stopping_does_not_wait_for_ever)
{
    struct http_server *server = start_with((struct http_server_conf){.loops = 2});
    struct stopper stopper = {.server = server, .drain_ms = 100};
    OWNED_VALUE(buf) in = {0};
    int fd = raw_connect(http_server_port(server)),
        half = raw_connect(http_server_port(server));

    raw_send_text(half, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
    raw_send_text(fd, "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
    await(&held.count, 1);
    (void)stop_server(&stopper);
    CHECK_INT(stopper.took_ms, >=, 95);
    CHECK_INT(stopper.took_ms, <, 2000);
    raw_read_all(fd, &in);
    CHECK_HAS(buf_text(&in), "HTTP/1.1 503 ");
    http_server_free(server);
    http_respond_text(held.requests[0], 200, "the server is gone");
    (void)close(fd);
    (void)close(half);
}

/* -- many of all that at once, for the sanitizers -- */

static void *respond_to_one(void *ctx)
{
    http_respond_text(ctx, 200, "raced");
    return NULL;
}

/* Answers race with the time limit, with clients that go, and with the end of the server. */
TEST(races_have_one_winner)
{
    enum { ROUNDS = 10, EACH = 16 };

    for (int round = 0; round < ROUNDS; round++) {
        struct http_server *server =
            start_with((struct http_server_conf){.loops = 2, .answer_ms = 20});
        pthread_t threads[EACH];
        int fds[EACH];

        held.count = 0;
        for (int i = 0; i < EACH; i++) {
            fds[i] = raw_connect(http_server_port(server));
            raw_send_text(fds[i], "GET /hold HTTP/1.1\r\nHost: h\r\n\r\n");
        }
        await(&held.count, EACH);
        for (int i = 0; i < EACH; i++) {
            if (i % 4 == 0)
                (void)close(fds[i]);
            if (round % 2 == 1) {
                OWNED_VALUE(buf) in = {0};

                (void)(i % 4 != 0 && raw_read_some(fds[i], &in)); /* the 503 */
            }
            CHECK_INT(pthread_create(&threads[i], NULL, respond_to_one, held.requests[i]), ==,
                      0);
        }
        http_server_stop(server, round % 3 == 0 ? 0 : 1000);
        http_server_free(server);
        for (int i = 0; i < EACH; i++) {
            (void)pthread_join(threads[i], NULL);
            if (i % 4 != 0)
                (void)close(fds[i]);
        }
    }
}
