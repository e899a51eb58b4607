/* choose.c - see choose.h. */
#include "services/recommender-proxy/choose.h"

#include <stdlib.h>

enum { COUNTED = 128 }; /* new ones of which near-duplicates are looked for at each place */

struct work {
    const struct choose_conf *conf;
    struct choose_from *from;
    size_t next; /* of the best */
    uint32_t
        new_left;   /* not taken; from->new also has taken ones that were not yet come across */
    uint8_t *taken; /* by place */
    struct choose_look *looks; /* of what was chosen */
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

static void take(struct work *work, uint32_t place)
{
    work->taken[place] = 1;
    if (work->new_left && work->from->is_new(work->conf->ctx, place))
        work->new_left--;
}

static struct choose_look look_at(const struct work *work, uint32_t place)
{
    return work->conf->look(work->conf->ctx, place);
}

static bool is_near_any(const struct work *work, uint32_t place, size_t count)
{
    const struct choose_look look = look_at(work, place);

    for (size_t i = 0; i < count; i++)
        if (choose_is_near(&look, &work->looks[i]))
            return true;
    return false;
}

/* The best that is left and looks like none of the count before it; false: none is left. */
static bool find_next(struct work *work, size_t count, uint32_t *ret_place)
{
    for (; work->next < work->from->best_count; work->next++) {
        const uint32_t place = work->from->best[work->next].place;

        if (work->taken[place])
            continue;
        if (is_near_any(work, place, count)) {
            take(work, place);
            continue;
        }
        *ret_place = place;
        return true;
    }
    return false;
}

static bool draw_new(struct work *work, size_t count, uint32_t *ret_place)
{
    struct choose_from *from = work->from;

    while (work->new_left > 0 && from->new_count > 0) {
        const uint32_t at = (uint32_t)(draw(work) % from->new_count);
        const uint32_t place = from->new[at];

        if (work->taken[place] || is_near_any(work, place, count)) {
            if (!work->taken[place])
                take(work, place);
            from->new[at] = from->new[--from->new_count];
            continue;
        }
        *ret_place = place;
        return true;
    }
    return false;
}

/* New ones that look like what was just chosen are no longer left. */
static void drop_near(struct work *work, const struct choose_look *chosen)
{
    if (work->new_left == 0 || work->new_left > COUNTED)
        return;
    for (uint32_t i = 0; i < work->from->new_count; i++) {
        const uint32_t place = work->from->new[i];
        struct choose_look look;

        if (work->taken[place])
            continue;
        look = look_at(work, place);
        if (choose_is_near(&look, chosen))
            take(work, place);
    }
}

/* What a picture was chosen with, of what was left. */
static float propensity_of(const struct work *work, uint32_t place, bool is_best, bool has_best)
{
    const float exploration = work->conf->exploration;
    const float explored = work->new_left == 0 ? 0 : has_best ? exploration : 1;
    const bool new = work->new_left && work->from->is_new(work->conf->ctx, place);

    return (new ? explored / (float)work->new_left : 0) + (is_best ? 1 - explored : 0);
}

static size_t fill(struct work *work, struct choose_place *places, size_t count)
{
    const double exploration = (double)work->conf->exploration;
    size_t filled = 0;

    while (filled < count) {
        const bool explores = (double)(draw(work) >> 11) * 0x1p-53 < exploration;
        uint32_t best = 0, place = 0;
        const bool has_best = find_next(work, filled, &best);
        const bool explored = (explores || !has_best) && draw_new(work, filled, &place);

        if (!explored && !has_best)
            break;
        if (!explored)
            place = best;
        places[filled] = (struct choose_place){
            .place = place,
            .propensity = propensity_of(work, place, has_best && place == best, has_best),
            .explored = explored && !(has_best && place == best)};
        take(work, place);
        work->looks[filled] = look_at(work, place);
        drop_near(work, &work->looks[filled++]);
    }
    return filled;
}

size_t choose(struct choose_from *from, const struct choose_conf *conf,
              struct choose_place *ret_places, size_t count, bool *ret_ok)
{
    struct work work = {.conf = conf,
                        .from = from,
                        .new_left = from->new ? from->new_count : 0,
                        .random = conf->seed,
                        .taken = calloc((size_t)conf->places + 1, 1),
                        .looks = malloc((count + 1) * sizeof *work.looks)};
    size_t filled = 0;

    *ret_ok = work.taken && work.looks;
    if (*ret_ok)
        filled = fill(&work, ret_places, count);
    free(work.taken);
    free(work.looks);
    return filled;
}
