/* applier.h - batches into the catalogue: asks what it knows, decides, has unvouched pictures
 * looked at, and writes items, offset and outbox in one transaction.
 *
 * Everything is done in the order of the log for each picture. Changes of other pictures do not
 * wait for a picture that is being looked at: they are written first, with the offset before
 * it; a crash in between has them decided again, as events that the catalogue knows. */
#ifndef SERVICES_ITEM_INGEST_APPLIER_H
#define SERVICES_ITEM_INGEST_APPLIER_H

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/catalog/catalog.h"
#include "services/common/trouble.h"
#include "services/item-ingest/fetch.h"
#include "services/item-ingest/figures.h"
#include "services/item-ingest/partitions.h"
#include "services/item-ingest/publisher.h"
#include "services/item-ingest/ring.h"

struct applier_conf {
    struct ring *batches; /* struct batch *, from the reader */
    struct ring *empty;   /* where they go back to */
    struct catalog *catalog;
    const char *group;
    struct fetcher *fetcher;
    struct partitions *partitions;
    struct publisher *publisher;
    const struct figures *figures;
    struct trouble *trouble; /* says when the catalogue holds it up */
};

struct applier;

/* Starts the thread, which ends when the ring of batches is closed and empty. The conf is
 * copied, what it names is borrowed. */
struct applier *applier_start(const struct applier_conf *conf, struct err *err);

/* Waits for the thread. */
void applier_free(struct applier *applier);
DEFINE_OWNED(applier)

#endif
