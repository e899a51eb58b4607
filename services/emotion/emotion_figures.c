/* emotion_figures.c - see emotion_figures.h. */
#include "services/emotion/emotion_figures.h"

#include <stdio.h>

#define PREFIX "emotion_"

static const char *const result_names[FIGURE_RESULTS] = {
    "face", "no_face", "bad_picture", "engine_failed", "not_published", "gone", "full"};

static const double seconds_bounds[] = {0.005, 0.01, 0.015, 0.02,  0.025, 0.03,
                                        0.035, 0.04, 0.05,  0.075, 0.1,   0.2,
                                        0.5,   1,    2,     5,     10};

void emotion_figures_init(struct emotion_figures *figures)
{
    char label[80];

    for (int i = 0; i < FIGURE_RESULTS; i++) {
        (void)snprintf(label, sizeof label, "result=\"%s\"", result_names[i]);
        figures->results[i] =
            metric_counter(PREFIX "analyses_total", "Pictures by what became of them", label);
    }
    figures->seconds =
        metric_histogram(PREFIX "analysis_seconds", "Time of an analysis", NULL, seconds_bounds,
                         sizeof seconds_bounds / sizeof *seconds_bounds);
    figures->faces = metric_counter(PREFIX "faces_total", "Faces found", NULL);
    figures->waiting =
        metric_gauge(PREFIX "pictures", "Pictures that come in, wait or are looked at", NULL);
    figures->waiting_bytes = metric_gauge(PREFIX "picture_bytes", "Memory for them", NULL);
    figures->visitors =
        metric_gauge(PREFIX "visitors", "Visitors of whom something is known now", NULL);
    figures->forgotten =
        metric_counter(PREFIX "forgotten_total", "Visitors forgotten when asked to", NULL);
    for (int from = 0; from <= EMOTION_COUNT; from++)
        for (int to = 0; to < EMOTION_COUNT; to++) {
            (void)snprintf(label, sizeof label, "analysed=\"%s\",chosen=\"%s\"",
                           from < EMOTION_COUNT ? emotion_names[from] : "none",
                           emotion_names[to]);
            figures->corrections[from][to] =
                metric_counter(PREFIX "corrections_total",
                               "What visitors said, by what the analysis had said", label);
        }
}

void emotion_figures_corrected(struct emotion_figures *figures, int analysed, int chosen)
{
    metric_add(figures->corrections[analysed < 0 ? EMOTION_COUNT : analysed][chosen], 1);
}
