/* history.h - what garden.generation.events says of each job so far. Not thread-safe. */
#ifndef SERVICES_GENERATOR_GPU_HISTORY_H
#define SERVICES_GENERATOR_GPU_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/owned.h"
#include "proto/generation_event.h"

enum { HISTORY_WORDS = (GENERATION_ATTEMPTS_MAX + 63) / 64 };

/* Zeroed where nothing is known of the job. */
struct history_job {
    bool accepted;
    bool ended;                   /* done, failed or cancelled */
    uint32_t attempts;            /* the highest that was started */
    uint64_t open[HISTORY_WORDS]; /* a bit for each started one that was not given back */
    uint32_t images;              /* a bit for each output that is in the store */
};

struct history;

/* Keeps what was heard of last, of up to max jobs. NULL: no memory. */
struct history *history_new(size_t max);
void history_free(struct history *history);
DEFINE_OWNED(history)

/* Returns -1 where there is no memory: nothing is noted then. */
int history_note(struct history *history, const struct generation_event *event);

void history_get(const struct history *history, const char *job_id, struct history_job *ret);

/* Attempts over which a worker died: neither given back nor followed by an end. One that is
 * still drawing looks the same. */
uint32_t history_crashes(const struct history_job *job);

#endif
