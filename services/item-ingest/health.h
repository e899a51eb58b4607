/* health.h - asks the engines every second how they are, keeps the lag, and does the regular
 * work: the bus's retention each minute, the catalogue's old claims each hour.
 *
 * Handlers of HTTP requests must not block, so they read what was found last. */
#ifndef SERVICES_ITEM_INGEST_HEALTH_H
#define SERVICES_ITEM_INGEST_HEALTH_H

#include <stdbool.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"
#include "lib/store/store.h"
#include "services/common/trouble.h"
#include "services/item-ingest/figures.h"
#include "services/item-ingest/partitions.h"

enum { HEALTH_TROUBLES = 4 };

struct health_conf { /* what it names is borrowed */
    struct bus *bus;
    struct store *store;
    struct catalog *catalog; /* a handle of its own */
    struct partitions *partitions;
    const struct figures *figures;
    struct trouble *troubles; /* HEALTH_TROUBLES of them, of the pipeline's parts */
};

struct health;

struct health *health_start(const struct health_conf *conf, struct err *err);
void health_free(struct health *health);
DEFINE_OWNED(health)

/* Appends the members of the answer of /readyz: ready, bus, store, catalog, partitions, lag.
 * Returns whether all is well. Any thread. */
bool health_render(struct health *health, struct buf *out);

#endif
