/* remote_batch.h - what engines have in common that are told a batch of events at once. */
#ifndef SERVICES_RECOMMENDER_PROXY_REMOTE_BATCH_H
#define SERVICES_RECOMMENDER_PROXY_REMOTE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "proto/interaction_event.h"

enum { REMOTE_PUT_MS = 8000 }; /* for a whole batch */

/* The ids of a batch, in order. */
struct remote_batch {
    size_t count;
    const char **ids; /* borrowed, by the caller; the array is owned */
    bool *keep;
};

/* A zeroed one becomes one with room for count ids. */
int remote_batch_init(struct remote_batch *batch, size_t count, struct err *err);
void remote_batch_done(struct remote_batch *batch);

/* Shortens the batch before the first id that check refuses, and says why in ret_why; code 0:
 * all are fine. */
void remote_batch_check(struct remote_batch *batch, int (*check)(const char *id, struct err *),
                        struct err *ret_why);

/* Of several events about one thing only the last has to be told: keep[i] says whether id i
 * comes never again. */
int remote_batch_latest(struct remote_batch *batch, struct err *err);

/* A batch that remote_batch_check had shortened was told, with the result r (0 or err->code).
 * Returns what is to be returned for the whole: ERR_INVALID only where the first event is at
 * fault, else ERR_REMOTE: it is not known which one is, and the caller tries fewer. */
int remote_batch_end(const struct remote_batch *batch, int r, const struct err *why,
                     struct err *err);

/* When it happened, but not later than now: clients' clocks may be years ahead, and both
 * engines put off what lies in the future. */
int64_t remote_batch_time_ms(int64_t timestamp_ms);

/* The search key that the act's picture was asked for by, as far as the event tells: else the
 * picture's own, else "". out has KEY_BYTES. */
const char *remote_batch_asked(const struct interaction_event *event, char *out);

#endif
