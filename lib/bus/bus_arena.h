/* bus_arena.h - the memory that records handed to a caller live in. */
#ifndef LIB_BUS_BUS_ARENA_H
#define LIB_BUS_BUS_ARENA_H

#include <stddef.h>

/* Memory that is handed out piece by piece and taken back all at once. Zeroed: empty. Pieces
 * never move. */
struct arena {
    struct arena_block *blocks;
};

/* NULL when there is no memory. Aligned for pointers. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of the bytes; not NULL for an empty one. */
void *arena_copy(struct arena *arena, const void *bytes, size_t size);

void arena_clear(struct arena *arena);
void arena_done(struct arena *arena);

#endif
