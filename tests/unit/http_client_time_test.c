/* http_client_time_test.c - retries, deadlines and slow upstreams of lib/http's client. */
#include "tests/unit/http_upstream.h"

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
