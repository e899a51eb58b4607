/* http_gone_test.c - handlers that answer later: told when nobody wants the answer any more,
 * bound to a time of their own, called back on the request's loop. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <time.h>

#include "lib/http/server.h"
#include "tests/unit/http_raw.h"

enum { SOON_S = 20, SHORT_MS = 50 };

struct held {
    struct http_server *server;
    struct http_request *request; /* the one that was not answered */
    sem_t came, gone, ran;
    pthread_t loop;
    bool on_loop, had_client;
    atomic_int gone_count;
};

static void wait_for(sem_t *sem)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += SOON_S;
    if (sem_timedwait(sem, &until) < 0)
        TEST_FAIL("it did not happen");
}

static void on_gone(void *ctx)
{
    struct held *held = ctx;

    (void)atomic_fetch_add(&held->gone_count, 1);
    (void)sem_post(&held->gone);
}

static void on_request(void *ctx, struct http_request *request)
{
    struct held *held = ctx;

    held->request = request;
    held->loop = pthread_self();
    http_on_gone(request, on_gone, held);
    if (http_query(request, "within"))
        http_answer_within(request, SHORT_MS);
    (void)sem_post(&held->came);
}

static void start(struct held *held)
{
    const struct http_server_conf conf = {
        .listen = "127.0.0.1:0", .loops = 1, .on_request = on_request, .ctx = held};
    struct err err = {0};

    *held = (struct held){0};
    (void)sem_init(&held->came, 0, 0);
    (void)sem_init(&held->gone, 0, 0);
    (void)sem_init(&held->ran, 0, 0);
    held->server = http_server_start(&conf, &err);
    if (!held->server)
        TEST_FAIL("%s", err.text);
}

static int ask(const struct held *held, const char *target)
{
    int fd = raw_connect(http_server_port(held->server));
    char head[128];

    (void)snprintf(head, sizeof head, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
    raw_send_text(fd, head);
    return fd;
}

TEST(a_handler_learns_that_its_client_left)
{
    struct held held;
    int fd;

    start(&held);
    fd = ask(&held, "/");
    wait_for(&held.came);
    (void)close(fd);
    wait_for(&held.gone);
    http_respond_text(held.request, 200, "too late\n");
    http_server_free(held.server);
    CHECK_INT(atomic_load(&held.gone_count), ==, 1);
}

TEST(a_handler_that_answers_is_not_told_so)
{
    OWNED_VALUE(buf) in = {0}, answer = {0};
    struct held held;
    int fd;

    start(&held);
    fd = ask(&held, "/");
    wait_for(&held.came);
    http_respond_text(held.request, 200, "in time\n");
    CHECK_INT(raw_read_answer(fd, &in, &answer, false), ==, 200);
    (void)close(fd);
    http_server_free(held.server);
    CHECK_INT(atomic_load(&held.gone_count), ==, 0);
}

TEST(a_request_can_have_a_time_limit_of_its_own)
{
    OWNED_VALUE(buf) in = {0}, answer = {0};
    struct held held;
    int fd;

    start(&held);
    fd = ask(&held, "/?within=1");
    wait_for(&held.came);
    CHECK_INT(raw_read_answer(fd, &in, &answer, false), ==, 503);
    CHECK_HAS(buf_text(&answer), "Retry-After: ");
    wait_for(&held.gone);
    http_respond_text(held.request, 200, "too late\n");
    (void)close(fd);
    http_server_free(held.server);
}

static void errand(void *ctx)
{
    struct held *held = ctx;

    held->on_loop = pthread_equal(pthread_self(), held->loop);
    held->had_client = http_loop_client(held->request) != NULL;
    http_respond_text(held->request, 200, "done\n");
    (void)sem_post(&held->ran);
}

TEST(work_comes_back_to_the_loop_of_its_request)
{
    OWNED_VALUE(buf) in = {0}, answer = {0};
    struct held held;
    int fd;

    start(&held);
    fd = ask(&held, "/");
    wait_for(&held.came);
    http_run_on_loop(held.request, errand, &held);
    CHECK_INT(raw_read_answer(fd, &in, &answer, false), ==, 200);
    CHECK(held.on_loop && held.had_client);
    (void)close(fd);
    http_server_free(held.server);
}

TEST(work_for_a_loop_that_has_ended_is_done_all_the_same)
{
    struct held held;
    int fd;

    start(&held);
    fd = ask(&held, "/");
    wait_for(&held.came);
    http_server_stop(held.server, 0);
    wait_for(&held.gone);
    http_run_on_loop(held.request, errand, &held);
    http_server_free(held.server);
    wait_for(&held.ran);
    CHECK(!held.on_loop && !held.had_client);
    (void)close(fd);
}
