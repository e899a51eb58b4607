/* rude_server.c - see rude_server.h: one connection after the other. */
#include "tests/support/rude_server.h"

#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ENDLESS_BYTES = 100000000, DRIP_MS = 20, LOOK_MS = 20 };

#define HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

/* False: the other side has closed, or the test is over. */
static bool wait_for(struct rude_server *server, int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char bytes[4096];

    (void)poll(&p, 1, timeout_ms);
    if (atomic_load(&server->stop))
        return false;
    return !p.revents || recv(fd, bytes, sizeof bytes, 0) > 0;
}

static bool say(int fd, const char *bytes, size_t size)
{
    return send(fd, bytes, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static bool say_text(int fd, const char *text)
{
    return say(fd, text, strlen(text));
}

static void read_request(int fd)
{
    char bytes[4096];

    (void)recv(fd, bytes, sizeof bytes, 0);
}

static void drip(struct rude_server *server, int fd)
{
    (void)say_text(fd, HEAD "Content-Length: 100000\r\n\r\n[");
    while (wait_for(server, fd, DRIP_MS) && say_text(fd, " "))
        continue;
}

static void pour(struct rude_server *server, int fd)
{
    static const char spaces[65536] = {[0 ... 65535] = ' '};
    size_t left = ENDLESS_BYTES;

    (void)say_text(fd, HEAD "Content-Length: 100000000\r\n\r\n");
    while (left > 0 && !atomic_load(&server->stop)) {
        const size_t size = left < sizeof spaces ? left : sizeof spaces;

        if (!say(fd, spaces, size))
            break;
        left -= size;
    }
}

static void be_rude(struct rude_server *server, int fd)
{
    if (server->way == RUDE_GONE)
        return;
    read_request(fd);
    if (server->way == RUDE_SILENT)
        while (wait_for(server, fd, LOOK_MS))
            continue;
    else if (server->way == RUDE_TRUNCATED)
        (void)say_text(fd, HEAD "Content-Length: 1000\r\n\r\n{\"itemList\":[");
    else if (server->way == RUDE_DRIP)
        drip(server, fd);
    else if (server->way == RUDE_ENDLESS)
        pour(server, fd);
    else
        (void)say_text(fd, "220 mail.example.org ESMTP\r\n");
}

static void *run(void *arg)
{
    struct rude_server *server = arg;

    while (!atomic_load(&server->stop)) {
        struct pollfd p = {.fd = server->fd, .events = POLLIN};
        int fd;

        if (poll(&p, 1, LOOK_MS) <= 0)
            continue;
        fd = accept(server->fd, NULL, NULL);
        if (fd < 0)
            continue;
        be_rude(server, fd);
        (void)close(fd);
    }
    return NULL;
}

/* Connections that nobody accepts: the next one gets no answer at all. */
static void fill_queue(struct rude_server *server, const struct sockaddr_in *at)
{
    for (size_t i = 0; i < sizeof server->filler / sizeof *server->filler; i++) {
        server->filler[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void)connect(server->filler[i], (const struct sockaddr *)at, sizeof *at);
    }
}

void rude_server_start(struct rude_server *server, enum rude_way way)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;

    *server = (struct rude_server){.way = way};
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->fd, (struct sockaddr *)&at, sizeof at) < 0 ||
        listen(server->fd, way == RUDE_DEAF ? 0 : 16) < 0 ||
        getsockname(server->fd, (struct sockaddr *)&at, &size) < 0)
        abort();
    (void)snprintf(server->base, sizeof server->base, "http://127.0.0.1:%d",
                   ntohs(at.sin_port));
    if (way == RUDE_DEAF)
        fill_queue(server, &at);
    else if (pthread_create(&server->thread, NULL, run, server) != 0)
        abort();
}

void rude_server_done(struct rude_server *server)
{
    atomic_store(&server->stop, true);
    if (server->way != RUDE_DEAF)
        (void)pthread_join(server->thread, NULL);
    for (size_t i = 0;
         server->way == RUDE_DEAF && i < sizeof server->filler / sizeof *server->filler; i++)
        (void)close(server->filler[i]);
    (void)close(server->fd);
}
