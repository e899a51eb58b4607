/* best.c - see best.h: a heap with the worst of the best on top, which few of the others come
 * past. Most are passed by a whole block at a time, by the block's largest score. */
#include "services/recommender-proxy/best.h"

#include <math.h>

#include "lib/base/processors.h"

enum { BLOCK = 32 };

struct heap {
    struct best *best;
    size_t count, most;
    const uint64_t *ties;
};

bool best_is_before(const struct best *a, const struct best *b, const uint64_t *ties)
{
    return a->score != b->score ? a->score > b->score : ties[a->place] < ties[b->place];
}

static void sink(struct heap *heap, size_t at)
{
    struct best *best = heap->best;
    const struct best held = best[at];

    for (size_t child = 2 * at + 1; child < heap->count; child = 2 * at + 1) {
        if (child + 1 < heap->count &&
            best_is_before(&best[child], &best[child + 1], heap->ties))
            child++;
        if (best_is_before(&best[child], &held, heap->ties))
            break;
        best[at] = best[child];
        at = child;
    }
    best[at] = held;
}

static void build(struct heap *heap)
{
    for (size_t at = heap->count / 2 + 1; at-- > 0;)
        if (at < heap->count)
            sink(heap, at);
}

static void offer(struct heap *heap, struct best one)
{
    if (one.score == -INFINITY)
        return;
    if (heap->count < heap->most) {
        heap->best[heap->count++] = one;
        if (heap->count == heap->most)
            build(heap);
    } else if (best_is_before(&one, &heap->best[0], heap->ties)) {
        heap->best[0] = one;
        sink(heap, 0);
    }
}

FOR_SEVERAL_PROCESSORS
static float largest(const float *scores)
{
    float largest[BLOCK / 4];

    for (int i = 0; i < BLOCK / 4; i++)
        largest[i] = scores[i];
    for (int from = BLOCK / 4; from < BLOCK; from += BLOCK / 4)
        for (int i = 0; i < BLOCK / 4; i++)
            largest[i] = largest[i] > scores[from + i] ? largest[i] : scores[from + i];
    for (int i = 1; i < BLOCK / 4; i++)
        largest[0] = largest[0] > largest[i] ? largest[0] : largest[i];
    return largest[0];
}

size_t best_find(const float *scores, const uint64_t *ties, uint32_t count, size_t most,
                 struct best *ret_best)
{
    struct heap heap = {.best = ret_best, .most = most, .ties = ties};

    for (uint32_t from = 0; from < count && most > 0; from += BLOCK) {
        const uint32_t to = count - from < BLOCK ? count : from + BLOCK;

        if (heap.count == most && to - from == BLOCK &&
            largest(scores + from) < ret_best[0].score)
            continue;
        for (uint32_t i = from; i < to; i++)
            offer(&heap, (struct best){scores[i], i});
    }
    return heap.count;
}

void best_sort(struct best *best, size_t count, const uint64_t *ties)
{
    struct heap heap = {.best = best, .count = count, .ties = ties};

    build(&heap);
    while (heap.count > 1) {
        const struct best worst = best[0];

        best[0] = best[--heap.count];
        best[heap.count] = worst;
        sink(&heap, 0);
    }
}
