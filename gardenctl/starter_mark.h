/* starter_mark.h - how far the first run has come, remembered in the store: it is the pictures'
 * first run, whatever data folder they are served from.
 *
 *   state/starter.json   {"stage":"pool","since":1795386241000,"jobs":7} */
#ifndef GARDENCTL_STARTER_MARK_H
#define GARDENCTL_STARTER_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/store/store.h"

struct starter_mark {
    enum starter_stage { STARTER_IMPORT, STARTER_POOL, STARTER_DONE } stage;
    int64_t since_ms; /* since the epoch: when it began */
    uint32_t jobs;    /* of the starter pool: that many are done */
};

/* *ret_found false: nothing is remembered. */
int starter_mark_read(struct store *store, struct starter_mark *ret_mark, bool *ret_found,
                      struct err *err);
int starter_mark_write(struct store *store, const struct starter_mark *mark, struct err *err);

/* Whether there is no picture, nor was there one that is in the trash now. */
int starter_store_is_empty(struct store *store, bool *ret_empty, struct err *err);

#endif
