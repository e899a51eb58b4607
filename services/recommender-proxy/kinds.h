/* kinds.h - what pictures of a kind have in common: mean factors (lib/rec/als.h) by mood,
 * season, weather and time. They stand for a picture that nobody has liked yet. */
#ifndef SERVICES_RECOMMENDER_PROXY_KINDS_H
#define SERVICES_RECOMMENDER_PROXY_KINDS_H

#include "lib/rec/als.h"
#include "proto/key.h"
#include "services/recommender-proxy/sample.h"

struct kinds {
    int factors;
    float *moods;  /* [EMOTION_COUNT x factors] */
    float *traits; /* [EMOTION_COUNT][TRAITS][TRAIT_VALUES][factors]: differences from the
                      mood's */
};

/* vectors: [sample.cols x factors]; those of pictures without a like are zeros, and not
 * counted. False: no memory. */
bool kinds_learn(struct kinds *kinds, const float *vectors, int factors,
                 const struct sample *sample);
void kinds_done(struct kinds *kinds);

/* Factors that are all zeros are those of a picture without a like. */
bool kinds_is_known(const float *vector, int factors);

void kinds_vector(const struct kinds *kinds, const struct picture *picture, float *ret_vector);

#endif
