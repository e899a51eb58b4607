/* arena.h - the memory of one pass through a net: tensors handed out from both ends of one
 * piece, and at each end given back by going back to a mark. The first pass is a plan that has
 * no memory and finds out how much it takes; the passes after it get the same addresses. */
#ifndef LIB_NN_ARENA_H
#define LIB_NN_ARENA_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/nn/tensor.h"

/* Whoever makes the memory sets base and size; base aligned to 64 bytes. */
struct arena {
    char *base;     /* NULL while planning */
    size_t size;    /* of the memory: peak or more */
    size_t used[2]; /* from the front, from the back */
    size_t peak;    /* most that was used at once, by the plan: where the back begins */
    int end;        /* which of the two is used now */
    bool plan;
};

/* Starts a pass: nothing is used. */
void arena_begin(struct arena *arena, bool plan);

/* Memory for a tensor whose type and sizes are set: sets data (NULL in a plan) and ld. Its
 * contents are undefined. ERR_TOO_LARGE; ERR_INVALID where the pass takes more than its plan.
 */
int arena_tensor(struct arena *arena, struct tensor *tensor, struct err *err);

/* What is taken after arena_mark is given back by arena_release(mark). */
size_t arena_mark(const struct arena *arena);
void arena_release(struct arena *arena, size_t mark);

/* Goes to the other end: tensors and marks are about that end from here on. arena_drop gives
 * back all that is taken at the end that is not used now. So a chain of large tensors, each
 * made from the one before, never holds more than two of them. */
void arena_turn(struct arena *arena);
void arena_drop(struct arena *arena);

#endif
