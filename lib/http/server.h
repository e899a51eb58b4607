/* server.h - an HTTP/1.1 server on a few event loops.
 *
 * Each loop is a thread with a libmicrohttpd daemon in external-epoll mode, an eventfd by which
 * other threads hand work to it, and an http_client (client.h) of its own. All loops accept
 * from one listening socket.
 *
 * A handler runs on the loop of its request and must not block. It answers by http_respond,
 * then or later, from any thread, exactly once. The request stays valid until it is answered.
 *
 * The server itself refuses: bodies over max_body_bytes (413), requests with conflicting or
 * malformed Content-Length or with Transfer-Encoding beside it (400), a request that is not
 * complete within header_ms / request_ms (408 or a closed connection), targets that do not
 * percent-decode (400), more connections than allowed. A handler that has not answered after
 * answer_ms is answered for with 503, and what it says later is dropped; until then all that it
 * reads of the request stays as it was. A client that shuts its sending side before a handler
 * answered may get no answer (as with nginx).
 *
 * An answer may also be written over time: stream.h. */
#ifndef LIB_HTTP_SERVER_H
#define LIB_HTTP_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/http/client.h"
#include "lib/trace/trace.h"

struct http_request;

typedef void http_handler(void *ctx, struct http_request *request);

/* Called first, as soon as the head is there; may set a body limit of its own for this request
 * by http_limit_body or answer at once (e.g. 401, 413) and spare the body. May be NULL. */
typedef void http_head_handler(void *ctx, struct http_request *request);

struct http_server_conf {
    const char *listen;         /* "127.0.0.1:8080", "[::1]:0"; port 0: any free one */
    int listen_fd;              /* > 0: a bound, listening socket to use instead; is owned */
    int loops;                  /* 0: one for each core, at most 4 */
    size_t max_body_bytes;      /* default 1 MiB */
    int max_connections;        /* default 8192 */
    int max_connections_per_ip; /* default 0: no limit */
    size_t head_bytes;          /* default 16384: memory that a connection has for the head of a
                                   request, for which a little more than half of it is left, and
                                   for what it sends */
    int header_ms;              /* default 10000: from connect or last answer to a whole head */
    int request_ms;             /* default 60000: from head to whole body */
    int answer_ms;              /* default 30000 */
    int idle_ms;                /* default 75000: keep-alive */
    int beat_ms;                /* default 15000: of a silent stream (stream.h) */
    http_head_handler *on_head;
    http_handler *on_request;
    /* For metrics; may be NULL. Of the request only its user is left where the answer was a
     * stream. status is 0 where the client left before there was an answer,
     * of which only a request with a user is told. */
    void (*on_answered)(void *ctx, const struct http_request *request, int status,
                        uint64_t body_bytes, int64_t took_ns);
    /* Shapes the answers that the server itself gives (400, 408, 413, 431, 503), text being one
     * line that says what is wrong and how to mend it. NULL, also as its result: text/plain.
     * The request may be read in part only: its path is "" then. Any loop. What libmicrohttpd
     * refuses before there is a request (a first line that is none, a head over 16 KiB) it
     * answers by itself, with a line of HTML. */
    struct http_response *(*on_error)(void *ctx, const struct http_request *request, int status,
                                      const char *text);
    void *ctx;
};

struct http_server;

/* Binds and starts the loops. */
struct http_server *http_server_start(const struct http_server_conf *conf, struct err *err);

/* The port that it listens on. */
int http_server_port(const struct http_server *server);

/* Stops accepting, lets answers under way finish for at most drain_ms, ends the loops. */
void http_server_stop(struct http_server *server, int drain_ms);
void http_server_free(struct http_server *server); /* stops first if that was not done */
DEFINE_OWNED(http_server)

/* A listening socket for conf.listen, for who wants to bind early or hand it to a child. */
int http_listen(const char *address, struct err *err);

/* The listening socket handed over by the environment (LISTEN_FDS and LISTEN_PID of
 * sd_listen_fds(3), first descriptor), or -1. */
