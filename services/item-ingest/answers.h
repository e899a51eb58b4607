/* answers.h - what item-ingest answers by HTTP: /readyz, and /reconcile (GET: how far it is,
 * POST: begin one). */
#ifndef SERVICES_ITEM_INGEST_ANSWERS_H
#define SERVICES_ITEM_INGEST_ANSWERS_H

#include "services/common/front.h"
#include "services/item-ingest/health.h"
#include "services/item-ingest/reader.h"
#include "services/item-ingest/reconcile.h"

struct answers { /* borrowed */
    struct health *health;
    struct reader *reader;
    struct reconcile *reconcile;
};

/* For front_connect; the answers are borrowed as its ctx. */
struct front_service answers_service(struct answers *answers);

#endif
