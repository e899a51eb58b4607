/* stream_local.h - streams, for the loop that sends them. All on the loop's thread. */
#ifndef LIB_HTTP_STREAM_LOCAL_H
#define LIB_HTTP_STREAM_LOCAL_H

#include <stdbool.h>

#include "lib/http/stream.h"

/* The answer goes out on this request's connection, until detached. */
void http_stream_attach(struct http_stream *stream, struct http_request *request);
void http_stream_detach(struct http_stream *stream);

/* From the mailbox: there is something to send. Gives the mailbox's reference back and returns
 * the next in the mailbox. */
struct http_stream *http_stream_deliver(struct http_stream *stream);
void http_stream_set_next(struct http_stream *stream, struct http_stream *next);

/* Ends it after what is queued, or at once. */
void http_stream_stop(struct http_stream *stream, bool hard);

/* Sends the text that keeps it alive. */
void http_stream_beat(struct http_stream *stream);

#endif
