/* stream.c - see stream.h: a queue of chunks between writers and libmicrohttpd.
 *
 * libmicrohttpd asks for bytes on the loop's thread. Where there are none its connection is
 * suspended, and a writer puts the stream into the loop's mailbox, which resumes it: the loop's
 * own eventfd is the only wake-up. The lock is held for a few instructions only and before that
 * of the mailbox.
 *
 * What is on the loop's thread only: request. What the lock guards: the rest. */
#include "lib/http/stream.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "lib/http/server_local.h"
#include "lib/http/stream_local.h"

enum {
    QUEUE_BYTES = 256 * 1024,
    BLOCK_BYTES = 512, /* libmicrohttpd's own buffer, which HTTP/1.0 clients are served from */
};

struct http_chunk {
    atomic_uint refs;
    size_t size;
    char data[];
};

/* A chunk in one stream's queue. */
struct link {
    struct link *next;
    struct http_chunk *chunk;
};

struct http_stream {
    atomic_uint refs;
    struct http_stream_conf conf;
    struct http_request *request; /* while the answer is under way */
    struct http_stream *next;     /* in the mailbox */

    pthread_mutex_t lock;
    struct http_loop *loop; /* NULL before the answer is under way, and after */
    struct link *first, **last;
    size_t offset; /* of the first chunk, how much is sent */
    size_t queued_bytes;
    bool posted; /* in the mailbox, which has a reference then */
    bool ended;  /* nothing more is written */
    bool broken; /* the rest is not sent */
    bool left;
};

/* -- chunks -- */

struct http_chunk *http_chunk_new(const void *bytes, size_t size)
{
    struct http_chunk *chunk = malloc(sizeof *chunk + size);

    if (!chunk)
        return NULL;
    atomic_init(&chunk->refs, 1);
    chunk->size = size;
    if (size)
        memcpy(chunk->data, bytes, size);
    return chunk;
}

struct http_chunk *http_chunk_ref(struct http_chunk *chunk)
{
    (void)atomic_fetch_add_explicit(&chunk->refs, 1, memory_order_relaxed);
    return chunk;
}

void http_chunk_free(struct http_chunk *chunk)
{
    if (chunk && atomic_fetch_sub_explicit(&chunk->refs, 1, memory_order_acq_rel) == 1)
        free(chunk);
}

/* -- the queue; all with the lock -- */

static bool push(struct http_stream *stream, struct http_chunk *chunk)
{
    struct link *link = malloc(sizeof *link);

    if (!link)
        return false;
    *link = (struct link){NULL, http_chunk_ref(chunk)};
    *stream->last = link;
    stream->last = &link->next;
    stream->queued_bytes += chunk->size;
    return true;
}

static void pop(struct http_stream *stream)
{
    struct link *link = stream->first;

    stream->first = link->next;
    if (!stream->first)
        stream->last = &stream->first;
    stream->queued_bytes -= link->chunk->size;
    stream->offset = 0;
    http_chunk_free(link->chunk);
    free(link);
}

static size_t take_bytes(struct http_stream *stream, char *out, size_t most)
{
    size_t done = 0;

    while (stream->first && done < most) {
        const struct http_chunk *chunk = stream->first->chunk;
        size_t left = chunk->size - stream->offset,
               part = left < most - done ? left : most - done;

        memcpy(out + done, chunk->data + stream->offset, part);
        done += part;
        stream->offset += part;
        if (part == left)
            pop(stream);
    }
    return done;
}

/* Makes the loop look at it. */
static void post(struct http_stream *stream)
{
    if (!stream->loop || stream->posted)
        return;
    stream->posted = true;
    (void)http_stream_ref(stream);
    http_loop_post_stream(stream->loop, stream);
}

/* -- life -- */

struct http_stream *http_stream_new(const struct http_stream_conf *conf, struct err *err)
{
    struct http_stream *stream = calloc(1, sizeof *stream);

    if (!stream) {
        (void)err_set_nomem(err, "a stream");
        return NULL;
    }
    atomic_init(&stream->refs, 1);
    stream->conf = *conf;
    if (stream->conf.queue_bytes == 0)
        stream->conf.queue_bytes = QUEUE_BYTES;
    stream->last = &stream->first;
    (void)pthread_mutex_init(&stream->lock, NULL);
    return stream;
}

struct http_stream *http_stream_ref(struct http_stream *stream)
{
    (void)atomic_fetch_add_explicit(&stream->refs, 1, memory_order_relaxed);
    return stream;
}

void http_stream_free(struct http_stream *stream)
{
    if (!stream || atomic_fetch_sub_explicit(&stream->refs, 1, memory_order_acq_rel) != 1)
        return;
    while (stream->first)
        pop(stream);
    (void)pthread_mutex_destroy(&stream->lock);
    free(stream);
}

/* Nothing written arrives from here on. */
static void leave(struct http_stream *stream)
{
    bool first;

    (void)pthread_mutex_lock(&stream->lock);
    first = !stream->left;
    stream->left = true;
    stream->loop = NULL;
    while (stream->first)
        pop(stream);
    (void)pthread_mutex_unlock(&stream->lock);
    if (first && stream->conf.on_left)
        stream->conf.on_left(stream->conf.ctx);
}

