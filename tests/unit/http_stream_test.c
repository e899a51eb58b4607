/* http_stream_test.c - answers that are written over time: they reach everybody, in order, and
 * nobody who is slow, gone or silent is in the way. */
#include <pthread.h>

#include "lib/http/server_local.h"
#include "lib/http/sse.h"
#include "lib/http/stream.h"
#include "tests/unit/http_raw.h"

enum { STREAMS = 512, LONG_MS = 600000 };

/* Who listens; streams are added by the loops and written by the test. */
struct hub {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct http_stream *streams[STREAMS];
    int count, left;
    size_t queue_bytes;
};

static struct hub hub = {.lock = PTHREAD_MUTEX_INITIALIZER,
                         .changed = PTHREAD_COND_INITIALIZER};

static void on_left(void *ctx)
{
    (void)ctx;
    (void)pthread_mutex_lock(&hub.lock);
    hub.left++;
    (void)pthread_cond_broadcast(&hub.changed);
    (void)pthread_mutex_unlock(&hub.lock);
}

static struct http_stream *stream_new(const char *beat)
{
    const struct http_stream_conf conf = {
        .beat = beat, .queue_bytes = hub.queue_bytes, .on_left = on_left};
    struct err err = {0};
    struct http_stream *stream = http_stream_new(&conf, &err);

    CHECK(stream != NULL);
    return stream;
}

static void add(struct http_stream *stream)
{
    (void)pthread_mutex_lock(&hub.lock);
    CHECK_INT(hub.count, <, STREAMS);
    hub.streams[hub.count++] = stream;
    (void)pthread_cond_broadcast(&hub.changed);
    (void)pthread_mutex_unlock(&hub.lock);
}

static void write_text(struct http_stream *stream, const char *text)
{
    OWNED(http_chunk) chunk = http_chunk_new(text, strlen(text));
    struct err ignored = {0};

    (void)http_stream_write(stream, chunk, &ignored);
}

static void on_request(void *ctx, struct http_request *request)
{
    const char *path = http_path(request);
    struct http_stream *stream;

    (void)ctx;
    if (strcmp(path, "/plain") == 0) {
        http_respond_text(request, 200, "plain");
        return;
    }
    stream = stream_new(strcmp(path, "/beat") == 0 ? SSE_BEAT : NULL);
    if (strcmp(path, "/early") == 0) { /* written and ended before it is answered */
        write_text(stream, "early ");
        write_text(stream, "bird");
        http_stream_end(stream);
    }
    http_respond(request, http_response_stream(200, SSE_TYPE, stream));
    add(stream);
}

static struct http_server *start(int loops, int beat_ms)
{
    const struct http_server_conf conf = {.listen = "127.0.0.1:0",
                                          .loops = loops,
                                          .header_ms = 400, /* so that sweeps come often */
                                          .answer_ms = 400,
                                          .idle_ms = LONG_MS,
                                          .beat_ms = beat_ms,
                                          .on_request = on_request};
    struct err err = {0};
    struct http_server *server = http_server_start(&conf, &err);

    if (!server)
        TEST_FAIL("%s", err.text);
    return server;
}

static void await(const int *number, int least)
{
    (void)pthread_mutex_lock(&hub.lock);
    while (*number < least)
        (void)pthread_cond_wait(&hub.changed, &hub.lock);
    (void)pthread_mutex_unlock(&hub.lock);
}

static void hub_done(void)
{
    for (int i = 0; i < hub.count; i++)
        http_stream_free(hub.streams[i]);
    hub.count = 0;
}

static int open_stream(struct http_server *server, const char *path)
{
    char request[128];
    int fd = raw_connect(http_server_port(server));

    (void)snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    raw_send_text(fd, request);
    return fd;
}

/* Takes a chunked body apart. Returns true where its end has come. */
static bool dechunk(const struct buf *in, struct buf *ret_body)
{
    const char *at = buf_text(in) + raw_head_size(in), *end = buf_text(in) + in->size;

    buf_clear(ret_body);
    while (raw_head_size(in) && at < end) {
        char *after;
        size_t size = strtoul(at, &after, 16);

        if (after + 2 > end || after[0] != '\r')
            return false;
        if (size == 0)
            return true;
        after += 2;
        if (size > (size_t)(end - after))
            size = (size_t)(end - after);
        buf_append(ret_body, after, size);
        at = after + size + 2;
    }
    return false;
}

