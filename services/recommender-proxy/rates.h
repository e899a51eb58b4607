/* rates.h - how much more some pictures are liked than others, and by whom: logarithms of
 * rates, each drawn towards what is known of its kind as long as little is known of itself.
 *
 * A picture's effect is log((likes + m) / (expected + m)): the posterior mean of a rate with a
 * gamma prior of mean 1 and m events (empirical Bayes, as in Robbins 1956). Expected is what
 * the levels above say: the mood's rate, then the effects of season, weather, time and
 * orientation, one after the other; a new picture has theirs. Effects of a group are relative
 * to all visitors and go the same way. All are sums over the sample, so order does not matter.
 */
#ifndef SERVICES_RECOMMENDER_PROXY_RATES_H
#define SERVICES_RECOMMENDER_PROXY_RATES_H

#include "proto/key.h"
#include "services/recommender-proxy/sample.h"

enum {
    RATE_KINDS = TRAITS + 1, /* season, weather, time, orientation */
    RATE_GROUPS = GENERATIONS + GENDERS,
};

struct rates {
    float mood[EMOTION_COUNT];                           /* likes for each time shown */
    float kind[EMOTION_COUNT][RATE_KINDS][TRAIT_VALUES]; /* effects */
    float group_kind[EMOTION_COUNT][RATE_GROUPS][RATE_KINDS][TRAIT_VALUES];
    float *item;  /* [cols]: effects, kinds included */
    float *group; /* [cols x RATE_GROUPS]: effects, kinds included */
};

/* False: no memory. */
bool rates_learn(struct rates *rates, const struct sample *sample);
void rates_done(struct rates *rates);

/* What a picture has of a kind: below TRAIT_VALUES, 0: not known. */
uint8_t rates_kind_value(const struct picture *picture, int kind);

/* Of a picture that the sample does not know. */
float rates_item(const struct rates *rates, const struct picture *picture);
float rates_group(const struct rates *rates, const struct picture *picture, int group);

#endif
