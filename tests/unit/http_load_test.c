/* http_load_test.c - lib/http's server under many clients at once: every request gets its own
 * answer, whether that comes from the loop, from other threads or from another server. */
#include <pthread.h>

#include "lib/http/server.h"
#include "tests/unit/http_raw.h"

enum { CLIENTS = 8, REQUESTS = 400, WORKERS = 3, QUEUE = 4096 };

/* Worker threads that answer what the loops hand them. */
struct pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct http_request *queue[QUEUE];
    int first, count;
    bool stop;
    pthread_t threads[WORKERS];
};

static void answer(struct http_request *request)
{
    http_respond_text(request, 200, http_query(request, "id"));
}

static void *work(void *ctx)
{
    struct pool *pool = ctx;

    for (;;) {
        struct http_request *request = NULL;

        (void)pthread_mutex_lock(&pool->lock);
        while (!pool->stop && pool->count == 0)
            (void)pthread_cond_wait(&pool->more, &pool->lock);
        if (pool->count > 0) {
            request = pool->queue[pool->first++ % QUEUE];
            pool->count--;
        }
        (void)pthread_mutex_unlock(&pool->lock);
        if (!request)
            return NULL;
        answer(request);
    }
}

static void on_request(void *ctx, struct http_request *request)
{
    struct pool *pool = ctx;

    if (strcmp(http_path(request), "/here") == 0) {
        answer(request);
        return;
    }
    (void)pthread_mutex_lock(&pool->lock);
    pool->queue[(pool->first + pool->count++) % QUEUE] = request;
    (void)pthread_cond_signal(&pool->more);
    (void)pthread_mutex_unlock(&pool->lock);
}

struct client {
    pthread_t thread;
    int port, number;
};

/* Keeps a few requests in flight on one connection. */
static void *run_client(void *ctx)
{
    enum { AHEAD = 4 };
    const struct client *client = ctx;
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(client->port);
    char request[128], id[32];

    for (int i = 0; i < REQUESTS + AHEAD; i++) {
        if (i < REQUESTS) {
            (void)snprintf(request, sizeof request,
                           "GET /%s?id=%d-%d HTTP/1.1\r\nHost: h\r\n\r\n",
                           i % 3 == 0 ? "here" : "there", client->number, i);
            raw_send_text(fd, request);
        }
        if (i >= AHEAD) {
            (void)snprintf(id, sizeof id, "%d-%d", client->number, i - AHEAD);
            CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
            CHECK_STR(buf_text(&text) + raw_head_size(&text), id);
        }
    }
    (void)close(fd);
    return NULL;
}

TEST(everybody_gets_their_own_answer)
{
    static struct pool pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
                               .more = PTHREAD_COND_INITIALIZER};
    const struct http_server_conf conf = {
        .listen = "127.0.0.1:0", .loops = 2, .on_request = on_request, .ctx = &pool};
    struct err err = {0};
    OWNED(http_server) server = http_server_start(&conf, &err);
    struct client clients[CLIENTS];

    CHECK(server != NULL);
    for (int i = 0; i < WORKERS; i++)
        CHECK_INT(pthread_create(&pool.threads[i], NULL, work, &pool), ==, 0);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.port = http_server_port(server), .number = i};
        CHECK_INT(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), ==, 0);
    }
    for (int i = 0; i < CLIENTS; i++)
        (void)pthread_join(clients[i].thread, NULL);
    (void)pthread_mutex_lock(&pool.lock);
    pool.stop = true;
    (void)pthread_cond_broadcast(&pool.more);
    (void)pthread_mutex_unlock(&pool.lock);
    for (int i = 0; i < WORKERS; i++)
        (void)pthread_join(pool.threads[i], NULL);
}

/* More connections than epoll reports at once, all ready in the same moment. */
TEST(hundreds_of_connections_ready_at_once_are_all_served)
{
    enum { MANY = 300, ROUNDS = 5 };
    static int fds[MANY];
    const struct http_server_conf conf = {
        .listen = "127.0.0.1:0", .loops = 1, .on_request = on_request};
    struct err err = {0};
    OWNED(http_server) server = http_server_start(&conf, &err);
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};

    CHECK(server != NULL);
    for (int i = 0; i < MANY; i++)
        fds[i] = raw_connect(http_server_port(server));
    for (int round = 0; round < ROUNDS; round++) {
        int count = round % 2 ? 128 : MANY;

        for (int i = 0; i < count; i++)
            raw_send_text(fds[i], "HEAD /here?id=1 HTTP/1.1\r\nHost: h\r\n\r\n");
        for (int i = 0; i < count; i++)
            CHECK_INT(raw_read_answer(fds[i], &in, &text, true), ==, 200);
    }
    for (int i = 0; i < MANY; i++)
        (void)close(fds[i]);
}

TEST(a_large_answer_reaches_a_slow_reader_whole)
{
    enum { SIZE = 20 << 20 };
    OWNED_VALUE(buf) in = {0};
    static struct pool pool = {.lock = PTHREAD_MUTEX_INITIALIZER,
                               .more = PTHREAD_COND_INITIALIZER};
    const struct http_server_conf conf = {
        .listen = "127.0.0.1:0", .loops = 1, .on_request = on_request, .ctx = &pool};
    struct err err = {0};
    OWNED(http_server) server = http_server_start(&conf, &err);
    int fd = raw_connect(http_server_port(server));
    char *body = malloc(SIZE);

    for (int i = 0; i < SIZE; i++)
        body[i] = (char)(i * 7 + i / 4096);
    raw_send_text(fd, "GET /there HTTP/1.0\r\n\r\n");
    (void)pthread_mutex_lock(&pool.lock);
    while (pool.count == 0)
        (void)pthread_cond_wait(&pool.more, &pool.lock);
    (void)pthread_mutex_unlock(&pool.lock);
    http_respond(pool.queue[0], http_response_copy(200, NULL, body, SIZE));
    raw_read_all(fd, &in);
    CHECK_INT(in.size, ==, raw_head_size(&in) + SIZE);
    CHECK(memcmp(in.data + raw_head_size(&in), body, SIZE) == 0);
    free(body);
    (void)close(fd);
}
