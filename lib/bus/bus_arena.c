/* bus_arena.c - see bus_arena.h. */
#include "lib/bus/bus_arena.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 256 << 10, ALIGNMENT = sizeof(void *) };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(void *) char bytes[];
};

static struct arena_block *block_new(struct arena *arena, size_t size)
{
    struct arena_block *block = malloc(sizeof *block + size);

    if (block) {
        block->next = arena->blocks;
        block->size = size;
        block->used = 0;
        arena->blocks = block;
    }
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    struct arena_block *block = arena->blocks;
    void *piece;

    size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (!block || block->size - block->used < size)
        block = block_new(arena, size > BLOCK_BYTES ? size : BLOCK_BYTES);
    if (!block)
        return NULL;
    piece = block->bytes + block->used;
    block->used += size;
    return piece;
}

void *arena_copy(struct arena *arena, const void *bytes, size_t size)
{
    void *copy = arena_alloc(arena, size ? size : 1);

    if (copy && size)
        memcpy(copy, bytes, size);
    return copy;
}

/* Keeps one block, so that a consumer that reads a little each time does not call malloc. */
void arena_clear(struct arena *arena)
{
    struct arena_block *block;

    while (arena->blocks && arena->blocks->next) {
        block = arena->blocks;
        arena->blocks = block->next;
        free(block);
    }
    if (arena->blocks)
        arena->blocks->used = 0;
}

void arena_done(struct arena *arena)
{
    arena_clear(arena);
    free(arena->blocks);
    arena->blocks = NULL;
}
