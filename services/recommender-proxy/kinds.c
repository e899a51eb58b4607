/* kinds.c - see kinds.h. */
#include "services/recommender-proxy/kinds.h"

#include <stdlib.h>
#include <string.h>

enum { DRAWN_BY = 5 }; /* pictures of the mood that a kind starts with */

static float *trait_of(const struct kinds *kinds, int emotion, int trait, int value)
{
    return kinds->traits +
           (((size_t)emotion * TRAITS + (size_t)trait) * TRAIT_VALUES + (size_t)value) *
               (size_t)kinds->factors;
}

bool kinds_is_known(const float *vector, int factors)
{
    for (int k = 0; k < factors; k++)
        if (vector[k] != 0)
            return true;
    return false;
}

static void add(float *sum, const float *vector, int factors, float times)
{
    for (int k = 0; k < factors; k++)
        sum[k] += vector[k] * times;
}

static void scale(float *sum, int factors, float by)
{
    for (int k = 0; k < factors; k++)
        sum[k] *= by;
}

static void learn_moods(struct kinds *kinds, const float *vectors, const struct sample *sample)
{
    float counts[EMOTION_COUNT] = {0};
    const int factors = kinds->factors;

    for (uint32_t i = 0; i < sample->cols; i++) {
        const uint8_t emotion = sample->of[i].picture.emotion;
        const float *vector = vectors + (size_t)i * (size_t)factors;

        if (!kinds_is_known(vector, factors))
            continue;
        add(kinds->moods + (size_t)emotion * (size_t)factors, vector, factors, 1);
        counts[emotion]++;
    }
    for (size_t e = 0; e < EMOTION_COUNT; e++)
        scale(kinds->moods + e * (size_t)factors, factors, 1 / (counts[e] + DRAWN_BY));
}

/* What each trait's pictures differ by from their mood's mean. */
static void learn_trait(struct kinds *kinds, const float *vectors, const struct sample *sample,
                        int trait)
{
    float counts[EMOTION_COUNT][TRAIT_VALUES] = {0};
    const int factors = kinds->factors;

    for (uint32_t i = 0; i < sample->cols; i++) {
        const struct picture *picture = &sample->of[i].picture;
        const uint8_t value = picture->favorite.trait[trait];
        const float *vector = vectors + (size_t)i * (size_t)factors;
        float *sum = trait_of(kinds, picture->emotion, trait, value);

        if (!kinds_is_known(vector, factors))
            continue;
        add(sum, vector, factors, 1);
        add(sum, kinds->moods + (size_t)picture->emotion * (size_t)factors, factors, -1);
        counts[picture->emotion][value]++;
    }
    for (int e = 0; e < EMOTION_COUNT; e++)
        for (int v = 0; v < TRAIT_VALUES; v++)
            scale(trait_of(kinds, e, trait, v), factors, 1 / (counts[e][v] + DRAWN_BY));
}

static void learn(struct kinds *kinds, const float *vectors, const struct sample *sample)
{
    learn_moods(kinds, vectors, sample);
    for (int trait = 0; trait < TRAITS; trait++)
        learn_trait(kinds, vectors, sample, trait);
}

bool kinds_learn(struct kinds *kinds, const float *vectors, int factors,
                 const struct sample *sample)
{
    const size_t moods = (size_t)EMOTION_COUNT * (size_t)factors;

    *kinds = (struct kinds){.factors = factors,
                            .moods = calloc(moods, sizeof(float)),
                            .traits = calloc(moods * TRAITS * TRAIT_VALUES, sizeof(float))};
    if (!kinds->moods || !kinds->traits) {
        kinds_done(kinds);
        return false;
    }
    if (vectors)
        learn(kinds, vectors, sample);
    return true;
}

void kinds_done(struct kinds *kinds)
{
    free(kinds->moods);
    free(kinds->traits);
    kinds->moods = kinds->traits = NULL;
}

void kinds_vector(const struct kinds *kinds, const struct picture *picture, float *ret_vector)
{
    memcpy(ret_vector, kinds->moods + (size_t)picture->emotion * (size_t)kinds->factors,
           (size_t)kinds->factors * sizeof *ret_vector);
    for (int t = 0; t < TRAITS; t++)
        add(ret_vector, trait_of(kinds, picture->emotion, t, picture->favorite.trait[t]),
            kinds->factors, 1);
}
