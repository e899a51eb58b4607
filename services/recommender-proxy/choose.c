/* choose.c - see choose.h. */
#include "services/recommender-proxy/choose.h"

#include <stdlib.h>
#include <string.h>

enum {
    SPARE = 64,    /* candidates beyond what is asked for, in place of near-duplicates */
    COUNTED = 128, /* new ones of which near-duplicates are looked for at each place */
};

struct work {
    const struct choose_candidate *candidates;
    uint32_t *best; /* a heap with the worst on top; then sorted, best first */
    uint32_t best_count, next;
    uint32_t *new; /* not taken yet, or taken and not yet removed */
    uint32_t new_count, new_left;
    uint8_t *taken, *described; /* by candidate */
    const struct choose_conf *conf;
    uint64_t random;
};

bool choose_is_near(const struct choose_look *a, const struct choose_look *b)
{
    if (a->content && a->content == b->content)
        return true;
    return a->known && b->known && image_look_is_near(&a->look, &b->look);
}

/* SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t draw(struct work *work)
{
    uint64_t z = work->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

bool choose_is_better(const struct choose_candidate *a, const struct choose_candidate *b)
{
    return a->score != b->score ? a->score > b->score : a->tie < b->tie;
}

static bool is_better(const struct work *work, uint32_t a, uint32_t b)
{
    return choose_is_better(&work->candidates[a], &work->candidates[b]);
}

/* -- the best, by a heap -- */

static void sink(struct work *work, uint32_t at, uint32_t count)
{
    uint32_t *heap = work->best;

    for (uint32_t child = 2 * at + 1; child < count; child = 2 * at + 1) {
        uint32_t held = heap[at];

        if (child + 1 < count && is_better(work, heap[child], heap[child + 1]))
            child++;
        if (is_better(work, heap[child], held))
            return;
        heap[at] = heap[child];
        heap[child] = held;
        at = child;
    }
}

static void find_best(struct work *work, uint32_t count, uint32_t most)
{
    uint32_t *heap = work->best;

    for (uint32_t i = 0; i < count; i++) {
        if (work->best_count < most) {
            heap[work->best_count++] = i;
            if (work->best_count == most)
                for (uint32_t at = most / 2 + 1; at-- > 0;)
                    sink(work, at, most);
        } else if (is_better(work, i, heap[0])) {
            heap[0] = i;
            sink(work, 0, most);
        }
    }
    if (work->best_count < most)
        for (uint32_t at = work->best_count / 2 + 1; at-- > 0;)
            sink(work, at, work->best_count);
    for (uint32_t left = work->best_count; left > 1; left--) {
        const uint32_t worst = heap[0];

        heap[0] = heap[left - 1];
        heap[left - 1] = worst;
        sink(work, 0, left - 1);
    }
}

/* -- places -- */

static void take(struct work *work, uint32_t candidate)
{
    work->taken[candidate] = 1;
    if (work->new_count) /* else nothing is explored */
        work->new_left -= work->candidates[candidate].new;
}

static bool is_near(struct work *work, uint32_t a, uint32_t b)
{
    const uint32_t pair[] = {a, b};

    for (int i = 0; i < 2 && work->conf->describe; i++)
        if (!work->described[pair[i]]) {
            work->described[pair[i]] = 1;
            work->conf->describe(work->conf->ctx, pair[i]);
        }
    return choose_is_near(&work->conf->looks[a], &work->conf->looks[b]);
}

static bool is_near_any(struct work *work, uint32_t candidate,
                        const struct choose_place *places, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (is_near(work, candidate, places[i].candidate))
            return true;
    return false;
}

/* The best that is left and looks like none before it; false: none is left. */
static bool find_next(struct work *work, const struct choose_place *places, size_t count,
                      uint32_t *ret_candidate)
{
    for (; work->next < work->best_count; work->next++) {
        const uint32_t candidate = work->best[work->next];

        if (work->taken[candidate])
            continue;
        if (is_near_any(work, candidate, places, count)) {
            take(work, candidate);
            continue;
        }
        *ret_candidate = candidate;
        return true;
    }
    return false;
}

static bool draw_new(struct work *work, const struct choose_place *places, size_t count,
                     uint32_t *ret_candidate)
{
    while (work->new_left > 0 && work->new_count > 0) {
        const uint32_t at = (uint32_t)(draw(work) % work->new_count);
        const uint32_t candidate = work->new[at];

        if (work->taken[candidate] || is_near_any(work, candidate, places, count)) {
            if (!work->taken[candidate])
                take(work, candidate);
            work->new[at] = work->new[--work->new_count];
            continue;
        }
        *ret_candidate = candidate;
        return true;
    }
    return false;
}

/* New ones that look like what was just placed are no longer left. */
static void drop_near(struct work *work, uint32_t placed)
{
    if (work->new_left > COUNTED)
        return;
    for (uint32_t i = 0; i < work->new_count; i++)
        if (!work->taken[work->new[i]] && is_near(work, work->new[i], placed))
            take(work, work->new[i]);
}

/* What the candidate was chosen with, of what was left. */
static float propensity_of(const struct work *work, float exploration, uint32_t candidate,
                           bool is_best, bool has_best)
{
    const float explored = work->new_left == 0 ? 0 : has_best ? exploration : 1;

    return (work->candidates[candidate].new && work->new_left ? explored / (float)work->new_left
                                                              : 0) +
           (is_best ? 1 - explored : 0);
}

static size_t fill(struct work *work, const struct choose_conf *conf,
                   struct choose_place *places, size_t count)
{
    size_t filled = 0;

    while (filled < count) {
        const bool explores = (double)(draw(work) >> 11) * 0x1p-53 < (double)conf->exploration;
        uint32_t best = 0, candidate = 0;
        const bool has_best = find_next(work, places, filled, &best);
        const bool explored =
            (explores || !has_best) && draw_new(work, places, filled, &candidate);

        if (!explored && !has_best)
            break;
        if (!explored)
            candidate = best;
        places[filled++] = (struct choose_place){
            .candidate = candidate,
            .propensity = propensity_of(work, conf->exploration, candidate,
                                        has_best && candidate == best, has_best),
            .explored = explored && candidate != best};
        take(work, candidate);
        drop_near(work, candidate);
    }
    return filled;
}

size_t choose(const struct choose_candidate *candidates, uint32_t candidate_count,
              const struct choose_conf *conf, struct choose_place *ret_places, size_t count,
              bool *ret_ok)
{
    const size_t most =
        count * 2 + SPARE < candidate_count ? count * 2 + SPARE : candidate_count;
    struct work work = {.candidates = candidates, .conf = conf, .random = conf->seed};
    size_t filled = 0;

    *ret_ok = true;
    if (candidate_count == 0 || count == 0)
        return 0;
    work.best = malloc((most + candidate_count) * sizeof *work.best);
    work.taken = calloc(candidate_count, 2);
    *ret_ok = work.best && work.taken;
    if (*ret_ok) {
        work.described = work.taken + candidate_count;
        work.new = work.best + most;
        for (uint32_t i = 0; i < candidate_count && conf->exploration > 0; i++)
            if (candidates[i].new)
                work.new[work.new_count++] = i;
        work.new_left = work.new_count;
        find_best(&work, candidate_count, (uint32_t)most);
        filled = fill(&work, conf, ret_places, count);
    }
    free(work.best);
    free(work.taken);
    return filled;
}
