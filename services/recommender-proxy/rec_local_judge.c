/* rec_local_judge.c - what this policy would have done where another one chose; see
 * rec_local.h. Places are given as in choose.h: to a new picture by chance, else to the best
 * that is left. */
#include <math.h>
#include <stdlib.h>

#include "services/recommender-proxy/scoring.h"

struct work {
    struct scoring *scoring;
    uint8_t *taken; /* by place */
    uint32_t new_left;
    double new_sum; /* of the estimates of the new ones that are left */
};

static bool is_asked(const struct work *work, uint32_t place)
{
    return work->scoring->scores[place] > -INFINITY;
}

static bool is_new(const struct work *work, uint32_t place)
{
    return is_asked(work, place) && scoring_is_new(work->scoring, place);
}

static double estimate_of(const struct work *work, uint32_t place)
{
    return 1 / (1 + exp(-(double)work->scoring->scores[place]));
}

static uint32_t best_left(const struct work *work)
{
    const struct scoring *scoring = work->scoring;
    struct best best = {.place = INTERN_NONE};

    for (uint32_t i = 0; i < scoring->shelf->count; i++) {
        const struct best one = {scoring->scores[i], i};

        if (is_asked(work, i) && !work->taken[i] &&
            (best.place == INTERN_NONE || best_is_before(&one, &best, scoring->shelf->ties)))
            best = one;
    }
    return best.place;
}

/* The place of a picture that is asked for, or INTERN_NONE. */
static uint32_t find(const struct work *work, const char *item_id)
{
    const struct scoring *scoring = work->scoring;
    const struct model *model = scoring->local->model;
    const uint32_t item = intern_find(scoring->local->facts.item_ids, item_id);
    uint32_t place;

    if (item == INTERN_NONE || item >= model->place_room || !model->places[item])
        return INTERN_NONE;
    place = model->places[item] - 1;
    return place < scoring->shelf->count && scoring->shelf->items[place].item == item &&
                   is_asked(work, place)
               ? place
               : INTERN_NONE;
}

static void take(struct work *work, uint32_t place)
{
    if (place == INTERN_NONE || work->taken[place])
        return;
    work->taken[place] = 1;
    if (is_new(work, place)) {
        work->new_left--;
        work->new_sum -= estimate_of(work, place);
    }
}

static struct rec_judged judge(const struct work *work, uint32_t place)
{
    const double explores = work->new_left ? (double)work->scoring->local->conf.exploration : 0;
    const uint32_t best = best_left(work);
    struct rec_judged judged = {0};

    if (best == INTERN_NONE)
        return judged;
    judged.earns = (1 - explores) * estimate_of(work, best) +
                   (work->new_left ? explores * work->new_sum / work->new_left : 0);
    if (place == INTERN_NONE || work->taken[place])
        return judged;
    judged.estimate = estimate_of(work, place);
    judged.probability = (place == best ? 1 - explores : 0) +
                         (is_new(work, place) ? explores / work->new_left : 0);
    return judged;
}

static void judge_all(struct work *work, const char *const *items, size_t count,
                      struct rec_judged *ret_judged)
{
    struct scoring *scoring = work->scoring;

    for (uint32_t i = 0; i < scoring->shelf->count; i++) {
        if (is_asked(work, i))
            scoring->scores[i] = scoring_exact(scoring, i);
        if (is_new(work, i)) {
            work->new_left++;
            work->new_sum += estimate_of(work, i);
        }
    }
    for (size_t i = 0; i < count; i++) {
        const uint32_t place = find(work, items[i]);

        ret_judged[i] = judge(work, place);
        take(work, place);
    }
}

int rec_local_judge(struct rec_local *local, const struct rec_query *query,
                    const char *const *items, size_t count, struct rec_judged *ret_judged,
                    struct err *err)
{
    struct work work = {.scoring = calloc(1, sizeof *work.scoring)};
    int r;

    if (!work.scoring)
        return err_set_nomem(err, "a judgement");
    (void)pthread_rwlock_rdlock(&local->lock);
    r = scoring_init(work.scoring, local, query, err);
    work.taken = r == 0 ? calloc((size_t)work.scoring->shelf->count + 1, 1) : NULL;
    if (work.taken)
        judge_all(&work, items, count, ret_judged);
    else if (r == 0)
        r = err_set_nomem(err, "a judgement");
    (void)pthread_rwlock_unlock(&local->lock);
    scoring_done(work.scoring);
    free(work.scoring);
    free(work.taken);
    return r;
}
