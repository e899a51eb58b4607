/* loop.c - one event loop: a thread, a libmicrohttpd daemon and an http_client.
 *
 * The daemon runs without a thread of its own. Its internal loops stall when exactly 128 events
 * come at once, and lose the wake-up of a connection that another thread resumed; so the loop
 * waits by itself, on a set that holds the daemon's epoll set, calls MHD_run, and is the only
 * thread that ever resumes. Other threads put answers into its mailbox. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/http/loop_event.h"
#include "lib/http/server_local.h"
#include "lib/http/stream_local.h"

enum {
    EVENTS = 16,         /* a round; what is left comes in the next */
    FORCE_END_MS = 2000, /* after the drain: for connections to notice that they are shut */
    STOP_STEP_MS = 20,
};

static const enum http_event event_daemon = HTTP_EVENT_DAEMON;
static const enum http_event event_wake = HTTP_EVENT_WAKE;
static const enum http_event event_client = HTTP_EVENT_CLIENT;

static int watch(struct http_loop *loop, int fd, const enum http_event *what, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = (void *)what};

    if (epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return err_set_errno(err, "watch a descriptor");
    return 0;
}

/* Targets are decoded by head.c, which can tell when they cannot be. */
static size_t leave_as_it_is(void *ctx, struct MHD_Connection *mhd, char *text)
{
    (void)ctx;
    (void)mhd;
    return strlen(text);
}

/* It is given connections by accept.c, which also holds to the limit. */
static int start_daemon(struct http_loop *loop, struct err *err)
{
    loop->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, http_conn_admit,
        loop, http_exchange_on_request, loop, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned int)loop->server->conf.max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        loop->server->conf.head_bytes, MHD_OPTION_CONNECTION_TIMEOUT, 0U,
        MHD_OPTION_NOTIFY_CONNECTION, http_conn_notify, loop, MHD_OPTION_NOTIFY_COMPLETED,
        http_exchange_on_completed, loop, MHD_OPTION_URI_LOG_CALLBACK, http_exchange_on_target,
        loop, MHD_OPTION_UNESCAPE_CALLBACK, leave_as_it_is, NULL,
#if MHD_VERSION >= 0x00097701
        MHD_OPTION_CLIENT_DISCIPLINE_LVL, 1,
#endif
        MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, /* else no sendfile(2), which cannot mask it */
        MHD_OPTION_END);
    if (!loop->daemon)
        return err_set(err, ERR_IO,
                       "libmicrohttpd does not start; look for a limit on open "
                       "files (ulimit -n)");
    return 0;
}

static int build(struct http_loop *loop, struct err *err)
{
    const union MHD_DaemonInfo *info;

    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (loop->epoll_fd < 0 || loop->wake_fd < 0)
        return err_set_errno(err, "make an event loop");
    loop->client = http_client_new(err);
    if (!loop->client || start_daemon(loop, err) < 0)
        return err->code;
    info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (watch(loop, info->epoll_fd, &event_daemon, err) < 0 ||
        watch(loop, loop->wake_fd, &event_wake, err) < 0 ||
        watch(loop, http_client_fd(loop->client), &event_client, err) < 0)
        return err->code;
    http_accept_watch(loop, true);
    return loop->accepting ? 0 : err_set_errno(err, "watch the listening socket");
}

struct http_loop *http_loop_new(struct http_server *server, struct err *err)
{
    struct http_loop *loop = calloc(1, sizeof *loop);

    if (!loop) {
        (void)err_set_nomem(err, "an event loop");
        return NULL;
    }
    loop->server = server;
    loop->epoll_fd = loop->wake_fd = -1;
    loop->now_ms = clock_mono_ms();
    (void)pthread_mutex_init(&loop->lock, NULL);
    if (build(loop, err) < 0) {
        http_loop_free(loop);
        return NULL;
    }
    return loop;
}

