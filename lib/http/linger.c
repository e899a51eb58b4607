/* linger.c - reads on for a while after an answer that came before the end of the body.
 *
 * Closing a socket with unread bytes resets the connection, and the reset can overtake the
 * answer: a client refused with 413 would see only a broken connection. So the socket's write
 * side is shut (libmicrohttpd does that), and what still comes is thrown away until the client
 * closes too, or has had its time. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/secret.h"
#include "lib/http/loop_event.h"
#include "lib/http/server_local.h"

enum {
    LINGER_MS = 5000,
    LINGER_MOST = 256, /* at once, by one loop: a client of a crowd can live with a reset */
};

struct http_linger {
    enum http_event kind; /* first: it is what epoll gives back */
    int fd;
    int64_t until_ms;
    struct http_linger *next;
};

void http_linger_start(struct http_loop *loop, int fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    struct http_linger *linger;

    if (loop->linger_count >= LINGER_MOST)
        return;
    linger = calloc(1, sizeof *linger);
    if (!linger)
        return;
    linger->kind = HTTP_EVENT_LINGER;
    linger->until_ms = loop->now_ms + LINGER_MS;
    linger->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    event.data.ptr = linger;
    if (linger->fd < 0 || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, linger->fd, &event) < 0) {
        if (linger->fd >= 0)
            (void)close(linger->fd);
        free(linger);
        return;
    }
    linger->next = loop->lingers;
    loop->lingers = linger;
    loop->linger_count++;
}

/* Bounded, so that a fast sender does not hold up the loop; epoll reports the rest. TCP throws
 * the bytes away without copying them (tcp(7), MSG_TRUNC); other sockets do not. */
void http_linger_read(struct http_loop *loop, struct http_linger *linger)
{
    char waste[16384];
    ssize_t got = 1;

    for (int i = 0; i < 16 && got > 0; i++)
        got = recv(linger->fd, waste, sizeof waste, MSG_DONTWAIT | MSG_TRUNC);
    secret_wipe(waste, sizeof waste);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        linger->until_ms = 0; /* for the sweep to free: epoll may still point at it */
        loop->next_sweep_ms = loop->now_ms;
    }
}

void http_linger_sweep(struct http_loop *loop, int64_t now_ms)
{
    struct http_linger **at = &loop->lingers;

    while (*at) {
        struct http_linger *linger = *at;

        if (linger->until_ms > now_ms) {
            at = &linger->next;
            continue;
        }
        *at = linger->next;
        (void)close(linger->fd);
        free(linger);
        loop->linger_count--;
    }
}
