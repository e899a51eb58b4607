/* reconcile.h - compares the store's listing with the catalogue, both ways, and tells
 * garden.objects what is missing there.
 *
 * It changes nothing itself: what it finds goes the way of every other event, so that order and
 * replay hold, and an event that was on its way already makes no difference.
 *
 *   an object without a row, of another size or changed since  -> ObjectCreated
 *   a row whose object is gone (asked for by name again)        -> ObjectRemoved
 *
 * A hidden row stays hidden as long as its object is not written again. What is held in memory
 * is a hash for each object, 16 MiB for a million. */
#ifndef SERVICES_ITEM_INGEST_RECONCILE_H
#define SERVICES_ITEM_INGEST_RECONCILE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"
#include "lib/store/store.h"
#include "services/item-ingest/figures.h"

struct reconcile_conf {
    struct bus *bus;
    struct store *store;
    struct catalog *catalog; /* a handle of its own, for reading */
    bool store_events;       /* the store numbers its events in a way of its own */
    const struct figures *figures;
};

struct reconcile;

/* Starts the thread, which waits to be asked. The conf is copied, what it names borrowed. */
struct reconcile *reconcile_start(const struct reconcile_conf *conf, struct err *err);
void reconcile_free(struct reconcile *reconcile);
DEFINE_OWNED(reconcile)

/* Asks for a run. A store without pictures beside a catalogue of many looks like a disk that is
 * not mounted, so the run then fails unless accept_empty. False where one is under way or asked
 * for already. */
bool reconcile_request(struct reconcile *reconcile, bool accept_empty);

/* Appends the state as a JSON object. Any thread. */
void reconcile_render(struct reconcile *reconcile, struct buf *out);

#endif
