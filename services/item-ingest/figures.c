/* figures.c - see figures.h. */
#include "services/item-ingest/figures.h"

#include <stdio.h>

#include "lib/base/clock.h"

#define PREFIX "item_ingest_"

static const char *const outcome_names[FIGURE_OUTCOMES] = {
    "catalogued", "removed",   "hidden", "refused", "duplicate",
    "stale",      "coalesced", "gone",   "outside", "other"};
static const char *const dead_names[FIGURE_DEADS] = {"unreadable", "key", "picture",
                                                     "too_large", "fetch"};
static const char *const stage_names[FIGURE_STAGES] = {"decode", "decide", "fetch", "apply",
                                                       "publish"};
static const double batch_bounds[] = {1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000};

static const char *label(char *out, size_t size, const char *name, const char *value)
{
    (void)snprintf(out, size, "%s=\"%s\"", name, value);
    return out;
}

static void init_labelled(struct figures *f)
{
    char text[64];

    for (int i = 0; i < FIGURE_OUTCOMES; i++)
        f->outcomes[i] =
            metric_counter(PREFIX "events_total", "Object events by what became of them",
                           label(text, sizeof text, "outcome", outcome_names[i]));
    for (int i = 0; i < FIGURE_DEADS; i++)
        f->dead[i] = metric_counter(PREFIX "dead_letters_total",
                                    "Events sent to garden.dead-letters by reason",
                                    label(text, sizeof text, "reason", dead_names[i]));
    for (int i = 0; i < FIGURE_STAGES; i++)
        f->stages[i] =
            metric_histogram(PREFIX "stage_seconds", "Time a batch spends in each stage",
                             label(text, sizeof text, "stage", stage_names[i]),
                             metric_seconds_bounds, metric_seconds_bound_count);
    f->retries_bus =
        metric_counter(PREFIX "retries_total", "Calls repeated by engine", "engine=\"bus\"");
    f->retries_catalog = metric_counter(PREFIX "retries_total", "Calls repeated by engine",
                                        "engine=\"catalog\"");
    f->retries_store =
        metric_counter(PREFIX "retries_total", "Calls repeated by engine", "engine=\"store\"");
}

void figures_init(struct figures *f)
{
    init_labelled(f);
    f->records = metric_counter(PREFIX "records_total", "Records read", NULL);
    f->bytes = metric_counter(PREFIX "record_bytes_total", "Bytes of the records read", NULL);
    f->batches = metric_counter(PREFIX "batches_total", "Batches applied", NULL);
    f->dropped_batches = metric_counter(PREFIX "dropped_batches_total",
                                        "Batches left to the partition's next owner", NULL);
    f->batch_records = metric_histogram(PREFIX "batch_records", "Records in a batch", NULL,
                                        batch_bounds, sizeof batch_bounds / sizeof(double));
    f->published = metric_counter(PREFIX "published_total", "Records published", NULL);
    f->republish_skipped =
        metric_counter(PREFIX "republish_skipped_total",
                       "Records found on the bus already after a crash or a timeout", NULL);
    f->lag_records =
        metric_gauge(PREFIX "lag_records", "Records of our partitions still to handle", NULL);
    f->lag_seconds = metric_gauge(PREFIX "lag_seconds",
                                  "Age of the oldest record still to handle, 0 without", NULL);
    f->outbox_backlog =
        metric_gauge(PREFIX "outbox_batches", "Applied batches still to publish", NULL);
    f->partitions = metric_gauge(PREFIX "partitions", "Partitions assigned", NULL);
    f->reconciles = metric_counter(PREFIX "reconciles_total", "Reconciliations begun", NULL);
    f->reconcile_events = metric_counter(PREFIX "reconcile_events_total",
                                         "Events that reconciliation published", NULL);
}

void figures_stage(const struct figures *figures, enum figure_stage stage, long long start_ns)
{
    metric_observe(figures->stages[stage], (double)(clock_mono_ns() - start_ns) / 1e9);
}
