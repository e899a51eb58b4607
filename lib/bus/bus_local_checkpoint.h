/* bus_local_checkpoint.h - moves what was committed from write-ahead logs into the files.
 *
 * SQLite by itself lets the commit that fills the log pay for it, which shows as a stall of
 * many ms. A thread does it beside the publishers instead, once 4 MiB have gathered; only where
 * that cannot keep up and a log passed 64 MiB, publishers wait for it. */
#ifndef LIB_BUS_BUS_LOCAL_CHECKPOINT_H
#define LIB_BUS_BUS_LOCAL_CHECKPOINT_H

#include <stdbool.h>

#include "lib/base/owned.h"
#include "lib/bus/bus_local_db.h"

/* One for each file that is written. Embedded in a writer; zeroed: idle. */
struct local_checkpoint {
    const char *dir, *topic; /* borrowed */
    bool wanted;
    struct local_checkpoint *next;
};

struct local_checkpointer *local_checkpointer_new(void);

/* Waits for the checkpoint that is under way. */
void local_checkpointer_free(struct local_checkpointer *checkpointer);

/* After a commit by db that left wal_pages in its log. */
void local_checkpoint_due(struct local_checkpointer *checkpointer,
                          struct local_checkpoint *checkpoint, struct local_db *db,
                          int wal_pages);

#endif
