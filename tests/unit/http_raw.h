/* http_raw.h - bytes to a server by hand, for the tests of lib/http. */
#ifndef TESTS_UNIT_HTTP_RAW_H
#define TESTS_UNIT_HTTP_RAW_H

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "lib/base/clock.h"
#include "tests/test.h"

enum { RAW_TIMEOUT_MS = 10000 };

static inline int raw_connect(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

    (void)signal(SIGPIPE, SIG_IGN);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK_INT(fd, >=, 0);
    CHECK_INT(connect(fd, (struct sockaddr *)&to, sizeof to), ==, 0);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static inline void raw_send(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;

    while (size > 0) {
        ssize_t sent = send(fd, at, size, MSG_NOSIGNAL);

        CHECK_INT(sent, >, 0);
        at += sent;
        size -= (size_t)sent;
    }
}

static inline void raw_send_text(int fd, const char *text)
{
    raw_send(fd, text, strlen(text));
}

/* Reads what is there, waiting for it; false at the end of the stream or a reset. */
static inline bool raw_read_some(int fd, struct buf *in)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char bytes[65536];
    ssize_t got;

    if (poll(&p, 1, RAW_TIMEOUT_MS) <= 0)
        TEST_FAIL("nothing came after \"%s\"", buf_text(in));
    got = recv(fd, bytes, sizeof bytes, 0);
    if (got <= 0)
        return false;
    buf_append(in, bytes, (size_t)got);
    return true;
}

/* Everything up to the end of the connection. */
static inline void raw_read_all(int fd, struct buf *in)
{
    while (raw_read_some(fd, in))
        continue;
}

/* How long the head is, with its empty line; 0: not there yet. */
static inline size_t raw_head_size(const struct buf *in)
{
    const char *end = strstr(buf_text(in), "\r\n\r\n");

    return end ? (size_t)(end + 4 - in->data) : 0;
}

/* Reads one answer and takes it out of in; returns its status. Its text, head and body, goes
 * to ret_text. A HEAD's answer has no body, whatever its head says. */
static inline int raw_read_answer(int fd, struct buf *in, struct buf *ret_text, bool is_head)
{
    const char *length;
    size_t size;

    while (raw_head_size(in) == 0)
        if (!raw_read_some(fd, in))
            TEST_FAIL("the connection ended in a head: \"%s\"", buf_text(in));
    size = raw_head_size(in);
    length = strstr(buf_text(in), "Content-Length: ");
    if (length && length < in->data + size && !is_head)
        size += strtoull(length + 16, NULL, 10);
    while (in->size < size)
        if (!raw_read_some(fd, in))
            TEST_FAIL("the connection ended in a body: \"%s\"", buf_text(in));
    buf_clear(ret_text);
    buf_append(ret_text, in->data, size);
    CHECK(in->data && ret_text->data);
    memmove(in->data, in->data + size, in->size - size + 1);
    in->size -= size;
    return (int)strtol(ret_text->data + 9, NULL, 10);
}

/* Sends a request on a connection of its own and reads to the end of it. The status; 0: closed
 * without an answer. */
static inline int raw_exchange(int port, const char *request, struct buf *ret_text)
{
    int fd = raw_connect(port);

    buf_clear(ret_text);
    raw_send_text(fd, request);
    raw_read_all(fd, ret_text);
    (void)close(fd);
    return ret_text->size > 12 ? (int)strtol(ret_text->data + 9, NULL, 10) : 0;
}

#endif