/* An errand may end the request, or post the next one. */
static void take_mail(struct http_request *request)
{
    void (*errand)(void *ctx) = request->errand;

    request->errand = NULL;
    if (errand)
        errand(request->errand_ctx);
    else
        http_exchange_deliver(request);
}

void http_loop_free(struct http_loop *loop)
{
    if (!loop)
        return;
    if (loop->daemon)
        MHD_stop_daemon(loop->daemon);
    http_accept_drop(loop->arrivals);
    while (loop->mail) { /* errands: what was answered was delivered */
        struct http_request *request = loop->mail;

        loop->mail = request->next;
        take_mail(request);
    }
    while (loop->stream_mail)
        loop->stream_mail = http_stream_deliver(loop->stream_mail);
    http_client_free(loop->client);
    http_linger_sweep(loop, INT64_MAX);
    http_request_free_all(loop->spare);
    if (loop->epoll_fd >= 0)
        (void)close(loop->epoll_fd);
    if (loop->wake_fd >= 0)
        (void)close(loop->wake_fd);
    (void)pthread_mutex_destroy(&loop->lock);
    free(loop);
}

bool http_loop_is_mine(const struct http_loop *loop)
{
    return pthread_equal(loop->self, pthread_self());
}

/* The descriptor is written under the lock: the loop may be gone once it saw the mail. */
void http_loop_wake(struct http_loop *loop)
{
    const uint64_t one = 1;

    (void)!write(loop->wake_fd, &one, sizeof one);
}

void http_loop_post(struct http_loop *loop, struct http_request *request)
{
    bool was_empty;

    (void)pthread_mutex_lock(&loop->lock);
    was_empty = !loop->mail;
    request->next = loop->mail;
    loop->mail = request;
    if (was_empty)
        http_loop_wake(loop);
    (void)pthread_mutex_unlock(&loop->lock);
}

void http_loop_post_stream(struct http_loop *loop, struct http_stream *stream)
{
    bool was_empty;

    (void)pthread_mutex_lock(&loop->lock);
    was_empty = !loop->stream_mail;
    http_stream_set_next(stream, loop->stream_mail);
    loop->stream_mail = stream;
    if (was_empty)
        http_loop_wake(loop);
    (void)pthread_mutex_unlock(&loop->lock);
}

static void read_mail(struct http_loop *loop)
{
    struct http_arrival *arrivals;
    struct http_request *mail;
    struct http_stream *streams;
    uint64_t count;

    (void)!read(loop->wake_fd, &count, sizeof count);
    (void)pthread_mutex_lock(&loop->lock);
    arrivals = loop->arrivals;
    loop->arrivals = NULL;
    mail = loop->mail;
    loop->mail = NULL;
    streams = loop->stream_mail;
    loop->stream_mail = NULL;
    loop->stopping = loop->stop_asked;
    (void)pthread_mutex_unlock(&loop->lock);
    http_accept_adopt(loop, arrivals);
    while (mail) {
        struct http_request *request = mail;

        mail = mail->next;
        take_mail(request);
    }
    while (streams)
        streams = http_stream_deliver(streams);
}

/* How long to wait: until libmicrohttpd, the client or the next sweep. */
static int pause_ms(struct http_loop *loop)
{
    MHD_UNSIGNED_LONG_LONG mhd_ms;
    int client_ms = http_client_timeout_ms(loop->client);
    int64_t pause = -1;

    if (loop->conns || loop->lingers)
        pause = loop->next_sweep_ms > loop->now_ms ? loop->next_sweep_ms - loop->now_ms : 0;
    if (loop->accept_from_ms > loop->now_ms &&
        (pause < 0 || pause > loop->accept_from_ms - loop->now_ms))
        pause = loop->accept_from_ms - loop->now_ms;
    if (loop->draining && (pause < 0 || pause > STOP_STEP_MS))
        pause = STOP_STEP_MS;
    if (client_ms >= 0 && (pause < 0 || client_ms < pause))
        pause = client_ms;
    if (MHD_get_timeout(loop->daemon, &mhd_ms) == MHD_YES &&
        (pause < 0 || mhd_ms < (MHD_UNSIGNED_LONG_LONG)pause))
        pause = mhd_ms > STOP_STEP_MS ? STOP_STEP_MS : (int64_t)mhd_ms;
    return (int)pause;
}

