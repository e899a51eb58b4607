/* connection.c - connections and how long they may take.
 *
 * libmicrohttpd knows only a time of silence, which a byte now and then keeps alive. Here every
 * phase of a connection has a limit of its own, and a sweep over all of them ends what has used
 * it up: by an answer where one can still be given, then by shutting the socket, which
 * libmicrohttpd takes for the client's doing. */
#include <arpa/inet.h>
#include <linux/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/http/server_local.h"
#include "lib/http/stream_local.h"

enum {
    SWEEPS = 8, /* in the shortest limit: how late a limit may be seen */
    SWEEP_LEAST_MS = 1,
    SWEEP_MOST_MS = 1000,
    CLOSED = 7,     /* the kernel's number for a connection that was reset */
    CLOSE_WAIT = 8, /* and for "the other side has closed" */
};

static const void *address_bytes(const struct sockaddr *address, unsigned int *ret_size)
{
    if (address->sa_family == AF_INET) {
        *ret_size = sizeof(struct in_addr);
        return &((const struct sockaddr_in *)(const void *)address)->sin_addr;
    }
    if (address->sa_family == AF_INET6) {
        const struct in6_addr *six =
            &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;

        *ret_size = IN6_IS_ADDR_V4MAPPED(six) ? 4 : 16;
        return six->s6_addr + (16 - *ret_size);
    }
    *ret_size = 0;
    return NULL;
}

enum MHD_Result http_conn_admit(void *ctx, const struct sockaddr *address, socklen_t size)
{
    struct http_loop *loop = ctx;
    unsigned int bytes_size;
    const void *bytes;

    (void)size;
    if (!loop->server->peers)
        return MHD_YES;
    bytes = address_bytes(address, &bytes_size);
    return !bytes || http_peers_allows(loop->server->peers, bytes, bytes_size) ? MHD_YES
                                                                               : MHD_NO;
}

static void set_peer(struct http_conn *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn->mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const void *bytes = info && info->client_addr
                            ? address_bytes(info->client_addr, &conn->address_size)
                            : NULL;

    if (!bytes)
        return;
    memcpy(conn->address, bytes, conn->address_size);
    (void)inet_ntop(conn->address_size == 4 ? AF_INET : AF_INET6, bytes, conn->peer,
                    sizeof conn->peer);
}

static struct http_conn *conn_open(struct http_loop *loop, struct MHD_Connection *mhd)
{
    struct http_conn *conn = calloc(1, sizeof *conn);

    if (!conn)
        return NULL; /* its requests are refused by http_exchange_on_target */
    conn->mhd = mhd;
    conn->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    conn->since_ms = loop->now_ms;
    set_peer(conn);
    conn->next = loop->conns;
    if (loop->conns)
        loop->conns->prev = conn;
    loop->conns = conn;
    if (loop->server->peers && conn->address_size)
        http_peers_add(loop->server->peers, conn->address, conn->address_size);
    return conn;
}

static void conn_close(struct http_loop *loop, struct http_conn *conn)
{
    if (conn->linger && !loop->stopping)
        http_linger_start(loop, conn->fd);
    if (loop->server->peers && conn->address_size)
        http_peers_remove(loop->server->peers, conn->address, conn->address_size);
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        loop->conns = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    free(conn);
}

void http_conn_notify(void *ctx, struct MHD_Connection *mhd, void **socket_context,
                      enum MHD_ConnectionNotificationCode code)
{
    struct http_loop *loop = ctx;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        loop->told++;
        *socket_context = conn_open(loop, mhd);
        return;
    }
    http_accept_closed(loop);
    if (*socket_context)
        conn_close(loop, *socket_context);
    *socket_context = NULL;
}

void http_conn_phase(struct http_conn *conn, struct http_loop *loop, enum http_phase phase)
{
    conn->phase = phase;
    conn->since_ms = loop->now_ms;
    conn->activity = 0;
}

static bool has_closed(const struct http_conn *conn, struct tcp_info *ret_info)
{
    socklen_t size = sizeof *ret_info;

    *ret_info = (struct tcp_info){0};
    (void)getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, ret_info, &size);
    return ret_info->tcpi_state == CLOSE_WAIT || ret_info->tcpi_state == CLOSED;
}

/* Whether something went over the connection since the last look, either way. ret_closed:
 * nothing did, and the client has said that it sends no more. */
static bool moved(struct http_conn *conn, bool *ret_closed)
{
    struct tcp_info info;
    uint64_t before = conn->activity;
    bool closed = has_closed(conn, &info);

    conn->activity = info.tcpi_bytes_received + info.tcpi_bytes_acked + 1;
    *ret_closed = before == conn->activity && closed;
    return before != 0 && before != conn->activity;
}

static void conn_end(const struct http_conn *conn)
{
    (void)shutdown(conn->fd, SHUT_RDWR);
}

