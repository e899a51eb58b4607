/* drawings.h - the generator's jobs that this gateway knows of, and who waits for them.
 *
 * A view on garden.generation.requests and garden.generation.events (drawings_follow.h fills
 * it), so that every gateway knows every job. Bounded: the newest GARDEN_GENERATION_JOBS, those
 * that ended forgotten first. Thread-safe. */
#ifndef GATEWAY_DRAWINGS_H
#define GATEWAY_DRAWINGS_H

#include "gateway/drawing.h"
#include "gateway/gateway.h"

struct drawings;

struct drawings *drawings_new(struct gateway *gateway, struct err *err);
void drawings_free(struct drawings *drawings);
DEFINE_OWNED(drawings)

/* -- a job is about to be asked for -- */

/* Which job that is there already is the same one. */
enum drawings_join {
    DRAWINGS_NEW,     /* none */
    DRAWINGS_SAME_ID, /* the one with this id; its dedupe id has to be equal, too */
    DRAWINGS_WINDOW,  /* the one with this dedupe id, unless it is over five minutes old */
    DRAWINGS_CONTENT, /* one with this dedupe id that goes on, or whose pictures nobody has had
                         yet */
};

/* Dedupe ids are compared whole, but for "text2image:<content>:<anything>": workers see that
 * these jobs differ, and those with the same content are the same one here. */
#define DRAWINGS_CONTENT_PREFIX "text2image:"

enum { DRAWING_ID = 129 };

/* Takes the job in, or finds the one that it is the same as: *ret_joined, and then ret_id is
 * that one's. bytes is the encoded request. unseen: somebody will come back for its pictures.
 * ERR_CONFLICT: the id was used for something else. */
struct drawings_offer {
    const void *bytes;
    size_t size;
    enum drawings_join join;
    bool unseen;
};
int drawings_offer(struct drawings *drawings, const struct drawings_offer *offer,
                   char ret_id[DRAWING_ID], bool *ret_joined, struct err *err);

/* It could not be asked for: who waits for it is told why. */
void drawings_withdraw(struct drawings *drawings, const char *id, const struct err *why);

/* -- what the topics tell -- */
int drawings_learn(struct drawings *drawings, const void *bytes, size_t size, struct err *err);
int drawings_apply(struct drawings *drawings, const void *bytes, size_t size, int64_t offset,
                   struct err *err);

/* Everything that was in the topics has been told; before that an unknown job is no 404. */
void drawings_set_whole(struct drawings *drawings);

/* -- who asks -- */

/* What a job's state is. ERR_NOT_FOUND. ERR_UNAVAILABLE: it is not known yet what jobs there
 * are. */
int drawings_state(struct drawings *drawings, const char *id, enum drawing_state *ret_state,
                   struct err *err);

struct drawings_wait;

/* Makes the answer about a job. in_time: it has ended. Called with the table's lock: must not
 * wait, nor call anything here. */
typedef void drawings_answer(struct gateway *gateway, const struct drawings_wait *wait,
                             const struct drawing *drawing, bool in_time, struct reply *reply);

struct drawings_wait {
    struct http_request *request;
    drawings_answer *answer;
    int wait_ms;         /* at most; 0: answered as things are */
    int64_t started_ms;  /* clock_mono_ms: when it was asked */
    bool fetches;        /* who waits gets the pictures: they are not unseen any more */
    bool joined;         /* it is the answer to a request that was there before */
    const char *applied; /* the preference that this is about (prefer.h), or NULL */
};

/* Makes the reply once the job has ended or the time is over; where that is not now, sees to it
 * that it is sent then, and sets reply->later. Errors as above. */
int drawings_await(struct drawings *drawings, const char *id, const struct drawings_wait *wait,
                   struct reply *reply, struct err *err);

/* Sends the job's events after this id to the stream (a reference of its own is taken), and
 * those to come, then ends it. *ret_over: it has ended, and there are none after this id; the
 * stream was not touched. Errors as above. */
int drawings_listen(struct drawings *drawings, const char *id, struct http_stream *stream,
                    int64_t after, bool *ret_over, struct err *err);

/* Appends the jobs of this state (-1: any) as JSON objects with commas, the newest first, after
 * the job (after_ms, after_id; "" starts) and at most limit. Returns how many; *ret_last_ms and
 * ret_last_id name the last. *ret_more: there are more. */
struct drawings_page {
    int state;
    int64_t after_ms;
    const char *after_id;
    size_t limit;
    const char *base;
};
size_t drawings_list(struct drawings *drawings, const struct drawings_page *page,
                     struct buf *out, int64_t *ret_last_ms, char ret_last_id[DRAWING_ID],
                     bool *ret_more);

/* Answers those whose time is over, and forgets listeners that left. Often. */
void drawings_tick(struct drawings *drawings);

/* The gateway stops: who waits is answered as things are, and nobody waits from here on. */
void drawings_close(struct drawings *drawings);

/* How many wait to be drawn, and how many are being drawn. */
void drawings_count(struct drawings *drawings, size_t *ret_waiting, size_t *ret_running);

#endif
