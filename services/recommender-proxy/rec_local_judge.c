/* rec_local_judge.c - what this policy would have done where another one chose; see
 * rec_local.h. Places are given as in choose.h: to a new picture by chance, else to the best
 * that is left. */
#include <math.h>
#include <stdlib.h>

#include "services/recommender-proxy/scoring.h"

struct work {
    struct scoring *scoring;
    uint8_t *taken; /* by candidate */
    uint32_t new_left;
    double new_sum; /* of the estimates of the new ones that are left */
};

static double estimate_of(const struct work *work, uint32_t candidate)
{
    return 1 / (1 + exp(-(double)work->scoring->candidates[candidate].score));
}

static uint32_t best_left(const struct work *work)
{
    const struct choose_candidate *candidates = work->scoring->candidates;
    uint32_t best = INTERN_NONE;

    for (uint32_t i = 0; i < work->scoring->count; i++)
        if (!work->taken[i] &&
            (best == INTERN_NONE || choose_is_better(&candidates[i], &candidates[best])))
            best = i;
    return best;
}

static uint32_t find(const struct work *work, const char *item_id)
{
    const uint32_t number = intern_find(work->scoring->local->facts.item_ids, item_id);

    for (uint32_t i = 0; i < work->scoring->count && number != INTERN_NONE; i++)
        if (work->scoring->shelf->items[work->scoring->places[i]].item == number)
            return i;
    return INTERN_NONE;
}

static void take(struct work *work, uint32_t candidate)
{
    if (candidate == INTERN_NONE || work->taken[candidate])
        return;
    work->taken[candidate] = 1;
    if (work->scoring->candidates[candidate].new) {
        work->new_left--;
        work->new_sum -= estimate_of(work, candidate);
    }
}

static struct rec_judged judge(const struct work *work, uint32_t candidate)
{
    const double explores = work->new_left ? (double)work->scoring->local->conf.exploration : 0;
    const uint32_t best = best_left(work);
    struct rec_judged judged = {0};

    if (best == INTERN_NONE)
        return judged;
    judged.earns = (1 - explores) * estimate_of(work, best) +
                   (work->new_left ? explores * work->new_sum / work->new_left : 0);
    if (candidate == INTERN_NONE || work->taken[candidate])
        return judged;
    judged.estimate = estimate_of(work, candidate);
    judged.probability =
        (candidate == best ? 1 - explores : 0) +
        (work->scoring->candidates[candidate].new ? explores / work->new_left : 0);
    return judged;
}

static void judge_all(struct work *work, const char *const *items, size_t count,
                      struct rec_judged *ret_judged)
{
    for (uint32_t i = 0; i < work->scoring->count; i++)
        if (work->scoring->candidates[i].new) {
            work->new_left++;
            work->new_sum += estimate_of(work, i);
        }
    for (size_t i = 0; i < count; i++) {
        const uint32_t candidate = find(work, items[i]);

        ret_judged[i] = judge(work, candidate);
        take(work, candidate);
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
    work.taken = r == 0 ? calloc((size_t)work.scoring->count + 1, 1) : NULL;
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