/* -- for writers -- */

int http_stream_write(struct http_stream *stream, struct http_chunk *chunk, struct err *err)
{
    (void)pthread_mutex_lock(&stream->lock);
    if (stream->left || stream->ended || stream->broken) {
        (void)err_set(err, ERR_NOT_FOUND, "the client has left");
    } else if (stream->queued_bytes + chunk->size > stream->conf.queue_bytes) {
        stream->broken = true;
        post(stream);
        (void)err_set(err, ERR_TOO_LARGE, "the client reads too slowly: %zu bytes wait for it",
                      stream->queued_bytes);
    } else if (chunk->size > 0 && !push(stream, chunk)) {
        (void)err_set_nomem(err, "a stream's queue");
    } else {
        post(stream);
    }
    (void)pthread_mutex_unlock(&stream->lock);
    return err->code;
}

void http_stream_end(struct http_stream *stream)
{
    (void)pthread_mutex_lock(&stream->lock);
    stream->ended = true;
    post(stream);
    (void)pthread_mutex_unlock(&stream->lock);
}

bool http_stream_has_left(struct http_stream *stream)
{
    bool left;

    (void)pthread_mutex_lock(&stream->lock);
    left = stream->left || stream->broken;
    (void)pthread_mutex_unlock(&stream->lock);
    return left;
}

/* -- between libmicrohttpd and the queue, on the loop's thread -- */

/* MHD_ContentReaderCallback */
static ssize_t read_queue(void *ctx, uint64_t at, char *out, size_t most)
{
    struct http_stream *stream = ctx;
    struct http_request *request = stream->request;
    ssize_t result = MHD_CONTENT_READER_END_OF_STREAM;
    size_t size = 0;

    (void)at;
    (void)pthread_mutex_lock(&stream->lock);
    if (!stream->broken)
        size = take_bytes(stream, out, most);
    if (stream->broken)
        result = MHD_CONTENT_READER_END_WITH_ERROR;
    else if (size > 0)
        result = (ssize_t)size;
    else if (!stream->ended)
        result = 0;
    (void)pthread_mutex_unlock(&stream->lock);
    if (!request)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    request->sent_bytes += size;
    if (size > 0)
        http_conn_phase(request->conn, request->loop, HTTP_STREAM);
    if (result == 0 && !request->suspended) {
        request->suspended = true;
        MHD_suspend_connection(request->conn->mhd);
    }
    return result;
}

/* MHD_ContentReaderFreeCallback */
static void drop_response(void *ctx)
{
    leave(ctx);
    http_stream_free(ctx);
}

struct http_response *http_response_stream(int status, const char *content_type,
                                           struct http_stream *stream)
{
    struct MHD_Response *mhd = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, BLOCK_BYTES, read_queue, http_stream_ref(stream), drop_response);
    struct http_response *response;

    if (!mhd)
        drop_response(stream);
    response = http_response_wrap(status, content_type, mhd);
    if (response)
        response->stream = stream;
    return response;
}

void http_stream_attach(struct http_stream *stream, struct http_request *request)
{
    stream->request = request;
    request->stream = stream;
    (void)pthread_mutex_lock(&stream->lock);
    stream->loop = request->loop;
    (void)pthread_mutex_unlock(&stream->lock);
}

void http_stream_detach(struct http_stream *stream)
{
    stream->request = NULL;
    leave(stream);
}

static void resume(struct http_request *request)
{
    if (!request || !request->suspended)
        return;
    request->suspended = false;
    http_conn_phase(request->conn, request->loop, HTTP_STREAM);
    MHD_resume_connection(request->conn->mhd);
}

/* libmicrohttpd may be waiting until the client reads on, so the socket is shut. */
static void cut(struct http_request *request)
{
    if (request)
        (void)shutdown(request->conn->fd, SHUT_RDWR);
    resume(request);
}

struct http_stream *http_stream_deliver(struct http_stream *stream)
{
    struct http_stream *next = stream->next;
    bool broken;

    (void)pthread_mutex_lock(&stream->lock);
    stream->posted = false;
    broken = stream->broken;
    (void)pthread_mutex_unlock(&stream->lock);
    if (broken)
        cut(stream->request);
    else
        resume(stream->request);
    http_stream_free(stream);
    return next;
}

void http_stream_set_next(struct http_stream *stream, struct http_stream *next)
{
    stream->next = next;
}

void http_stream_stop(struct http_stream *stream, bool hard)
{
    (void)pthread_mutex_lock(&stream->lock);
    stream->ended = true;
    stream->broken = stream->broken || hard;
    (void)pthread_mutex_unlock(&stream->lock);
    if (hard)
        cut(stream->request);
    else
        resume(stream->request);
}

void http_stream_beat(struct http_stream *stream)
{
    struct http_chunk *chunk =
        stream->conf.beat ? http_chunk_new(stream->conf.beat, strlen(stream->conf.beat)) : NULL;
    struct err ignored = {0};

    if (chunk)
        (void)http_stream_write(stream, chunk, &ignored);
    http_chunk_free(chunk);
}
