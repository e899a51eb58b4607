/* compare.h - one comparison of the store with the catalogue; see reconcile.h for what it is
 * about. */
#ifndef SERVICES_ITEM_INGEST_COMPARE_H
#define SERVICES_ITEM_INGEST_COMPARE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"
#include "lib/store/store.h"

struct compare_progress {
    uint64_t objects, rows;    /* looked at so far */
    uint64_t created, removed; /* events published so far */
    uint64_t bad_keys;         /* objects that no picture's key names; they are left alone */
};

struct compare_conf {
    struct bus *bus;
    struct store *store;
    struct catalog *catalog;
    bool store_events; /* the store numbers its events in a way of its own */
    bool accept_empty; /* see reconcile_request */
    /* after each page; < 0 ends the comparison with that */
    int (*on_progress)(void *ctx, const struct compare_progress *progress, struct err *err);
    void *ctx;
};

/* ERR_CONFLICT where the store is empty and the catalogue is not, unless that is accepted.
 * Blocks until all is compared and everything found is on the bus. */
int compare_store_and_catalog(const struct compare_conf *conf, struct err *err);

#endif
