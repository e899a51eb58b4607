/* engines.h - the engines that item-ingest works on, opened. */
#ifndef SERVICES_ITEM_INGEST_ENGINES_H
#define SERVICES_ITEM_INGEST_ENGINES_H

#include "lib/base/err.h"
#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"
#include "lib/store/store.h"
#include "services/item-ingest/ingest_conf.h"

/* Whatever writes while a burst is handled shares one handle: SQLite forgets all pages that a
 * connection holds when another one has written. */
struct engines {
    const struct garden_conf *garden; /* borrowed */
    struct bus *bus;
    struct store *store;
    struct catalog *write;   /* applier, publisher and, for its offsets, reader */
    struct catalog *compare; /* reconciliation's: reads */
    struct catalog *watch;   /* the health watch's */
};

/* Opens all of them and makes the topics; waits for engines that are away. Fails where waiting
 * does not help, or when stopping (ERR_UNAVAILABLE). End with engines_done in any case. */
int engines_open(struct engines *engines, const struct ingest_conf *conf, struct err *err);
void engines_done(struct engines *engines);

#endif
