/* sse.h - server-sent events (the text/event-stream of the HTML standard): written on a
 * stream.h, read by a program that follows one. */
#ifndef LIB_HTTP_SSE_H
#define LIB_HTTP_SSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/http/server.h"

#define SSE_TYPE "text/event-stream"
#define SSE_BEAT ":\n\n" /* a comment: keeps the connection, and is no event */

/* Appends an event. id and event have no line end and may be NULL; data may have several lines,
 * each of which becomes one of the event's. */
void sse_write(struct buf *out, const char *id, const char *event, const char *data,
               size_t size);

/* Appends how long a client waits before it comes back after a break. */
void sse_write_retry(struct buf *out, int retry_ms);

/* The number in the Last-Event-ID header, with which a client that comes back says what it has;
 * or of the query parameter last_event_id, for those who cannot set headers. False: it has
 * none, or no number from 0 to 2^63-1. */
bool sse_last_id(const struct http_request *request, int64_t *ret_id);

/* -- reading -- */
struct sse_event {
    const char *id;   /* the last that was sent, "" before the first */
    const char *type; /* "message" where the event names none */
    const char *data; /* its lines, a line feed between two */
    size_t size;
};

typedef int sse_on_event(void *ctx, const struct sse_event *event, struct err *err);

struct sse_reader {
    struct buf line, data, type, id;
    bool after_cr; /* a line feed that comes now ends no line of its own */
    bool started;
    size_t max_bytes; /* of an event; 0: 1 MiB */
};

/* Takes bytes as they come, cut anywhere, and calls fn for each event that is complete with
 * them, borrowed for the call. Stops with what fn returns where that is < 0. ERR_TOO_LARGE. A
 * zeroed reader is a fresh one. */
int sse_read(struct sse_reader *reader, const char *bytes, size_t size, sse_on_event *fn,
             void *ctx, struct err *err);
void sse_reader_done(struct sse_reader *reader);

#endif