static void read_until(int fd, struct buf *in, struct buf *ret_body, const char *text)
{
    while (dechunk(in, ret_body), !strstr(buf_text(ret_body), text))
        if (!raw_read_some(fd, in))
            TEST_FAIL("ended without \"%s\": \"%s\"", text, buf_text(in));
}

TEST(what_is_written_arrives_at_once_and_in_order)
{
    OWNED(http_server) server = start(1, 0);
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) body = {0};
    int fd = open_stream(server, "/");

    await(&hub.count, 1);
    write_text(hub.streams[0], "one ");
    read_until(fd, &in, &body, "one ");
    CHECK_HAS(buf_text(&in), "HTTP/1.1 200");
    CHECK_HAS(buf_text(&in), "Content-Type: text/event-stream\r\n");
    CHECK_HAS(buf_text(&in), "Transfer-Encoding: chunked\r\n");
    write_text(hub.streams[0], "two ");
    read_until(fd, &in, &body, "two ");
    write_text(hub.streams[0], "three");
    http_stream_end(hub.streams[0]);
    while (!dechunk(&in, &body))
        CHECK(raw_read_some(fd, &in));
    CHECK_STR(buf_text(&body), "one two three");
    CHECK_INT(hub.left, <=, 1);

    /* the connection goes on */
    buf_clear(&in);
    raw_send_text(fd, "GET /plain HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &body, false), ==, 200);
    await(&hub.left, 1);
    (void)close(fd);
    hub_done();
}

TEST(what_was_written_before_the_answer_is_in_it)
{
    OWNED(http_server) server = start(1, 0);
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) body = {0};
    int fd = open_stream(server, "/early");

    while (!dechunk(&in, &body))
        CHECK(raw_read_some(fd, &in));
    CHECK_STR(buf_text(&body), "early bird");
    (void)close(fd);

    fd = raw_connect(http_server_port(server)); /* ended by closing, for HTTP/1.0 */
    buf_clear(&in);
    raw_send_text(fd, "GET /early HTTP/1.0\r\n\r\n");
    raw_read_all(fd, &in);
    CHECK_STR(in.data + raw_head_size(&in), "early bird");
    (void)close(fd);
    await(&hub.left, 2);
    await(&hub.count, 2);
    hub_done();
}

TEST(a_head_request_gets_no_body_and_leaves)
{
    OWNED(http_server) server = start(1, 0);
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    int fd = raw_connect(http_server_port(server));
    struct err err = {0};

    raw_send_text(fd, "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n");
    CHECK_INT(raw_read_answer(fd, &in, &text, true), ==, 200);
    await(&hub.left, 1);
    await(&hub.count, 1);
    OWNED(http_chunk) chunk = http_chunk_new("x", 1);
    CHECK_INT(http_stream_write(hub.streams[0], chunk, &err), ==, ERR_NOT_FOUND);
    (void)close(fd);
    hub_done();
}

enum { CLIENTS = 300, EVENTS = 40 };

static void *broadcast(void *ctx)
{
    const int *number = ctx;

    for (int i = 0; i < EVENTS; i++) {
        char text[64];
        OWNED_VALUE(buf) event = {0};
        struct err err = {0};

        (void)snprintf(text, sizeof text, "%d-%d", *number, i);
        sse_write(&event, text, "tick", text, strlen(text));
        OWNED(http_chunk) chunk = http_chunk_new(event.data, event.size);
        for (int s = 0; s < hub.count; s++)
            CHECK_OK(http_stream_write(hub.streams[s], chunk, &err), err);
    }
    return NULL;
}

struct expected {
    int next[2];
    int seen;
};

