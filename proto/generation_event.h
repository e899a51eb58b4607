/* generation_event.h - garden.generation.events: what becomes of a job, keyed by job id.
 *
 * {"job_id":"5e1f...","type":"step","timestamp":1777885687123,"output":1,"step":7,"steps":50}
 *
 *   accepted   it waits; with an attempt: the worker that had begun it has given it back
 *   started    a worker draws
 *   step       step of steps of an output is done
 *   image      an output is in the store: key, width, height, sha256, and drawn_width and
 *              drawn_height where the model drew another size, which was resampled
 *   done       all are; elapsed_ms since it started
 *   failed     reason says why, for a person
 *   cancelled  somebody took it back
 *
 * The last three end the job. An attempt that was started and neither ended nor given back is
 * one over which its worker died, unless it is still drawing. */
#ifndef PROTO_GENERATION_EVENT_H
#define PROTO_GENERATION_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum {
    GENERATION_PREVIEW_MAX = 65536, /* bytes of base64 */
    GENERATION_ATTEMPTS_MAX = 100,
};

enum generation_event_type {
    GENERATION_ACCEPTED,
    GENERATION_STARTED,
    GENERATION_STEP,
    GENERATION_IMAGE,
    GENERATION_DONE,
    GENERATION_FAILED,
    GENERATION_CANCELLED,
};

extern const char *const generation_event_names[]; /* ends with NULL */

struct generation_event {
    const char *job_id;
    enum generation_event_type type;
    int64_t timestamp_ms; /* since the epoch */
    uint32_t outputs;     /* ACCEPTED: how many pictures it asks for */
    uint32_t attempt;     /* STARTED: from 1; more after a worker died over it or gave it back.
                             ACCEPTED: the attempt that was given back without a fault of the
                             job's (the worker was told to stop); 0: the job is new */
    uint32_t output;      /* STEP, IMAGE: which of the job's outputs, from 0 */
    uint32_t step, steps; /* STEP: 1 <= step <= steps; ACCEPTED: steps */
    double guidance;      /* ACCEPTED: what it is drawn with */
    const char *preview;  /* STEP: a small JPEG in base64, or "" */
    const char *note;     /* STARTED, IMAGE: what the asker should know, e.g. that the prompt
                             is longer than the model takes at once; or "" */
    const char *recipe;   /* IMAGE: the recipe's id, hex; or "" */
    int64_t seed;         /* IMAGE */
    bool stored;          /* IMAGE: it was in the store already, and not drawn again */
    const char *key;      /* IMAGE */
    uint32_t width, height;             /* IMAGE */
    uint32_t drawn_width, drawn_height; /* IMAGE: what the model drew, where that was resampled
                                           to width and height; else 0 */
    const char *sha256;                 /* IMAGE: hex */
    uint64_t elapsed_ms;                /* DONE */
    const char *reason;                 /* FAILED */
};

/* What decode fills points into storage, which is emptied first and which the caller ends with
 * buf_done after use. Both: ERR_INVALID names the member that is missing or wrong. */
int generation_event_encode(struct buf *out, const struct generation_event *event,
                            struct err *err);
int generation_event_decode(const void *bytes, size_t size, struct generation_event *ret_event,
                            struct buf *storage, struct err *err);

#endif
