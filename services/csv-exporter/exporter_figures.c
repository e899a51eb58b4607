/* exporter_figures.c - see exporter_figures.h. */
#include "services/csv-exporter/exporter_figures.h"

#define PREFIX "csv_exporter_"

static const double seconds_bounds[] = {0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 600, 1800};

static struct metric *counter(const char *label)
{
    return metric_counter(PREFIX "exports_total", "Exports by what became of them", label);
}

static struct metric *rows(const char *label)
{
    return metric_gauge(PREFIX "rows", "Rows of the last export", label);
}

void exporter_figures_init(struct exporter_figures *figures)
{
    figures->done = counter("result=\"done\"");
    figures->failed = counter("result=\"failed\"");
    figures->given_back = counter("result=\"given_back\"");
    figures->seconds =
        metric_histogram(PREFIX "export_seconds", "Time of an export that was done", NULL,
                         seconds_bounds, sizeof seconds_bounds / sizeof *seconds_bounds);
    figures->rows[0] = rows("file=\"users\"");
    figures->rows[1] = rows("file=\"items\"");
    figures->rows[2] = rows("file=\"interactions\"");
    figures->unreadable =
        metric_gauge(PREFIX "unreadable", "Records that the last export could not read", NULL);
    figures->repeated = metric_gauge(PREFIX "repeated",
                                     "Acts of the last export that had been sent again", NULL);
    figures->ended_at = metric_gauge(PREFIX "last_done_timestamp_seconds",
                                     "When this replica was last done with an export", NULL);
    figures->dead_letters = metric_counter(
        PREFIX "dead_letters_total", "Records of garden.exports that could not be read", NULL);
}
