/* generator_figures.h - what the generator counts. The names are the ones that /metrics shows.
 */
#ifndef SERVICES_GENERATOR_GPU_GENERATOR_FIGURES_H
#define SERVICES_GENERATOR_GPU_GENERATOR_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "lib/metrics/metrics.h"

enum figure_outcome {
    FIGURE_DONE,
    FIGURE_FAILED,
    FIGURE_CANCELLED,
    FIGURE_EXPIRED,    /* its deadline came: failed, too, but not counted there */
    FIGURE_CRASHED,    /* workers died over it: dead-lettered, and failed */
    FIGURE_DUPLICATE,  /* it had ended already when it was read */
    FIGURE_GIVEN_BACK, /* this worker was told to stop */
    FIGURE_LOST,       /* its partition is another worker's now */
    FIGURE_UNREADABLE, /* dead-lettered */
    FIGURE_OUTCOMES,
};

struct generator_figures {
    struct metric *jobs[FIGURE_OUTCOMES];
    struct metric *drawn, *stored; /* images */
    struct metric *attempts, *steps, *dead_letters, *retries;
    struct metric *draw_seconds, *decode_seconds, *step_seconds;
    struct metric *queue_interactive, *queue_bulk, *queue_age, *lag, *drain, *partitions;
    struct metric *step, *step_of; /* of the current output; 0 while none is drawn */
};

/* Registers all of them. */
void generator_figures_init(struct generator_figures *figures);

#endif
