/* decide.h - what a batch makes of the catalogue: of each picture's events the newest counts,
 * and only where it is newer than what the catalogue knows.
 *
 * "Newer" is proto's object_event_order: by sequencer, else by event time. The same event again
 * changes nothing. Where neither decides which of two different events is the newer, the store
 * is asked what is true now. So the order in which events of one picture arrive does not
 * matter, and replaying them changes nothing. */
#ifndef SERVICES_ITEM_INGEST_DECIDE_H
#define SERVICES_ITEM_INGEST_DECIDE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/catalog/catalog.h"
#include "services/item-ingest/batch.h"
#include "services/item-ingest/fetch.h"
#include "services/item-ingest/figures.h"

enum verdict_state {
    VERDICT_NONE,  /* nothing changes */
    VERDICT_FETCH, /* the store has to be looked at first: verdict_fetched then decides */
    VERDICT_APPLY, /* item is the row to write */
};

/* What happens to one picture. */
struct verdict {
    enum verdict_state state;
    bool undecided; /* two different events, neither known to be newer */
    bool refused;   /* APPLY: what the object holds is not for the garden: dead letter */
    bool applied;   /* for the applier */
    const struct change *change;
    const struct catalog_item *row; /* what the catalogue has; NULL: nothing */
    struct catalog_item item;
    struct fetch_job job; /* FETCH */
};

struct decision { /* zeroed: empty. Used again for batch after batch; all of it is owned */
    struct verdict *verdicts;
    struct catalog_ref *refs;  /* what to ask the catalogue about */
    struct catalog_item *rows; /* and what it answers, for each verdict */
    bool *found;
    uint32_t *picture_of; /* for each change of the batch: its verdict */
    uint32_t *slots;      /* hash table of pictures: number of its first change + 1, 0: empty */
    size_t count, capacity, slot_count;
};

/* Finds the pictures of the batch: fills refs and count. */
int decide_pictures(struct decision *decision, const struct batch *batch, struct err *err);

/* Decides about each, once rows and found are filled. */
void decide_batch(struct decision *decision, const struct batch *batch,
                  const struct figures *figures);

/* The job of a FETCH verdict is done: makes it APPLY or NONE. */
void decide_fetched(struct verdict *verdict, const struct figures *figures);

void decision_done(struct decision *decision);

#endif
