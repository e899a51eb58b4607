/* taste.c - see taste.h. */
#include "services/recommender-proxy/taste.h"

#include <math.h>
#include <string.h>

#include "services/recommender-proxy/dot.h"

enum { OWN_M = 3 };

/* Seasons and so on that the visitor likes more than what else they meet. */
static void learn_own(struct taste *taste, const struct taste_entry *entries, size_t count)
{
    float likes[RATE_KINDS][TRAIT_VALUES] = {0}, met[RATE_KINDS][TRAIT_VALUES] = {0};
    float all = 1, rate;

    for (size_t i = 0; i < count; i++)
        all += entries[i].weight > 0 ? 1 : 0;
    rate = all / ((float)count + 6);
    for (size_t i = 0; i < count; i++)
        for (int kind = 0; kind < RATE_KINDS; kind++) {
            const uint8_t value = rates_kind_value(entries[i].picture, kind);

            likes[kind][value] += entries[i].weight > 0 ? 1 : 0;
            met[kind][value]++;
        }
    for (int kind = 0; kind < RATE_KINDS; kind++)
        for (int value = 1; value < TRAIT_VALUES; value++)
            taste->own[kind][value] =
                logf((likes[kind][value] + OWN_M) / (met[kind][value] * rate + OWN_M));
}

/* In the order of the columns, so that the same entries add up to the same, to the bit. */
static void put_entry(uint32_t *columns, float *weights, size_t count,
                      const struct taste_entry *entry)
{
    size_t at = count;

    for (; at > 0 && columns[at - 1] > entry->column; at--) {
        columns[at] = columns[at - 1];
        weights[at] = weights[at - 1];
    }
    columns[at] = entry->column;
    weights[at] = entry->weight;
}

void taste_init(struct taste *taste, const struct model *model, const struct taste_of *of,
                const struct taste_entry *entries, size_t count)
{
    const float rate = model->rates.mood[of->emotion];
    uint32_t columns[REC_FOLD_MAX];
    float weights[REC_FOLD_MAX];
    size_t known = 0;

    *taste = (struct taste){
        .model = model,
        .emotion = of->emotion,
        .favorite = of->favorite,
        .generation = of->generation,
        .gender = of->gender,
        .crowd = crowd_mean(&model->crowd, of->emotion, of->generation, of->gender),
        .offset = logf(rate / (1 - rate))};
    for (size_t i = 0; i < count; i++)
        if (entries[i].column != INTERN_NONE)
            put_entry(columns, weights, known++, &entries[i]);
    if (model->als && known)
        rec_als_fold_in(model->als, columns, weights, known, taste->liked);
    learn_own(taste, entries, count);
}

void taste_features(const struct taste *taste, const struct shelf_item *item,
                    float ret_features[FEATURES])
{
    const struct favorite *asked = &taste->favorite, *has = &item->favorite;
    float own = 0;

    for (int trait = 0; trait < TRAITS; trait++) {
        ret_features[FEATURE_SEASON + trait] =
            asked->trait[trait] && asked->trait[trait] == has->trait[trait] ? 1 : 0;
        own += taste->own[trait][has->trait[trait]];
    }
    own += taste->own[TRAITS][item->orientation == 'v' ? 2 : 1];
    ret_features[FEATURE_BASE] = 1;
    ret_features[FEATURE_POPULAR] = item->popular;
    ret_features[FEATURE_GROUP] =
        item->group[taste->generation] + item->group[GENERATIONS + taste->gender];
    ret_features[FEATURE_EXACT] = asked->hash && asked->hash == has->hash ? 1 : 0;
    ret_features[FEATURE_OWN] = own;
    ret_features[FEATURE_FRESH] = item->fresh;
}

void taste_products(const struct taste *taste, const float *vector,
                    float ret_features[FEATURES])
{
    const int factors = taste->model->factors;

    ret_features[FEATURE_CROWD] = dot(taste->crowd, vector, factors);
    ret_features[FEATURE_LIKED] = dot(taste->liked, vector, factors);
}
