/* accept.c - takes connections, and gives each to the loop that has the fewest.
 *
 * libmicrohttpd would leave each to the loop that comes first, which takes ten at a time:
 * thirty that come at once may then all be with one loop, while the others have nothing to do.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/http/loop_event.h"
#include "lib/http/server_local.h"

enum {
    AT_ONCE = 16,   /* then requests get their turn */
    LATER_MS = 100, /* where the system has no more descriptors, or no memory */
};

static const enum http_event event_listen = HTTP_EVENT_LISTEN;

struct http_arrival {
    struct http_arrival *next;
    int fd;
    struct sockaddr_storage address;
    socklen_t size;
};

/* One more connection there, or one less. */
static void count(struct http_loop *loop, int more)
{
    atomic_fetch_add(&loop->open, more);
    atomic_fetch_add(&loop->server->open, more);
}

void http_accept_closed(struct http_loop *loop)
{
    count(loop, -1);
}

/* Each loop's set watches the same socket, and one of those that wait is woken. */
void http_accept_watch(struct http_loop *loop, bool on)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
                                .data.ptr = (void *)&event_listen};

    if (loop->accepting != on && epoll_ctl(loop->epoll_fd, on ? EPOLL_CTL_ADD : EPOLL_CTL_DEL,
                                           loop->server->listen_fd, &event) == 0)
        loop->accepting = on;
}

/* Past the limit those that come wait in the kernel's queue. */
void http_accept_update(struct http_loop *loop)
{
    const bool full = atomic_load(&loop->server->open) >= loop->server->conf.max_connections;

    http_accept_watch(loop, !full && !loop->draining && loop->now_ms >= loop->accept_from_ms);
}

static struct http_loop *find_loop(struct http_loop *mine)
{
    int least = atomic_load(&mine->open);
    struct http_loop *found = mine;

    for (struct http_loop *loop = mine->server->loops; loop; loop = loop->next) {
        const int open = atomic_load(&loop->open);

        if (loop != mine && open < least) {
            least = open;
            found = loop;
        }
    }
    return found;
}

/* Into libmicrohttpd, on the loop's own thread. */
static void adopt(struct http_loop *loop, struct http_arrival *arrival)
{
    const uint64_t told = loop->told;
    const enum MHD_Result r = MHD_add_connection(
        loop->daemon, arrival->fd, (const struct sockaddr *)&arrival->address, arrival->size);

    if (r != MHD_YES && loop->told == told) /* it has closed it, and told nobody */
        count(loop, -1);
    free(arrival);
}

/* False: that loop is about to end. */
static bool hand_over(struct http_loop *loop, struct http_arrival *arrival)
{
    bool ends;

    (void)pthread_mutex_lock(&loop->lock);
    ends = loop->stop_asked;
    if (!ends) {
        arrival->next = loop->arrivals;
        loop->arrivals = arrival;
        http_loop_wake(loop);
    }
    (void)pthread_mutex_unlock(&loop->lock);
    return !ends;
}

void http_accept_adopt(struct http_loop *loop, struct http_arrival *arrivals)
{
    while (arrivals) {
        struct http_arrival *arrival = arrivals;

        arrivals = arrival->next;
        adopt(loop, arrival);
    }
}

void http_accept_drop(struct http_arrival *arrivals)
{
    while (arrivals) {
        struct http_arrival *arrival = arrivals;

        arrivals = arrival->next;
        (void)close(arrival->fd);
        free(arrival);
    }
}

/* NULL: there is none, or nothing to hold it by; then it waits in the kernel's queue. */
static struct http_arrival *take_one(struct http_loop *loop)
{
    struct http_arrival *arrival = malloc(sizeof *arrival);
    bool none = false;

    if (arrival) {
        arrival->size = sizeof arrival->address;
        do
            arrival->fd = accept4(loop->server->listen_fd, (struct sockaddr *)&arrival->address,
                                  &arrival->size, SOCK_NONBLOCK | SOCK_CLOEXEC);
        while (arrival->fd < 0 && (errno == EINTR || errno == ECONNABORTED));
        if (arrival->fd >= 0)
            return arrival;
        none = errno == EAGAIN;
        free(arrival);
    }
    if (!none)
        loop->accept_from_ms = loop->now_ms + LATER_MS;
    return NULL;
}

void http_accept_take(struct http_loop *loop)
{
    struct http_server *server = loop->server;

    for (int i = 0; i < AT_ONCE; i++) {
        struct http_arrival *arrival;
        struct http_loop *to;

        if (atomic_load(&server->open) >= server->conf.max_connections)
            return;
        arrival = take_one(loop);
        if (!arrival)
            return;
        to = find_loop(loop);
        count(to, 1);
        if (to == loop) {
            adopt(loop, arrival);
        } else if (!hand_over(to, arrival)) {
            count(to, -1);
            count(loop, 1);
            adopt(loop, arrival);
        }
    }
}
