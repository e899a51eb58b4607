/* partitions.h - which partitions of garden.objects are ours, and since when.
 *
 * The reader learns of changes; applier and publisher act on batches that were read before
 * them. Each assignment has a number of its own (its epoch), a batch carries the epoch that it
 * was read in, and its effects are done only between partitions_enter and partitions_leave,
 * which fails once the epoch is over. Taking a partition away waits for who is inside, so that
 * after it nothing of the old epoch happens any more. */
#ifndef SERVICES_ITEM_INGEST_PARTITIONS_H
#define SERVICES_ITEM_INGEST_PARTITIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/owned.h"

enum { PARTITIONS_MAX = 256 };

struct partitions;

struct partitions *partitions_new(void);
void partitions_free(struct partitions *partitions);
DEFINE_OWNED(partitions)

/* Ends the epoch before, if there was one, and starts a new one, whose number it returns; 0
 * where the number of the partition is beyond PARTITIONS_MAX. next is the offset to go on at,
 * < 0: from the start. */
uint64_t partitions_assign(struct partitions *partitions, int32_t partition, int64_t next);
void partitions_revoke(struct partitions *partitions, int32_t partition);

bool partitions_enter(struct partitions *partitions, int32_t partition, uint64_t epoch);
void partitions_leave(struct partitions *partitions, int32_t partition);

/* The epoch that runs, 0 where the partition is not ours. */
uint64_t partitions_epoch(struct partitions *partitions, int32_t partition);

/* Until what the owner before left in the outbox is published, nothing new may get into it:
 * partitions_open says that it is, and partitions_wait_open waits for that. False where the
 * epoch ended first, or when stopping. */
void partitions_open(struct partitions *partitions, int32_t partition, uint64_t epoch);
bool partitions_wait_open(struct partitions *partitions, int32_t partition, uint64_t epoch);

/* Another process turned out to own it: the epoch is over, and partitions_lost says so until
 * the partition is assigned or revoked. */
void partitions_lose(struct partitions *partitions, int32_t partition, uint64_t epoch);
bool partitions_lost(struct partitions *partitions);

/* Notes what was applied, for those who show it. */
void partitions_done(struct partitions *partitions, int32_t partition, int64_t next,
                     int64_t newest_ms);

struct partition_view {
    int32_t partition;
    int64_t next;      /* offset that is handled next; < 0: the first that there is */
    int64_t newest_ms; /* timestamp of the last record that was handled; 0: none yet */
};

/* Fills what is ours; returns how many. */
int partitions_list(struct partitions *partitions, struct partition_view *ret_views, int max);

#endif
