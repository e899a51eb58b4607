/* http_accept_test.c - whose connections are: all loops have as many, and no more are taken
 * than there may be. */
#include <poll.h>
#include <unistd.h>

#include "lib/http/server.h"
#include "tests/unit/http_raw.h"

enum { LOOPS = 4, MANY = 64 };

#define ASK "GET /x HTTP/1.1\r\nHost: h\r\n\r\n"

/* Answers with the loop that it came to, by the client that each has of its own. */
static void on_request(void *ctx, struct http_request *request)
{
    char text[32];

    (void)ctx;
    (void)snprintf(text, sizeof text, "%p", (void *)http_loop_client(request));
    http_respond_text(request, 200, text);
}

static struct http_server *start_with(int loops, int max_connections)
{
    const struct http_server_conf conf = {.listen = "127.0.0.1:0",
                                          .loops = loops,
                                          .max_connections = max_connections,
                                          .on_request = on_request};
    struct err err = {0};
    struct http_server *server = http_server_start(&conf, &err);

    if (!server)
        TEST_FAIL("%s", err.text);
    return server;
}

/* Which of the loops seen so far answers. */
static int loop_of(int fd, char seen[LOOPS][32])
{
    OWNED_VALUE(buf) in = {0};
    OWNED_VALUE(buf) text = {0};
    const char *loop;
    int i = 0;

    raw_send_text(fd, ASK);
    CHECK_INT(raw_read_answer(fd, &in, &text, false), ==, 200);
    loop = strstr(buf_text(&text), "\r\n\r\n") + 4;
    while (i < LOOPS && *seen[i] && strcmp(seen[i], loop) != 0)
        i++;
    if (i == LOOPS)
        TEST_FAIL("there are more loops than there should be");
    (void)snprintf(seen[i], sizeof seen[i], "%s", loop);
    return i;
}

TEST(all_loops_have_as_many_connections)
{
    OWNED(http_server) server = start_with(LOOPS, 0);
    int fds[MANY], of[LOOPS] = {0};
    char seen[LOOPS][32] = {{0}};

    for (int i = 0; i < MANY; i++)
        fds[i] = raw_connect(http_server_port(server));
    for (int i = 0; i < MANY; i++)
        of[loop_of(fds[i], seen)]++;
    for (int i = 0; i < LOOPS; i++) /* two loops that accept at once may both choose one */
        CHECK(of[i] >= MANY / LOOPS - 3 && of[i] <= MANY / LOOPS + 3);
    for (int i = 0; i < MANY; i++)
        (void)close(fds[i]);
}

TEST(past_the_limit_a_connection_waits_for_its_turn)
{
    OWNED(http_server) server = start_with(2, 3);
    int fds[4];
    char seen[LOOPS][32] = {{0}};
    struct pollfd answer;

    for (int i = 0; i < 3; i++) {
        fds[i] = raw_connect(http_server_port(server));
        (void)loop_of(fds[i], seen);
    }
    fds[3] = raw_connect(http_server_port(server)); /* into the kernel's queue */
    raw_send_text(fds[3], ASK);
    answer = (struct pollfd){.fd = fds[3], .events = POLLIN};
    for (int i = 0; i < 20; i++) { /* others are answered meanwhile */
        (void)loop_of(fds[i % 3], seen);
        CHECK_INT(poll(&answer, 1, 0), ==, 0);
    }
    (void)close(fds[1]);
    CHECK_INT(poll(&answer, 1, -1), ==, 1); /* the test's limit ends this */
    (void)close(fds[0]);
    (void)close(fds[2]);
    (void)close(fds[3]);
}
