/* rec_local_rank.c - a visitor's answer: the pictures of their mood, scored, chosen from, and
 * why. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "services/recommender-proxy/dot.h"
#include "services/recommender-proxy/scoring.h"

/* -- reasons -- */

static float similarity(const float *a, const float *b, int factors)
{
    const float both = dot(a, a, factors) * dot(b, b, factors);

    return both > 0 ? dot(a, b, factors) / sqrtf(both) : 0;
}

/* The like that is nearest, where it is near at all. */
static uint32_t find_reason(const struct scoring *scoring, const float *vector, uint32_t item)
{
    float best = 0.1F;
    uint32_t found = INTERN_NONE;

    for (size_t i = 0; i < scoring->like_count; i++) {
        const struct liked *liked = &scoring->likes[i];
        const float near = liked->item == item
                               ? 0
                               : similarity(vector, liked->vector, scoring->shelf->factors);

        if (near > best) {
            best = near;
            found = liked->item;
        }
    }
    return found;
}

static struct rec_why explain(const struct scoring *scoring, uint32_t place, bool explored)
{
    const struct shelf_item *item = &scoring->shelf->items[place];
    const float *w = scoring_weights(scoring);
    float f[FEATURES] = {0};

    taste_features(&scoring->taste, item, f);
    taste_products(&scoring->taste, scoring_vector(scoring, place), f);
    return (struct rec_why){
        .mood = scoring->taste.offset + w[FEATURE_BASE],
        .favorite = scoring_dot(w, f, FEATURE_SEASON, FEATURE_EXACT + 1),
        .group = w[FEATURE_GROUP] * f[FEATURE_GROUP] + w[FEATURE_CROWD] * f[FEATURE_CROWD],
        .liked = w[FEATURE_LIKED] * f[FEATURE_LIKED] + w[FEATURE_OWN] * f[FEATURE_OWN],
        .popular = w[FEATURE_POPULAR] * f[FEATURE_POPULAR],
        .fresh = w[FEATURE_FRESH] * f[FEATURE_FRESH],
        .met = scoring_met(scoring, item->item),
        .explored = explored};
}

static void put_text(struct buf *storage, const char *text)
{
    buf_append(storage, text, strlen(text) + 1);
}

/* Texts are appended first, and pointed to once the storage no longer moves. */
static int put_results(struct scoring *scoring, const struct choose_place *places, size_t count,
                       struct rec_answer *answer, struct err *err)
{
    const struct facts *facts = &scoring->local->facts;
    const char *text;

    buf_clear(&answer->storage);
    for (size_t i = 0; i < count; i++) {
        const uint32_t place = places[i].place;
        const uint32_t item = scoring->shelf->items[place].item;
        const uint32_t reason = find_reason(scoring, scoring_vector(scoring, place), item);
        struct rec_result *result = &answer->results[i];

        *result = (struct rec_result){.propensity = (double)places[i].propensity,
                                      .why = explain(scoring, place, places[i].explored)};
        result->score = (double)(result->why.mood + result->why.favorite + result->why.group +
                                 result->why.liked + result->why.popular + result->why.fresh +
                                 result->why.met);
        put_text(&answer->storage, facts_item_id(facts, item));
        put_text(&answer->storage, reason == INTERN_NONE ? "" : facts_item_id(facts, reason));
    }
    if (!buf_ok(&answer->storage))
        return err_set_nomem(err, "the answer");
    text = buf_text(&answer->storage);
    for (size_t i = 0; i < count; i++) {
        answer->results[i].item_id = text;
        text += strlen(text) + 1;
        answer->results[i].why.like = *text ? text : NULL;
        text += strlen(text) + 1;
    }
    answer->count = count;
    return 0;
}

/* Another one with each act of the visitor and with each training. */
static uint64_t seed_of(const struct scoring *scoring)
{
    uint64_t seed = scoring->local->model->id ^ intern_hash_text(scoring->query->user_id) ^
                    intern_hash_text(scoring->query->emotion) << 1 ^
                    (uint64_t)scoring->query->orientation << 56;

    for (uint32_t i = 0; scoring->visitor && i < scoring->visitor->marks.count; i++)
        seed += mark_last(&scoring->visitor->marks.marks[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return seed;
}

/* -- choosing -- */

struct ranking {
    struct best *best;
    uint32_t *new;
};

/* Those that come near to being the best, in their exact order. */
static size_t find_best(const struct scoring *scoring, struct best *best, size_t most)
{
    const uint64_t *ties = scoring->shelf->ties;
    const size_t count = best_find(scoring->scores, ties, scoring->shelf->count, most, best);

    for (size_t i = 0; i < count; i++)
        best[i].score = scoring_exact(scoring, best[i].place);
    best_sort(best, count, ties);
    return count;
}

static uint32_t find_new(const struct scoring *scoring, uint32_t *ret_new)
{
    const int64_t *times_ms = scoring->shelf->times_ms, since_ms = scoring->new_since_ms;
    const float *scores = scoring->scores;
    uint32_t count = 0;

    for (uint32_t i = 0; i < scoring->shelf->count; i++) {
        ret_new[count] = i; /* without a branch, which no processor could foretell */
        count += (uint32_t)(times_ms[i] >= since_ms) & (uint32_t)(scores[i] > -INFINITY);
    }
    return count;
}

static int rank(struct scoring *scoring, const struct ranking *ranking, size_t count,
                struct rec_answer *ret_answer, struct err *err)
{
    const struct rec_local_conf *conf = &scoring->local->conf;
    const struct choose_conf how = {.exploration = conf->exploration,
                                    .seed = seed_of(scoring),
                                    .look = scoring_look,
                                    .ctx = scoring,
                                    .places = scoring->shelf->count};
    struct choose_from from = {.best = ranking->best, .is_new = scoring_is_new};
    struct choose_place places[REC_COUNT_MAX];
    bool ok;

    from.best_count = find_best(scoring, ranking->best, choose_reach(count));
    if (conf->exploration > 0) {
        from.new = ranking->new;
        from.new_count = find_new(scoring, from.new);
    }
    count = choose(&from, &how, places, count, &ok);
    return ok ? put_results(scoring, places, count, ret_answer, err)
              : err_set_nomem(err, "the answer");
}

int rec_local_rank(const struct rec_local *local, const struct rec_query *query,
                   struct rec_answer *ret_answer, struct err *err)
{
    struct scoring *scoring = calloc(1, sizeof *scoring);
    size_t count = query->count < REC_COUNT_MAX ? query->count : REC_COUNT_MAX;
    struct ranking ranking = {0};
    int r;

    if (!scoring)
        return err_set_nomem(err, "the answer");
    r = scoring_init(scoring, local, query, err);
    if (r == 0) {
        ranking.best = malloc(choose_reach(count) * sizeof *ranking.best);
        ranking.new = malloc(((size_t)scoring->shelf->count + 1) * sizeof *ranking.new);
        r = ranking.best && ranking.new ? rank(scoring, &ranking, count, ret_answer, err)
                                        : err_set_nomem(err, "the answer");
    }
    ret_answer->recommendation_id[0] = '\0';
    scoring_done(scoring);
    free(scoring);
    free(ranking.best);
    free(ranking.new);
    return r;
}