static int check_event(void *ctx, const struct sse_event *event, struct err *err)
{
    struct expected *expected = ctx;
    int writer, number;

    (void)err;
    CHECK_STR(event->id, event->data);
    CHECK_STR(event->type, "tick");
    /* NOLINTNEXTLINE(cert-err34-c): what it reads was made above */
    CHECK_INT(sscanf(event->data, "%d-%d", &writer, &number), ==, 2);
    CHECK_INT(number, ==, expected->next[writer]++);
    expected->seen++;
    return 0;
}

/* Two writers, two loops: each client has each writer's events in order. */
TEST(an_event_reaches_hundreds_of_clients)
{
    OWNED(http_server) server = start(2, 0);
    static int fds[CLIENTS], numbers[2] = {0, 1};
    pthread_t writers[2];

    for (int i = 0; i < CLIENTS; i++)
        fds[i] = open_stream(server, "/");
    await(&hub.count, CLIENTS);
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&writers[i], NULL, broadcast, &numbers[i]), ==, 0);
    for (int i = 0; i < 2; i++)
        (void)pthread_join(writers[i], NULL);
    for (int i = 0; i < CLIENTS; i++)
        http_stream_end(hub.streams[i]);
    for (int i = 0; i < CLIENTS; i++) {
        OWNED_VALUE(buf) in = {0};
        OWNED_VALUE(buf) body = {0};
        OWNED_VALUE(sse_reader) reader = {0};
        struct expected expected = {0};
        struct err err = {0};

        while (!dechunk(&in, &body))
            CHECK(raw_read_some(fds[i], &in));
        CHECK_OK(sse_read(&reader, body.data, body.size, check_event, &expected, &err), err);
        CHECK_INT(expected.seen, ==, 2 * EVENTS);
        (void)close(fds[i]);
    }
    hub_done();
}

TEST(a_client_that_leaves_is_noticed_though_nothing_is_written)
{
    OWNED(http_server) server = start(1, 0);
    int stays = open_stream(server, "/"), leaves = open_stream(server, "/"), resets;
    struct linger hard = {.l_onoff = 1};
    int before;

    await(&hub.count, 2);
    (void)close(leaves);
    await(&hub.left, 1);
    resets = open_stream(server, "/");
    await(&hub.count, 3);
    (void)setsockopt(resets, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    (void)close(resets);
    await(&hub.left, 2);
    before = 0;
    for (int i = 0; i < 3; i++)
        before += http_stream_has_left(hub.streams[i]);
    CHECK_INT(before, ==, 2);
    (void)close(stays);
    await(&hub.left, 3);
    hub_done();
}

TEST(a_client_that_does_not_read_is_dropped_and_the_others_go_on)
{
    enum { BIG = 60000 };
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) body = {0};
    char *bytes = malloc(BIG);
    struct err err = {0};
    int slow, quick, written = 0;

    hub.queue_bytes = (size_t)4 * BIG;
    OWNED(http_server) server = start(1, 0);
    slow = open_stream(server, "/");
    await(&hub.count, 1);
    quick = open_stream(server, "/");
    await(&hub.count, 2);
    memset(bytes, 'x', BIG);
    OWNED(http_chunk) chunk = http_chunk_new(bytes, BIG);
    while (http_stream_write(hub.streams[0], chunk, &err) == 0)
        written++; /* until the socket's buffers and the queue are full */
    CHECK_INT(err.code, ==, ERR_TOO_LARGE);
    CHECK_INT(written, >=, 4);
    await(&hub.left, 1); /* though it never read a byte */
    CHECK(http_stream_has_left(hub.streams[0]));

    for (int i = 0; i < 40; i++) { /* ten times what may wait */
        size_t size = body.size;

        err_clear(&err);
        CHECK_OK(http_stream_write(hub.streams[1], chunk, &err), err);
        while (body.size < size + BIG) {
            CHECK(raw_read_some(quick, &in));
            (void)dechunk(&in, &body);
        }
    }
    (void)close(slow);
    (void)close(quick);
    await(&hub.left, 2);
    free(bytes);
    hub_done();
}

