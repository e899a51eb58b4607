/* arena.c - see arena.h. */
#include "lib/nn/arena.h"

#include <stdint.h>

enum { ALIGNMENT = 64 };

void arena_begin(struct arena *arena, bool plan)
{
    arena->plan = plan;
    arena->used[0] = arena->used[1] = 0;
    arena->end = 0;
    if (plan)
        arena->peak = 0;
}

static int place(struct arena *arena, size_t bytes, void **ret_data, struct err *err)
{
    size_t used;

    arena->used[arena->end] += bytes;
    used = arena->used[0] + arena->used[1];
    if (arena->plan) {
        if (used > arena->peak)
            arena->peak = used;
        *ret_data = NULL;
        return 0;
    }
    if (!arena->base || used > arena->peak)
        return err_set(err, ERR_INVALID, "the pass takes more memory than its plan");
    *ret_data = arena->end == 0 ? arena->base + arena->used[0] - bytes
                                : arena->base + arena->peak - arena->used[1];
    return 0;
}

int arena_tensor(struct arena *arena, struct tensor *tensor, struct err *err)
{
    size_t bytes = tensor_type_bytes(tensor->type);

    tensor->ld = tensor->c;
    if (__builtin_mul_overflow(bytes, tensor_pixels(tensor), &bytes) ||
        __builtin_mul_overflow(bytes, (size_t)tensor->c, &bytes) || bytes > SIZE_MAX / 4)
        return err_set(err, ERR_TOO_LARGE, "a tensor of %ux%ux%ux%u", tensor->n, tensor->h,
                       tensor->w, tensor->c);
    return place(arena, (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT, &tensor->data, err);
}

size_t arena_mark(const struct arena *arena)
{
    return arena->used[arena->end];
}

void arena_release(struct arena *arena, size_t mark)
{
    arena->used[arena->end] = mark;
}

void arena_turn(struct arena *arena)
{
    arena->end = !arena->end;
}

void arena_drop(struct arena *arena)
{
    arena->used[!arena->end] = 0;
}