static void time_out(struct http_conn *conn, const char *text)
{
    if (conn->request)
        (void)atomic_exchange(&conn->request->taken, true);
    http_refuse_raw(conn, 408, text);
    conn_end(conn);
}

/* Bytes are still to come. libmicrohttpd misses an end of the stream that came together with
 * the bytes before it. */
static void check_reading(struct http_conn *conn, bool too_old, const char *text)
{
    bool closed;

    if (too_old)
        time_out(conn, text);
    else if (!moved(conn, &closed) && closed)
        conn_end(conn);
}

/* A first byte says that a head has begun, without telling libmicrohttpd or us. */
static void check_idle(struct http_loop *loop, struct http_conn *conn, int64_t age_ms)
{
    bool closed;

    if (moved(conn, &closed))
        http_conn_phase(conn, loop, HTTP_HEAD);
    else if (closed || age_ms >= loop->server->conf.idle_ms)
        conn_end(conn);
}

static void check_sending(struct http_loop *loop, struct http_conn *conn, int64_t age_ms)
{
    bool closed;

    if (moved(conn, &closed))
        conn->since_ms = loop->now_ms;
    else if (age_ms >= loop->server->conf.idle_ms)
        conn_end(conn);
}

/* libmicrohttpd does not look at a suspended connection, so whether the client is there still
 * is looked at here. */
static void check_stream(struct http_loop *loop, struct http_conn *conn, int64_t age_ms)
{
    struct http_request *request = conn->request;
    bool closed, has_moved = moved(conn, &closed);

    if (closed || (!request->suspended && !has_moved && age_ms >= loop->server->conf.idle_ms))
        http_stream_stop(request->stream, true);
    else if (!request->suspended && has_moved)
        conn->since_ms = loop->now_ms;
    else if (request->suspended && age_ms >= loop->server->conf.beat_ms)
        http_stream_beat(request->stream);
}

/* Whether the client is there still matters to those only who would stop their work. The whole
 * request has come, so what closed the connection is no end of a body. */
static void check_answering(struct http_loop *loop, struct http_conn *conn)
{
    struct http_request *request = conn->request;
    struct tcp_info info;

    if (!request->suspended)
        return;
    if (loop->now_ms >= request->deadline_ms)
        (void)http_exchange_give_up(request, "the answer took too long; try again later");
    else if (request->on_gone && has_closed(conn, &info))
        http_exchange_abandon(request);
}

static void check(struct http_loop *loop, struct http_conn *conn)
{
    const struct http_server_conf *conf = &loop->server->conf;
    int64_t age_ms = loop->now_ms - conn->since_ms;

    switch (conn->phase) {
    case HTTP_FRESH:
    case HTTP_HEAD:
        check_reading(conn, age_ms >= conf->header_ms,
                      "the head of the request took too long; send it in one go");
        break;
    case HTTP_BODY:
        check_reading(conn, age_ms >= conf->request_ms,
                      "the body of the request took too long; send it faster");
        break;
    case HTTP_ANSWER:
        check_answering(loop, conn);
        break;
    case HTTP_SEND:
        check_sending(loop, conn, age_ms);
        break;
    case HTTP_STREAM:
        check_stream(loop, conn, age_ms);
        break;
    case HTTP_IDLE:
        check_idle(loop, conn, age_ms);
        break;
    }
}

static int sweep_pause_ms(const struct http_server_conf *conf)
{
    int least = conf->header_ms;

    if (conf->request_ms < least)
        least = conf->request_ms;
    if (conf->answer_ms < least)
        least = conf->answer_ms;
    if (conf->idle_ms < least)
        least = conf->idle_ms;
    if (conf->beat_ms < least)
        least = conf->beat_ms;
    least /= SWEEPS;
    if (least < SWEEP_LEAST_MS)
        return SWEEP_LEAST_MS;
    return least > SWEEP_MOST_MS ? SWEEP_MOST_MS : least;
}

void http_conn_sweep(struct http_loop *loop)
{
    for (struct http_conn *conn = loop->conns; conn; conn = conn->next)
        check(loop, conn);
    http_linger_sweep(loop, loop->now_ms);
    loop->next_sweep_ms = loop->now_ms + sweep_pause_ms(&loop->server->conf);
}

void http_conn_close_idle(struct http_loop *loop, bool hard)
{
    for (struct http_conn *conn = loop->conns; conn; conn = conn->next) {
        bool idle = conn->phase == HTTP_FRESH || conn->phase == HTTP_IDLE;

        if (hard && conn->phase == HTTP_ANSWER && conn->request->suspended)
            (void)http_exchange_give_up(conn->request, "the server stops; try again later");
        else if (conn->phase == HTTP_STREAM)
            http_stream_stop(conn->request->stream, hard);
        else if (idle || (hard && conn->phase != HTTP_ANSWER))
            conn_end(conn);
    }
}
