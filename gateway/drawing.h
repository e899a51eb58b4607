/* drawing.h - one job of the generator, as far as the topics have told of it.
 *
 * What was asked for comes from garden.generation.requests, what became of it from
 * garden.generation.events, in any order of the two. Not thread-safe: see drawings.h. */
#ifndef GATEWAY_DRAWING_H
#define GATEWAY_DRAWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/http/stream.h"
#include "proto/generation_event.h"
#include "proto/generation_request.h"

enum drawing_state {
    DRAWING_WAITING,
    DRAWING_RUNNING,
    DRAWING_DONE,
    DRAWING_FAILED,
    DRAWING_CANCELLED,
};
extern const char *const drawing_state_names[]; /* "waiting", ...; a NULL follows */

struct drawing_image {
    char *key; /* owned; NULL: not drawn yet */
    char sha256[65], recipe[65];
    int64_t seed;
    uint32_t width, height;
    uint32_t drawn_width, drawn_height; /* 0: the same */
    bool stored;                        /* it was there already */
};

/* An event as it is sent to whoever follows the job. */
struct drawing_note {
    int64_t offset; /* in its topic: the event's id, the same for all gateways */
    struct http_chunk *chunk;
};

struct drawing_listener;
struct drawing_waiter;

struct drawing {
    struct drawing *prev, *next; /* among those that go on, or those that ended */
    char *id;
    bool known;                        /* the request is */
    struct generation_request request; /* points into storage */
    struct buf storage;

    enum drawing_state state;
    int64_t created_ms, started_ms, ended_ms; /* since the epoch; 0: not yet */
    uint32_t attempt, output, step, steps;    /* how far it is */
    double guidance;                          /* what it is drawn with; 0: not told yet */
    char *text;                               /* a note, or why it failed; or NULL */
    struct drawing_image *images;             /* by output */
    size_t image_count;
    struct drawing_note *notes; /* all but steps, in order */
    size_t note_count;
    struct drawing_note last_step; /* chunk NULL: none */

    struct drawing_listener *listeners;
    struct drawing_waiter *waiters;
    bool unseen; /* nobody has had its result yet who may come back for it */
};

struct drawing *drawing_new(const char *id, size_t size);
void drawing_free(struct drawing *drawing);

bool drawing_ended(const struct drawing *drawing);

/* Takes in what was asked for, and the storage that it points into. */
void drawing_learn(struct drawing *drawing, const struct generation_request *request,
                   struct buf *storage);

/* Takes in an event. base is what URLs start with, or "". Returns the event as it is sent to
 * who follows, borrowed; NULL where it told nothing new or there is no memory. */
struct http_chunk *drawing_apply(struct drawing *drawing, const struct generation_event *event,
                                 int64_t offset, const char *base);

#endif