static void on_event(struct http_loop *loop, void *ptr)
{
    switch (*(enum http_event *)ptr) {
    case HTTP_EVENT_DAEMON:
        break; /* every round runs it */
    case HTTP_EVENT_LISTEN:
        http_accept_take(loop);
        break;
    case HTTP_EVENT_WAKE:
        read_mail(loop);
        break;
    case HTTP_EVENT_CLIENT:
        http_client_step(loop->client);
        break;
    case HTTP_EVENT_LINGER:
        http_linger_read(loop, ptr);
        break;
    }
}

static void run_once(struct http_loop *loop)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(loop->epoll_fd, events, EVENTS, pause_ms(loop));

    loop->now_ms = clock_mono_ms();
    for (int i = 0; i < count; i++)
        on_event(loop, events[i].data.ptr);
    if (http_client_timeout_ms(loop->client) == 0)
        http_client_step(loop->client);
    (void)MHD_run(loop->daemon);
    if (loop->now_ms >= loop->next_sweep_ms)
        http_conn_sweep(loop);
    http_accept_update(loop);
}

/* Takes no new connection and ends those that have nothing under way. */
static void drain(struct http_loop *loop)
{
    loop->draining = true;
    http_accept_update(loop);
    loop->now_ms = clock_mono_ms();
    (void)MHD_run(loop->daemon); /* what has arrived already is answered */
    while (loop->conns && loop->now_ms < loop->drain_until_ms + FORCE_END_MS) {
        http_conn_close_idle(loop, loop->now_ms >= loop->drain_until_ms);
        run_once(loop);
    }
}

/* A suspended connection must not reach MHD_stop_daemon. Here its answer is on its way from
 * another thread; it cannot be long. */
static void await_suspended(struct http_loop *loop)
{
    bool any = true;

    while (any) {
        any = false;
        for (struct http_conn *conn = loop->conns; conn; conn = conn->next)
            any = any || (conn->request && conn->request->suspended);
        if (any) {
            http_conn_close_idle(loop, true);
            run_once(loop);
        }
    }
}

/* Writing to a connection that is gone is seen by the error; the signal is not wanted. */
static void block_sigpipe(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static void *loop_main(void *ctx)
{
    struct http_loop *loop = ctx;

    block_sigpipe();
    loop->self = pthread_self();
    while (!loop->stopping)
        run_once(loop);
    drain(loop);
    await_suspended(loop);
    (void)MHD_run(loop->daemon); /* lets go of what was resumed last */
    MHD_stop_daemon(loop->daemon);
    loop->daemon = NULL;
    http_client_free(loop->client); /* on its own thread: it calls back */
    loop->client = NULL;
    return NULL;
}

int http_loop_start(struct http_loop *loop, struct err *err)
{
    int rc = pthread_create(&loop->thread, NULL, loop_main, loop);

    if (rc) {
        errno = rc;
        return err_set_errno(err, "start an event loop's thread");
    }
    loop->started = true;
    return 0;
}

void http_loop_stop(struct http_loop *loop, int64_t drain_until_ms)
{
    (void)pthread_mutex_lock(&loop->lock);
    loop->stop_asked = true;
    loop->drain_until_ms = drain_until_ms;
    http_loop_wake(loop);
    (void)pthread_mutex_unlock(&loop->lock);
}

void http_loop_join(struct http_loop *loop)
{
    if (loop->started)
        (void)pthread_join(loop->thread, NULL);
    loop->started = false;
}
