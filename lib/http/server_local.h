/* server_local.h - what the files of the server share: a server has loops, a loop has
 * connections, a connection has at most one request at a time.
 *
 * All of a loop but its mailbox, and all of a connection, belong to the loop's thread. A
 * request lives until both sides are done with it: the connection, and whoever has to answer
 * it. Whoever sets taken first may answer; later answers are dropped. */
#ifndef LIB_HTTP_SERVER_LOCAL_H
#define LIB_HTTP_SERVER_LOCAL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/buf.h"
#include "lib/http/server.h"

enum {
    HTTP_MAX_HEADERS = 96,
    HTTP_MAX_QUERY = 64,
    HTTP_PEER_TEXT = 48,
    HTTP_POOL_BYTES = 16384, /* of a connection: the head of a request and what is being read */
};

struct http_peers;

struct http_server {
    struct http_server_conf conf; /* with the defaults in place of zeroes */
    int listen_fd;                /* -1 once stopped */
    int port;
    int loop_count;
    atomic_int open;          /* connections, over all loops */
    struct http_loop *loops;  /* a list */
    struct http_peers *peers; /* NULL: no limit for one address */
};

/* What a connection is doing, which says how long it may. */
enum http_phase {
    HTTP_FRESH,  /* connected, no whole head yet */
    HTTP_HEAD,   /* part of a head is there */
    HTTP_BODY,   /* the head is there, the body is not */
    HTTP_ANSWER, /* the handler has it */
    HTTP_SEND,   /* the answer is on its way */
    HTTP_STREAM, /* so is one that is written over time; since_ms: the last piece */
    HTTP_IDLE,   /* between two requests */
};

struct http_conn {
    struct http_conn *prev, *next; /* in the loop's list */
    struct MHD_Connection *mhd;
    struct http_request *request; /* NULL between requests */
    int fd;                       /* MHD's */
    enum http_phase phase;
    int64_t since_ms;  /* when the phase began, or last moved on */
    uint64_t activity; /* bytes both ways when a sweep last looked; 0: not looked yet */
    bool linger;       /* answered before the body was read: read on for a while at the end */
    char peer[HTTP_PEER_TEXT];
    unsigned char address[16]; /* for the count by address */
    unsigned int address_size;
};

struct http_linger;
struct http_arrival;

struct http_loop {
    struct http_loop *next;
    struct http_server *server;
    struct MHD_Daemon *daemon;
    struct http_client *client;
    int epoll_fd; /* the daemon's, the listening socket, wake_fd, the client's, lingering ones
                   */
    int wake_fd;
    pthread_t thread;
    atomic_int open; /* connections, those included that are in the mailbox */

    pthread_mutex_t lock; /* for the next five: the mailbox */
    struct http_arrival *arrivals;
    struct http_request *mail;
    struct http_stream *stream_mail;
    int64_t drain_until_ms;
    bool stop_asked;

    bool started;  /* the thread; the server's */
    bool stopping; /* from here on the loop's thread only */
    bool draining;
    bool accepting;         /* the listening socket is watched */
    int64_t accept_from_ms; /* not before */
    uint64_t told;          /* of connections that began, by libmicrohttpd */
    pthread_t self;         /* the thread, as it knows itself */
    struct http_conn *conns;
    struct http_request *spare; /* for reuse */
    struct http_linger *lingers;
    int spare_count, linger_count;
    int64_t now_ms; /* read once a round */
    int64_t next_sweep_ms;
};

struct http_pair {
    const char *name, *value;
};

enum http_stage {
    HTTP_STAGE_HEAD,    /* the head has not been looked at */
    HTTP_STAGE_BODY,    /* it was fine; the body, if any, is being read */
    HTTP_STAGE_DISCARD, /* it is answered already; the body is thrown away */
    HTTP_STAGE_ASKED,   /* the handler has been called */
    HTTP_STAGE_QUEUED,  /* libmicrohttpd has the answer */
};

struct http_request {
    atomic_int refs;
    atomic_bool taken; /* by who answers it */
    struct http_loop *loop;
    struct http_conn *conn; /* the loop's thread only */
    struct http_request *next;
    struct http_response *response; /* written by who took it, read by the loop */
    struct http_stream *stream;     /* that the answer is; the loop's thread only */
    bool ready;                     /* the loop's thread only: response may be sent */
    bool suspended;                 /* the loop's thread only */
    enum http_stage stage;

    const char *in_place; /* the target in libmicrohttpd's buffer; head.c only */
    struct buf text;      /* holds every string below */
    const char *target;   /* as sent, with the query */
    const char *method, *path, *raw_path;
    size_t header_count, query_count;
    struct http_pair *headers, *query; /* arrays of the most there can be, in one piece */
    uint64_t content_length;           /* as declared */
    bool has_body, chunked, expects_continue, is_head;

    struct buf body;
    size_t body_limit;
    bool secret;        /* the body lies in secret_bytes */
    char *secret_bytes; /* secret_room + 1 of secret_alloc; NULL: none yet */
    size_t secret_size, secret_room;
    char peer[HTTP_PEER_TEXT];
    struct trace trace;
    void *user;
    int fd; /* its connection's, once the handler has it: only to ask whether that is open */
    int64_t deadline_ms;
    int64_t started_ns;
    void (*on_gone)(void *ctx); /* the loop's thread only; NULL: nobody wants to know */
    void *gone_ctx;
    void (*errand)(void *ctx); /* in the mailbox in place of an answer */
    void *errand_ctx;
    int status; /* once answered */
    uint64_t sent_bytes;
};

