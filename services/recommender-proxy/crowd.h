/* crowd.h - what visitors of a kind have in common: the mean of their factors (lib/rec/als.h),
 * by mood, generation and gender. It stands for a visitor of whom no like is known.
 *
 * A mean of few visitors is drawn towards the one of the wider kind: generation and gender
 * within the mood, then the mood, then everybody. */
#ifndef SERVICES_RECOMMENDER_PROXY_CROWD_H
#define SERVICES_RECOMMENDER_PROXY_CROWD_H

#include "lib/rec/als.h"
#include "proto/key.h"
#include "services/recommender-proxy/sample.h"

struct crowd {
    int factors;
    float *means; /* [EMOTION_COUNT][GENERATIONS][GENDERS][factors] */
};

/* False: no memory. als NULL: zeros of one factor. */
bool crowd_learn(struct crowd *crowd, const struct rec_als *als, const struct sample *sample);
void crowd_done(struct crowd *crowd);

static inline size_t crowd_cell(int emotion, int generation, int gender)
{
    return ((size_t)emotion * GENERATIONS + (size_t)generation) * GENDERS + (size_t)gender;
}

static inline const float *crowd_mean(const struct crowd *crowd, int emotion, int generation,
                                      int gender)
{
    return crowd->means + crowd_cell(emotion, generation, gender) * (size_t)crowd->factors;
}

#endif