TEST(silence_is_broken_by_a_beat_and_outlives_the_limit_of_answers)
{
    OWNED(http_server) server = start(1, 60); /* answer_ms is 400 */
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) body = {0};
    int fd = open_stream(server, "/beat");
    int64_t start_ms = clock_mono_ms();

    read_until(fd, &in, &body,
               SSE_BEAT SSE_BEAT SSE_BEAT SSE_BEAT SSE_BEAT SSE_BEAT SSE_BEAT SSE_BEAT);
    CHECK_INT(clock_mono_ms() - start_ms, >=, 400);
    await(&hub.count, 1);
    write_text(hub.streams[0], "still here");
    read_until(fd, &in, &body, "still here");
    (void)close(fd);
    hub_done();
}

TEST(a_server_that_stops_ends_its_streams_properly_and_at_once)
{
    struct http_server *server = start(2, 0);
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) body = {0};
    int fds[20];
    int64_t start_ms;

    for (int i = 0; i < 20; i++)
        fds[i] = open_stream(server, "/");
    await(&hub.count, 20);
    for (int i = 0; i < 20; i++)
        write_text(hub.streams[i], "last words");
    start_ms = clock_mono_ms();
    http_server_stop(server, LONG_MS);
    CHECK_INT(clock_mono_ms() - start_ms, <, LONG_MS / 2);
    CHECK_INT(hub.left, ==, 20);
    for (int i = 0; i < 20; i++) {
        buf_clear(&in);
        raw_read_all(fds[i], &in);
        CHECK(dechunk(&in, &body)); /* with its end */
        CHECK_STR(buf_text(&body), "last words");
        (void)close(fds[i]);
        write_text(hub.streams[i], "nobody hears it");
        http_stream_end(hub.streams[i]);
    }
    http_server_free(server);
    hub_done();
}

/* Writers go on while clients come and go and the server stops under them. */
static void *write_for_ever(void *ctx)
{
    OWNED(http_chunk) chunk = http_chunk_new("0123456789", 10);
    const bool *stop = ctx;

    while (!__atomic_load_n(stop, __ATOMIC_SEQ_CST)) {
        (void)pthread_mutex_lock(&hub.lock);
        int count = hub.count;
        (void)pthread_mutex_unlock(&hub.lock);
        for (int i = 0; i < count; i++) {
            struct err ignored = {0};

            (void)http_stream_write(hub.streams[i], chunk, &ignored);
        }
        (void)sched_yield();
    }
    return NULL;
}

TEST(writers_clients_and_the_end_of_the_server_do_not_meet_badly)
{
    struct http_server *server = start(2, 1);
    OWNED_VALUE(buf) in = {0};
    static int fds[200];
    bool stop = false;
    pthread_t writer;

    CHECK_INT(pthread_create(&writer, NULL, write_for_ever, &stop), ==, 0);
    for (int i = 0; i < 200; i++) {
        fds[i] = open_stream(server, i % 2 ? "/beat" : "/");
        if (i % 3 == 0) {
            (void)close(fds[i]);
            fds[i] = -1;
        } else if (i % 5 == 0) {
            buf_clear(&in);
            CHECK(raw_read_some(fds[i], &in));
        }
    }
    http_server_stop(server, 0);
    http_server_free(server);
    __atomic_store_n(&stop, true, __ATOMIC_SEQ_CST);
    (void)pthread_join(writer, NULL);
    CHECK_INT(hub.left, ==, hub.count);
    for (int i = 0; i < 200; i++)
        if (fds[i] >= 0)
            (void)close(fds[i]);
    hub_done();
}

TEST(a_response_that_nobody_got_leaves)
{
    struct http_stream *stream = stream_new(NULL);
    struct http_response *response = http_response_stream(200, SSE_TYPE, stream);
    OWNED(http_server) server = start(1, 0);
    struct err err = {0};

    CHECK(response != NULL && server != NULL);
    write_text(stream, "never sent");
    http_stream_end(stream);
    OWNED(http_chunk) chunk = http_chunk_new("x", 1);
    CHECK_INT(http_stream_write(stream, chunk, &err), ==, ERR_NOT_FOUND);
    http_response_free(response);
    CHECK_INT(hub.left, ==, 1);
    CHECK(http_stream_has_left(stream));
    http_stream_free(stream);
}
