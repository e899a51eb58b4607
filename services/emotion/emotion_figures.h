/* emotion_figures.h - what the service counts. The names are the ones that /metrics shows. */
#ifndef SERVICES_EMOTION_EMOTION_FIGURES_H
#define SERVICES_EMOTION_EMOTION_FIGURES_H

#include "lib/metrics/metrics.h"
#include "proto/key.h"

enum figure_result {
    FIGURE_FACE,
    FIGURE_NO_FACE,
    FIGURE_BAD_PICTURE,
    FIGURE_ENGINE_FAILED,
    FIGURE_NOT_PUBLISHED,
    FIGURE_GONE, /* the client had left before it began */
    FIGURE_FULL, /* refused: too many wait */
    FIGURE_RESULTS,
};

struct emotion_figures {
    struct metric *results[FIGURE_RESULTS];
    struct metric *seconds; /* of an analysis */
    struct metric *faces;
    struct metric *waiting, *waiting_bytes;
    struct metric *visitors;
    struct metric *forgotten;
    /* by what the analysis had said (the last: there was none) and what the visitor said */
    struct metric *corrections[EMOTION_COUNT + 1][EMOTION_COUNT];
};

void emotion_figures_init(struct emotion_figures *figures);

/* analysed: -1 for none. */
void emotion_figures_corrected(struct emotion_figures *figures, int analysed, int chosen);

#endif
