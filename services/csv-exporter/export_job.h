/* export_job.h - one export, from its request to the event that ends it.
 *
 * What a job comes to:
 *   ended       done or failed is told, now or before
 *   given back  told to stop: requested is told again, so that it does not count as a death
 *   left        it could not be told what became of it: the next worker finds out
 * A process that dies leaves a started event without an end. Whoever takes the export next
 * counts those; after EXPORT_DEATHS of them it has failed. */
#ifndef SERVICES_CSV_EXPORTER_EXPORT_JOB_H
#define SERVICES_CSV_EXPORTER_EXPORT_JOB_H

#include <stdatomic.h>

#include "lib/store/store.h"
#include "lib/trace/trace.h"
#include "services/csv-exporter/csv_exporter_conf.h"
#include "services/csv-exporter/export_watch.h"
#include "services/csv-exporter/exporter_figures.h"

enum { EXPORT_DEATHS = 3 };

struct export_job_conf { /* borrowed */
    const struct csv_exporter_conf *conf;
    struct bus *bus;
    struct store *store;
    struct export_watch *watch;
    struct exporter_figures *figures;
    struct trouble *trouble;
    const char *dir; /* for temporary files */
};

/* Blocks until it has come to something, or soon after *stop. True: it has ended. */
bool export_job_run(const struct export_job_conf *conf, const char *id,
                    const struct trace *trace, const atomic_bool *stop);

#endif
