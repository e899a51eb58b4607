/* figures.h - what item-ingest counts. The names are the ones that /metrics shows. */
#ifndef SERVICES_ITEM_INGEST_FIGURES_H
#define SERVICES_ITEM_INGEST_FIGURES_H

#include "lib/metrics/metrics.h"

enum figure_outcome {
    FIGURE_CATALOGUED, /* an item came or changed */
    FIGURE_REMOVED,    /* an item went */
    FIGURE_HIDDEN,     /* an item left the catalogue and its object stays */
    FIGURE_REFUSED,    /* an object that is no picture of the garden: dead-lettered */
    FIGURE_DUPLICATE,  /* the same event again */
    FIGURE_STALE,      /* older than what is known */
    FIGURE_COALESCED,  /* a newer event of the same object was in the same batch */
    FIGURE_GONE,       /* the object was removed before it could be looked at */
    FIGURE_OUTSIDE,    /* a key that is not under imgPool/ or emotions/ */
    FIGURE_OTHER,      /* an event that changes nothing here */
    FIGURE_OUTCOMES,
};

enum figure_dead {
    FIGURE_DEAD_UNREADABLE, /* the notification is none */
    FIGURE_DEAD_KEY,        /* depth, emotion, unsafe parts */
    FIGURE_DEAD_PICTURE,    /* not a picture, truncated, CMYK, animated */
    FIGURE_DEAD_TOO_LARGE,
    FIGURE_DEAD_FETCH, /* the store works, but does not give this object */
    FIGURE_DEADS,
};

enum figure_stage {
    FIGURE_DECODE,
    FIGURE_DECIDE,
    FIGURE_FETCH,
    FIGURE_APPLY,
    FIGURE_PUBLISH,
    FIGURE_STAGES
};

struct figures {
    struct metric *records, *bytes, *batches, *dropped_batches;
    struct metric *outcomes[FIGURE_OUTCOMES], *dead[FIGURE_DEADS];
    struct metric *batch_records, *stages[FIGURE_STAGES];
    struct metric *published, *republish_skipped;
    struct metric *retries_bus, *retries_catalog, *retries_store;
    struct metric *lag_records, *lag_seconds, *outbox_backlog, *partitions;
    struct metric *reconciles, *reconcile_events;
};

/* Registers all of them. */
void figures_init(struct figures *figures);

/* Seconds since start_ns of clock_mono_ns into a stage's histogram. */
void figures_stage(const struct figures *figures, enum figure_stage stage, long long start_ns);

#endif
