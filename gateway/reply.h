/* reply.h - an answer while it is being made.
 *
 * Handlers fill a reply, on whatever thread they run; reply_send turns it into the server's
 * response. So an answer can also be looked at (to be stored under its Idempotency-Key) before
 * it goes out. */
#ifndef GATEWAY_REPLY_H
#define GATEWAY_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gateway/blob.h"
#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/http/server.h"
#include "lib/http/stream.h"
#include "services/common/problem.h"

enum { REPLY_HEADERS = 12 };

struct reply {
    int status;        /* 0: not answered yet */
    const char *type;  /* borrowed for ever; NULL: no body */
    struct buf body;   /* owned; or else one of: */
    struct blob *blob; /* owned reference; from offset on, count bytes */
    int fd;            /* owned where > 0; from offset on, count bytes */
    uint64_t offset, count;
    struct http_stream *stream; /* owned reference: the body is written over time */
    bool later;                 /* somebody else answers the request: do nothing more */
    size_t header_count;
    struct {
        const char *name; /* borrowed for ever */
        size_t at;        /* of the value in header_text */
    } headers[REPLY_HEADERS];
    struct buf header_text;
};

/* Ends what the reply owns; it is zeroed after. */
void reply_done(struct reply *reply);

/* value is copied. What does not fit makes the answer a 500. */
void reply_header(struct reply *reply, const char *name, const char *value);

void reply_text(struct reply *reply, int status, const char *text);

/* The same content type as a constant, which reply.type has to be; an unknown one becomes
 * application/octet-stream. */
const char *reply_type(const char *type, size_t size);

/* Takes body over. */
void reply_json(struct reply *reply, int status, struct buf *body);

/* An error as the path wants it: problem+json (RFC 9457) under /v1, else one line of text. */
void reply_problem(struct reply *reply, struct http_request *request, int status,
                   const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The same for a failure: its code chooses the status; 503 comes with Retry-After. */
void reply_error(struct reply *reply, struct http_request *request, const struct err *err);

/* For struct http_server_conf's on_error: what the server itself refuses is told in the same
 * way. */
struct http_response *reply_on_error(void *ctx, const struct http_request *request, int status,
                                     const char *text);

/* Answers, and ends the reply. A reply without a status becomes a 500. */
void reply_send(struct reply *reply, struct http_request *request);

#endif
