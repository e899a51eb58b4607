/* recover.h - publishes what the outbox of a partition still holds from the owner before. */
#ifndef SERVICES_ITEM_INGEST_RECOVER_H
#define SERVICES_ITEM_INGEST_RECOVER_H

#include "lib/base/err.h"
#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"
#include "services/item-ingest/figures.h"
#include "services/item-ingest/pack.h"

struct recovery { /* what it names is borrowed */
    struct bus *bus;
    struct catalog *catalog;
    struct pack *pack; /* empty */
    const struct figures *figures;
};

/* Publishes each event that is not on the topics yet, and empties the partition's outbox. An
 * event is left out, too, where a later one of its key is there already: it would put an old
 * state over a newer one. Fails where bus or catalogue do, to be repeated. */
int recover_outbox(const struct recovery *recovery, int32_t partition, struct err *err);

#endif
