/* scratch.h - memory that is taken in small pieces and given back all at once.
 *
 * What a batch of events needs lives as long as the batch, so the pieces are cut from a few
 * large chunks, and the chunks are used again for the next batch. A zeroed struct scratch is
 * empty. Not thread-safe; it may be handed from thread to thread. */
#ifndef SERVICES_ITEM_INGEST_SCRATCH_H
#define SERVICES_ITEM_INGEST_SCRATCH_H

#include <stddef.h>

struct scratch_chunk;

struct scratch {
    struct scratch_chunk *chunks; /* the one in use first */
    size_t used;                  /* of the first chunk */
    size_t bytes;                 /* handed out since the last reset */
};

/* size bytes, aligned for anything; NULL where there is no memory. */
void *scratch_take(struct scratch *scratch, size_t size);

/* A copy of the bytes with a NUL after it. */
char *scratch_copy(struct scratch *scratch, const void *bytes, size_t size);

/* Takes everything back; keeps one chunk. */
void scratch_reset(struct scratch *scratch);

void scratch_done(struct scratch *scratch);

#endif
