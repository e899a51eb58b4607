/* taste.h - a visitor at one moment, and what each picture's features are for them. */
#ifndef SERVICES_RECOMMENDER_PROXY_TASTE_H
#define SERVICES_RECOMMENDER_PROXY_TASTE_H

#include "services/recommender-proxy/model.h"
#include "services/recommender-proxy/rates.h"

/* Something that the visitor met. */
struct taste_entry {
    const struct picture *picture;
    uint32_t column; /* in the model, or INTERN_NONE */
    float weight;    /* as in a sample */
};

struct taste {
    const struct model *model;
    int emotion;
    struct favorite favorite;
    int generation, gender;
    const float *crowd;           /* of the visitor's kind; model's */
    float liked[REC_FACTORS_MAX]; /* the visitor's own factors */
    float own[RATE_KINDS][TRAIT_VALUES];
    float offset; /* log-odds of a like in this mood */
};

/* Who asks, and for what. */
struct taste_of {
    int emotion;
    struct favorite favorite;
    int generation, gender;
};

/* count is at most REC_FOLD_MAX. */
void taste_init(struct taste *taste, const struct model *model, const struct taste_of *of,
                const struct taste_entry *entries, size_t count);

/* All features but the two products. */
void taste_features(const struct taste *taste, const struct shelf_item *item,
                    float ret_features[FEATURES]);

/* The two products. */
void taste_products(const struct taste *taste, const float *vector,
                    float ret_features[FEATURES]);

#endif
