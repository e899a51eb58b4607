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

static bool is_known(const float *vector, int factors)
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

/* Means over the moods, then what each trait's pictures differ by. */
static void learn(struct kinds *kinds, const float *vectors, const struct sample *sample)
{
    float moods[EMOTION_COUNT] = {0}, traits[EMOTION_COUNT][TRAITS][TRAIT_VALUES] = {0};
    const int factors = kinds->factors;

    for (int again = 0; again < 2; again++) {
        for (uint32_t i = 0; i < sample->cols; i++) {
            const struct picture *picture = &sample->of[i].picture;
            const float *vector = vectors + (size_t)i * (size_t)factors;
            float *mood = kinds->moods + (size_t)picture->emotion * (size_t)factors;

            if (!is_known(vector, factors))
                continue;
            if (!again) {
                add(mood, vector, factors, 1);
                moods[picture->emotion]++;
                continue;
            }
            for (int t = 0; t < TRAITS; t++) {
                const uint8_t value = picture->favorite.trait[t];
                float *trait = trait_of(kinds, picture->emotion, t, value);

                add(trait, vector, factors, 1);
                add(trait, mood, factors, -1);
                traits[picture->emotion][t][value]++;
            }
        }
        for (int e = 0; e < EMOTION_COUNT; e++) {
            if (!again)
                scale(kinds->moods + (size_t)e * (size_t)factors, factors,
                      1 / (moods[e] + DRAWN_BY));
            for (int t = 0; t < TRAITS && again; t++)
                for (int v = 0; v < TRAIT_VALUES; v++)
                    scale(trait_of(kinds, e, t, v), factors, 1 / (traits[e][t][v] + DRAWN_BY));
        }
    }
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
