/* scratch.c - see scratch.h. */
#include "services/item-ingest/scratch.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_BYTES = 256 * 1024 };

struct scratch_chunk {
    struct scratch_chunk *next;
    size_t size;
    alignas(max_align_t) char bytes[];
};

static int add_chunk(struct scratch *scratch, size_t size)
{
    size_t room = size > CHUNK_BYTES ? size : CHUNK_BYTES;
    struct scratch_chunk *chunk = malloc(sizeof *chunk + room);

    if (!chunk)
        return -1;
    chunk->size = room;
    chunk->next = scratch->chunks;
    scratch->chunks = chunk;
    scratch->used = 0;
    return 0;
}

void *scratch_take(struct scratch *scratch, size_t size)
{
    const size_t align = alignof(max_align_t);
    size_t rounded = (size + align - 1) / align * align;
    char *piece;

    if (!scratch->chunks || scratch->chunks->size - scratch->used < rounded) {
        if (add_chunk(scratch, rounded) < 0)
            return NULL;
    }
    piece = scratch->chunks->bytes + scratch->used;
    scratch->used += rounded;
    scratch->bytes += rounded;
    return piece;
}

char *scratch_copy(struct scratch *scratch, const void *bytes, size_t size)
{
    char *copy = scratch_take(scratch, size + 1);

    if (!copy)
        return NULL;
    if (size)
        memcpy(copy, bytes, size);
    copy[size] = '\0';
    return copy;
}

static void free_chunks(struct scratch_chunk *chunk)
{
    while (chunk) {
        struct scratch_chunk *next = chunk->next;

        free(chunk);
        chunk = next;
    }
}

void scratch_reset(struct scratch *scratch)
{
    struct scratch_chunk *kept = scratch->chunks;

    scratch->used = 0;
    scratch->bytes = 0;
    if (!kept)
        return;
    if (kept->size > CHUNK_BYTES) { /* made for one large piece: not worth holding on to */
        scratch_done(scratch);
        return;
    }
    free_chunks(kept->next);
    kept->next = NULL;
}

void scratch_done(struct scratch *scratch)
{
    free_chunks(scratch->chunks);
    memset(scratch, 0, sizeof *scratch);
}