struct http_response {
    int status;
    struct MHD_Response *mhd;
    const void *body; /* NULL for a file */
    uint64_t size;
    struct http_stream *stream; /* NULL but for one that is written over time */
};

/* -- exchange.c: libmicrohttpd's callbacks, and the way of an answer -- */
void *http_exchange_on_target(void *ctx, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result http_exchange_on_request(void *ctx, struct MHD_Connection *mhd, const char *url,
                                         const char *method, const char *version,
                                         const char *upload, size_t *upload_size,
                                         void **context);
void http_exchange_on_completed(void *ctx, struct MHD_Connection *mhd, void **context,
                                enum MHD_RequestTerminationCode code);
/* Answers for a handler that has not, unless it just did. Whether it was in time. */
bool http_exchange_give_up(struct http_request *request, const char *why);
/* Takes an answer from the mailbox. */
void http_exchange_deliver(struct http_request *request);
/* The client has left: ends the request, unless it was just answered. */
void http_exchange_abandon(struct http_request *request);
/* Tells whoever wanted to know that the answer is not needed any more. */
void http_request_gone(struct http_request *request);

/* -- body.c -- */
/* False: no memory. */
bool http_body_append(struct http_request *request, const char *bytes, size_t size);

/* -- request.c -- */
struct http_request *http_request_take(struct http_loop *loop, struct http_conn *conn);
void http_request_unref(struct http_request *request);
/* Gives the memory back of all that was read of it. */
void http_request_forget(struct http_request *request);
void http_request_recycle(struct http_request *request); /* unref on the loop's thread */
void http_request_free_all(struct http_request *list);

/* -- head.c: 0, or the status to refuse with after writing a line of why -- */
int http_head_read(struct http_request *request, struct MHD_Connection *mhd, const char *method,
                   const char *version, struct err *err);

/* -- layout.c: whether the header lines lie in memory as they would without a line folded over
 * two or a NUL inside, which old versions of libmicrohttpd let through -- */
struct http_layout {
    const char *end; /* of what was looked at so far; NULL: broken */
};
void http_layout_start(struct http_layout *layout, const char *method, const char *target,
                       size_t target_size, const char *version);
void http_layout_add(struct http_layout *layout, const char *name, size_t name_size,
                     const char *value, size_t value_size);
bool http_layout_ok(const struct http_layout *layout, const char *method, size_t head_size);

/* -- response.c -- */
/* A response without bytes of ours; takes mhd. NULL, also for mhd NULL. */
struct http_response *http_response_wrap(int status, const char *content_type,
                                         struct MHD_Response *mhd);
void http_response_free(struct http_response *response);
/* What the server itself says; NULL only without memory. */
struct http_response *http_response_error(const struct http_request *request, int status,
                                          const char *text);

/* -- connection.c: connections and their time limits -- */
/* Whether an address may have one more. */
enum MHD_Result http_conn_admit(void *ctx, const struct sockaddr *address, socklen_t size);
void http_conn_notify(void *ctx, struct MHD_Connection *mhd, void **socket_context,
                      enum MHD_ConnectionNotificationCode code);
void http_conn_phase(struct http_conn *conn, struct http_loop *loop, enum http_phase phase);
/* Ends what has used up its time. */
void http_conn_sweep(struct http_loop *loop);
/* For the end of the loop: closes what waits for a request; all of it where hard. */
void http_conn_close_idle(struct http_loop *loop, bool hard);

/* -- accept.c: connections that come, and which loop's they are -- */
void http_accept_take(struct http_loop *loop);
void http_accept_adopt(struct http_loop *loop, struct http_arrival *arrivals);
void http_accept_drop(struct http_arrival *arrivals);
void http_accept_closed(struct http_loop *loop);
void http_accept_watch(struct http_loop *loop, bool on);
void http_accept_update(struct http_loop *loop);

/* -- refuse.c: an answer in the middle of an upload, past libmicrohttpd -- */
void http_refuse_raw(struct http_conn *conn, int status, const char *text);

/* -- linger.c -- */
void http_linger_start(struct http_loop *loop, int fd);
void http_linger_read(struct http_loop *loop, struct http_linger *linger);
void http_linger_sweep(struct http_loop *loop, int64_t now_ms); /* INT64_MAX ends all */

/* -- loop.c -- */
struct http_loop *http_loop_new(struct http_server *server, struct err *err);
int http_loop_start(struct http_loop *loop, struct err *err);
void http_loop_stop(struct http_loop *loop, int64_t drain_until_ms);
void http_loop_join(struct http_loop *loop);
void http_loop_free(struct http_loop *loop);
void http_loop_post(struct http_loop *loop, struct http_request *request);
void http_loop_post_stream(struct http_loop *loop, struct http_stream *stream);
void http_loop_wake(struct http_loop *loop); /* with its lock held */
bool http_loop_is_mine(const struct http_loop *loop);

/* -- peers.c: how many connections an address has, over all loops -- */
struct http_peers *http_peers_new(int limit);
void http_peers_free(struct http_peers *peers);
bool http_peers_allows(struct http_peers *peers, const void *address, size_t size);
void http_peers_add(struct http_peers *peers, const void *address, size_t size);
void http_peers_remove(struct http_peers *peers, const void *address, size_t size);

#endif