int http_inherited_fd(void);

/* -- the request; all strings are borrowed and live until it is answered -- */
const char *http_method(const struct http_request *request); /* "GET" */
const char *http_path(const struct http_request *request); /* percent-decoded, UTF-8, no '\0' */
const char *http_raw_path(const struct http_request *request); /* as sent */
/* NULL: not there; "": there without a value. Decoded. The first of several. */
const char *http_query(const struct http_request *request, const char *name);
const char *http_header(const struct http_request *request, const char *name);
const void *http_body(const struct http_request *request, size_t *ret_size);
const char *
http_peer(const struct http_request *request);          /* the peer's address, without port */
struct trace *http_trace(struct http_request *request); /* from traceparent, else new */
struct http_client *http_loop_client(struct http_request *request); /* NULL: it has ended */
int64_t http_deadline_ms(const struct http_request *request); /* clock_mono_ms to answer by */
/* True where nobody waits for an answer any more: the client has closed the connection, or was
 * answered already because its time was over. For work that need not be begun then; any thread,
 * before the request is answered. */
bool http_is_gone(const struct http_request *request);
/* A place for the service's own word on the request (e.g. who asks); starts NULL. */
void http_set_user(struct http_request *request, void *user);
void *http_user(const struct http_request *request);

/* As sent, with the query. */
const char *http_target(const struct http_request *request);

/* In on_head only. */
void http_limit_body(struct http_request *request, size_t max_bytes);

/* In on_head only: the body is something that nobody may keep. It lies in memory of
 * lib/base/secret.h and is zeroed, with all that was read of it, before the answer goes out, or
 * when the client leaves. Where a request is refused before its body was read, that takes a
 * program with wiping_heap.h. */
void http_secret_body(struct http_request *request);

/* Zeroes and gives back the body already now; it is empty from here on. For who has the
 * request to answer. */
void http_wipe_body(struct http_request *request);

/* -- for handlers that answer later; the first two on the request's loop only -- */
/* on_gone is called on the loop, at most once and not after http_respond, when the answer is of
 * no use any more: the client left (seen within a second), or the server answered because it
 * took too long or the server stops. http_respond has to be called all the same. */
void http_on_gone(struct http_request *request, void (*on_gone)(void *ctx), void *ctx);

/* Answers 503 with Retry-After from then on (by up to a second later), in place of after
 * answer_ms. */
void http_answer_within(struct http_request *request, int ms);

/* Calls fn on the request's loop, soon, from any thread; one at a time. Where the loop has
 * ended fn is called by http_server_free, and http_loop_client is NULL then. */
void http_run_on_loop(struct http_request *request, void (*fn)(void *ctx), void *ctx);

/* -- the answer -- */
struct http_response;

/* A body that is copied / owned (free()d) / borrowed for ever / shared (release is called once
 * it is sent) / the rest of a file (fd is closed after; by
 * sendfile unless it is small). NULL: no memory. */
struct http_response *http_response_copy(int status, const char *content_type, const void *body,
                                         size_t size);
struct http_response *http_response_owned(int status, const char *content_type, char *body,
                                          size_t size);
struct http_response *http_response_static(int status, const char *content_type,
                                           const void *body, size_t size);
struct http_response *http_response_shared(int status, const char *content_type,
                                           const void *body, size_t size,
                                           void (*release)(void *ctx), void *ctx);
struct http_response *http_response_file(int status, const char *content_type, int fd,
                                         uint64_t offset, uint64_t size);
void http_response_header(struct http_response *response, const char *name, const char *value);

/* Answers; takes the response (NULL: a plain 500). The server adds Date, Content-Length,
 * traceparent, and leaves the body out for HEAD. Any thread. */
void http_respond(struct http_request *request, struct http_response *response);

/* http_response_copy of text/plain; charset=utf-8 and http_respond in one. */
void http_respond_text(struct http_request *request, int status, const char *text);

#endif
