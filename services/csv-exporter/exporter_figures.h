/* exporter_figures.h - what /metrics shows. */
#ifndef SERVICES_CSV_EXPORTER_EXPORTER_FIGURES_H
#define SERVICES_CSV_EXPORTER_EXPORTER_FIGURES_H

#include "lib/metrics/metrics.h"

struct exporter_figures {
    struct metric *done, *failed, *given_back; /* exports */
    struct metric *seconds;
    struct metric *rows[3]; /* of the last export, by enum dataset_kind */
    struct metric *unreadable, *repeated, *ended_at; /* of the last export */
    struct metric *dead_letters;
};

void exporter_figures_init(struct exporter_figures *figures);

#endif
