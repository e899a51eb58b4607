/* outcome.h - verdicts into what the catalogue's transaction takes: rows, and the events that
 * follow from them. */
#ifndef SERVICES_ITEM_INGEST_OUTCOME_H
#define SERVICES_ITEM_INGEST_OUTCOME_H

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/catalog/catalog.h"
#include "services/item-ingest/batch.h"
#include "services/item-ingest/decide.h"
#include "services/item-ingest/figures.h"
#include "services/item-ingest/outbox.h"

struct outcome {                /* zeroed: empty; used again */
    struct catalog_item *items; /* owned */
    size_t item_count, capacity;
    struct buf outbox; /* owned */
};

/* Fills the outcome with what is ready and not applied yet, and marks it applied. */
int outcome_collect(struct outcome *outcome, const struct batch *batch,
                    struct decision *decision, const struct outbox_marks *marks,
                    const struct figures *figures, struct err *err);

void outcome_done(struct outcome *outcome);

#endif
