/* http_fuzz.c - raw bytes as a connection to lib/http's server.
 *
 * The bytes go to a real server over loopback, in as many pieces as the first byte says, then
 * the writing side is shut and everything is read to the end, which has to come. The handler
 * reads all that it is given. "/later" is answered from another thread, "/early" before its
 * body. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/http/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_BODY = 4096, TIMEOUT_MS = 5000, PIECES = 4 };

static void read_all(struct http_request *request)
{
    static const char *const names[] = {"Host", "Content-Length", "X", ""};
    size_t size, sum = 0;
    const unsigned char *body = http_body(request, &size);

    for (size_t i = 0; i < size; i++)
        sum += body[i];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *header = http_header(request, names[i]);
        const char *query = http_query(request, names[i]);

        sum += (header ? strlen(header) : 0) + (query ? strlen(query) : 0);
    }
    sum += strlen(http_path(request)) + strlen(http_raw_path(request)) +
           strlen(http_peer(request)) + strlen(http_method(request));
    if (size > MAX_BODY || sum == 0)
        abort();
}

static void *respond_late(void *ctx)
{
    http_respond_text(ctx, 200, "later");
    return NULL;
}

static void on_request(void *ctx, struct http_request *request)
{
    pthread_t thread;

    (void)ctx;
    read_all(request);
    if (strcmp(http_path(request), "/later") == 0 &&
        pthread_create(&thread, NULL, respond_late, request) == 0)
        (void)pthread_detach(thread);
    else
        http_respond_text(request, 200, http_path(request));
}

static void on_head(void *ctx, struct http_request *request)
{
    (void)ctx;
    if (strcmp(http_path(request), "/early") == 0)
        http_respond_text(request, 401, "early");
}

/* One for the whole run; freed at exit, so that leaks are seen. */
static struct http_server *server;

static void stop_server(void)
{
    http_server_free(server);
}

static void start_server(void)
{
    const struct http_server_conf conf = {.listen = "127.0.0.1:0",
                                          .loops = 1,
                                          .max_body_bytes = MAX_BODY,
                                          .idle_ms = 8, /* what kept its connection goes */
                                          .on_head = on_head,
                                          .on_request = on_request};
    struct err err = {0};

    server = http_server_start(&conf, &err);
    if (!server)
        abort();
    (void)atexit(stop_server);
}

static int open_connection(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_port = htons((uint16_t)http_server_port(server));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    if (fd >= 0)
        (void)close(fd);
    return -1;
}

/* To the end of the connection, which has to come. */
static void drain(int fd)
{
    char bytes[8192];
    ssize_t got = 1;

    while (got > 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready = poll(&p, 1, TIMEOUT_MS);

        if (ready == 0)
            abort();   /* the server hangs */
        if (ready > 0) /* else it was libFuzzer's alarm */
            got = recv(fd, bytes, sizeof bytes, 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct linger reset = {.l_onoff = 1}; /* no port is left waiting */
    size_t pieces = size > 0 ? data[0] % PIECES + 1U : 1, sent = 0;
    int fd;

    if (!server)
        start_server();
    fd = open_connection();
    if (fd < 0)
        return 0; /* out of ports for a moment */
    for (size_t i = 1; i <= pieces && size > 1; i++) {
        size_t end = 1 + (size - 1) * i / pieces;

        if (send(fd, data + 1 + sent, end - 1 - sent, MSG_NOSIGNAL) < 0)
            break; /* refused already */
        sent = end - 1;
    }
    (void)shutdown(fd, SHUT_WR);
    drain(fd);
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    (void)close(fd);
    return 0;
}
