/* client.h - HTTP requests to other services, on libcurl.
 *
 * The multi interface inside an event loop: http_client_send returns at once and on_done is
 * called later on the same loop, so that a slow upstream never holds up another request. The
 * loop is a server's (http_loop_client) or its own (http_client_new + http_client_run), for
 * tools and for the blocking S3 calls (http_client_fetch).
 *
 * Connections are kept and reused. A client belongs to one thread. HTTP/1.1 over http and
 * https; certificates are checked against the system's store; redirects are answers like
 * others; http_proxy, https_proxy and no_proxy are honoured. */
#ifndef LIB_HTTP_CLIENT_H
#define LIB_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"

struct http_client;

struct http_client_request {
    const char *method;
    const char *url;            /* sent as it is: no path is squashed or encoded again */
    const char *const *headers; /* "Name: value" lines */
    size_t header_count;
    const void *body; /* borrowed until on_done; NULL: none */
    size_t body_size;
    int body_fd; /* > 0, in place of body: the first body_size bytes of this file, read as they
                    are sent, and again where it is tried again; borrowed until on_done */
    bool secret; /* nobody may keep the body: in a program with wiping_heap.h nothing of it is
                    left when on_done is called, nor on the stack when http_client_step returns
                  */
    int deadline_ms; /* for everything, retries included; 0: 10000; < 0: none, for an answer
                        that goes on: it fails once nothing came for 60 s */
    int connect_ms;  /* 0: 2000 */
    int retries; /* after connections that failed or broke, 502, 503, 504 and 429, with growing
                    jittered pauses (Retry-After is followed); only for what may be repeated */
    size_t max_body_bytes; /* of the answer; 0: 64 MiB. More is ERR_TOO_LARGE */
    bool want_head;        /* HEAD: no body is expected */
    /* Takes the body of a 2xx answer as it comes, in place of response.body; not tried again
     * once it was called. False ends the request: ERR_TIMEOUT "ended". NULL: none. */
    bool (*on_body)(void *ctx, const char *bytes, size_t size);
    void *on_body_ctx;
};

struct http_client_response {
    int status;      /* 0 where err says why there was no answer */
    struct buf body; /* taken over with buf_take, or freed after on_done */
    struct buf head; /* "name: value\n" lines of the last answer, names in lower case */
};

/* The value of a header of the answer (name in lower case), or NULL; copied into out, cut to
 * its size. */
const char *http_client_header(const struct http_client_response *response, const char *name,
                               char *out, size_t out_size);

typedef void http_client_done(void *ctx, struct http_client_response *response,
                              const struct err *err);

/* A client with a loop of its own. */
struct http_client *http_client_new(struct err *err);
void http_client_free(struct http_client *client); /* ends what is under way, with an error */
DEFINE_OWNED(http_client)

/* Starts a request; copies all but the body. on_done is called exactly once, also on failure.
 * Returns an id for http_client_cancel, > 0. */
int64_t http_client_send(struct http_client *client, const struct http_client_request *request,
                         http_client_done *on_done, void *ctx);

/* Ends it with ERR_TIMEOUT "cancelled", before it returns. Unknown ids are ignored. */
void http_client_cancel(struct http_client *client, int64_t id);

/* Runs until nothing is under way or timeout_ms (-1: no limit) passed. Returns how many are. */
int http_client_run(struct http_client *client, int timeout_ms);

/* Sends one and waits for it. ret_response is for the caller to end with
 * http_client_response_done. An answer of any status is a success here. */
int http_client_fetch(struct http_client *client, const struct http_client_request *request,
                      struct http_client_response *ret_response, struct err *err);
void http_client_response_done(struct http_client_response *response);

/* How many are under way. */
int http_client_active(const struct http_client *client);

/* For the owner of an event loop: wait for this descriptor to become readable, at most
 * http_client_timeout_ms (-1: no need to), then call http_client_step. */
int http_client_fd(const struct http_client *client);
int http_client_timeout_ms(const struct http_client *client);
void http_client_step(struct http_client *client);

#endif
