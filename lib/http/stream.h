/* stream.h - an answer whose body is written over time, from any thread.
 *
 *   stream = http_stream_new(&conf, &err);            one reference, the writer's
 *   http_respond(request, http_response_stream(200, "text/event-stream", stream));
 *   http_stream_write(stream, chunk);                 now or later, as often as one likes
 *   http_stream_end(stream);                          after what was written
 *   http_stream_free(stream);                         gives the writer's reference back
 *
 * It takes no thread and, while it is silent, no memory but its connection's. A chunk is bytes
 * that any number of streams may be sending, counted by references: an event that goes to
 * thousands of screens is in memory once.
 *
 * No time limit for answers applies. A silent stream is kept alive by a text of its own
 * (struct http_server_conf's beat_ms). A client that does not read fast enough, so that more
 * than queue_bytes wait for it, is dropped: it can come back and ask for what it missed. A
 * server that stops ends its streams at once, for the same reason. */
#ifndef LIB_HTTP_STREAM_H
#define LIB_HTTP_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/http/server.h"

/* -- bytes shared by streams; constant once made -- */
struct http_chunk;

/* A copy of the bytes with one reference; NULL without memory. */
struct http_chunk *http_chunk_new(const void *bytes, size_t size);
struct http_chunk *http_chunk_ref(struct http_chunk *chunk);
void http_chunk_free(struct http_chunk *chunk); /* gives a reference back; NULL is fine */
DEFINE_OWNED(http_chunk)

/* -- the stream -- */
struct http_stream_conf {
    const char *beat; /* sent when nothing was for beat_ms; borrowed for ever; NULL: nothing */
    size_t queue_bytes; /* most that may wait for a slow client; 0: 256 KiB */
    /* Called once, when nothing written arrives any more: the client left or was dropped, or
     * the answer is complete. On any thread, possibly inside http_respond; must not wait.
     * May be NULL. */
    void (*on_left)(void *ctx);
    void *ctx;
};

struct http_stream;

struct http_stream *http_stream_new(const struct http_stream_conf *conf, struct err *err);
struct http_stream *http_stream_ref(struct http_stream *stream);
void http_stream_free(struct http_stream *stream); /* gives a reference back; NULL is fine */
DEFINE_OWNED(http_stream)

/* The response whose body the stream is: one response for each stream. Holds a reference of
 * its own. NULL: no memory; the stream has left then. */
struct http_response *http_response_stream(int status, const char *content_type,
                                           struct http_stream *stream);

/* Queues the chunk, of which it takes a reference of its own. Any thread, also before the
 * response was given to http_respond. ERR_NOT_FOUND: the client has left, or the stream was
 * ended. ERR_TOO_LARGE: the client is too slow; the stream is dropped. ERR_NOMEM. */
int http_stream_write(struct http_stream *stream, struct http_chunk *chunk, struct err *err);

/* Ends the answer once all that was written is sent. Any thread; again is fine. */
void http_stream_end(struct http_stream *stream);

/* True once nothing written arrives any more. */
bool http_stream_has_left(struct http_stream *stream);

#endif
