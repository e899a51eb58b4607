/* front.h - the HTTP that a service has for its operators: /healthz, /readyz, /metrics, and
 * what it adds itself. Bound to loopback unless told otherwise: it has no keys. */
#ifndef SERVICES_COMMON_FRONT_H
#define SERVICES_COMMON_FRONT_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/http/server.h"

struct front;

enum { FRONT_BODY_BYTES = 4096 }; /* largest body, unless head says otherwise */

/* What the service answers by. Called on the front's loops: none may block. */
struct front_service {
    /* Appends the JSON of /readyz; true: it is ready (200, else 503). */
    bool (*ready)(void *ctx, struct buf *out);
    /* Answers another path, or returns false where it has none such. NULL: none. */
    bool (*other)(void *ctx, struct http_request *request);
    /* The three of struct http_server_conf: the head of a request is there that is no GET nor
     * HEAD; one was answered; the shape of what the server itself refuses. NULL: none. */
    http_head_handler *head;
    void (*answered)(void *ctx, const struct http_request *request);
    struct http_response *(*refuse)(void *ctx, const struct http_request *request, int status,
                                    const char *text);
    const char *paths; /* all that there are, for who asks for another */
    int drain_ms;      /* for answers under way when the front is freed; 0: 200 */
    void *ctx;
};

/* Starts to answer. Until front_connect all but /healthz and /metrics says "starting" (503).
 * loops: 1, or as in struct http_server_conf for a service whose answers are its work; it is
 * then called on several threads at once. */
struct front *front_start(const char *listen, int loops, struct err *err);

/* The same for a service that many are connected to all the time. */
struct front_conf {
    const char *listen;
    int loops;
    int max_connections; /* 0: 256 */
    size_t head_bytes;   /* as in struct http_server_conf */
};
struct front *front_open(const struct front_conf *wanted, struct err *err);

int front_port(const struct front *front);

/* Borrowed until front_free. */
void front_connect(struct front *front, const struct front_service *service);

void front_free(struct front *front);
DEFINE_OWNED(front)

/* Answers with the buffer's bytes, which it takes. */
void front_respond(struct http_request *request, int status, const char *type,
                   struct buf *body);

#endif
