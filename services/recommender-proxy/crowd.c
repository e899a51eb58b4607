/* crowd.c - see crowd.h. */
#include "services/recommender-proxy/crowd.h"

#include <stdlib.h>
#include <string.h>

enum {
    CELLS = EMOTION_COUNT * GENERATIONS * GENDERS,
    VISITORS_MAX = 200000, /* of more, every second, third, ... is looked at */
    DRAWN_BY = 25,         /* visitors of the wider kind that a mean starts with */
};

struct sums {
    int factors;
    double *sums; /* [CELLS x factors] */
    double counts[CELLS];
};

/* A visitor belongs to each mood that they liked something of. */
static void add_visitor(struct sums *sums, const struct sample *sample, uint32_t row,
                        const float *factors)
{
    unsigned moods = 0;

    for (uint64_t e = sample->row_start[row]; e < sample->row_start[row + 1]; e++)
        if (sample->weight[e] > 0)
            moods |= 1U << sample->of[sample->col[e]].picture.emotion;
    for (int emotion = 0; emotion < EMOTION_COUNT; emotion++) {
        const size_t cell =
            crowd_cell(emotion, sample->row[row].generation, sample->row[row].gender);
        double *sum = sums->sums + cell * (size_t)sums->factors;

        if (!(moods & 1U << emotion))
            continue;
        for (int k = 0; k < sums->factors; k++)
            sum[k] += (double)factors[k];
        sums->counts[cell]++;
    }
}

static void add_all(struct sums *sums, const struct rec_als *als, const struct sample *sample)
{
    const uint32_t step = sample->learnt / VISITORS_MAX + 1;
    float factors[REC_FACTORS_MAX];

    for (uint32_t row = 0; row < sample->learnt; row += step) {
        const uint64_t start = sample->row_start[row];
        const size_t count = sample->row_start[row + 1] - start;

        rec_als_fold_in(als, sample->col + start, sample->weight + start,
                        count < REC_FOLD_MAX ? count : REC_FOLD_MAX, factors);
        add_visitor(sums, sample, row, factors);
    }
}

/* Adds up the cells of a mood, generation and gender; -1: any. Returns how many visitors. */
static double add_cells(const struct sums *sums, int emotion, const int kind[2], double *total)
{
    double count = 0;

    for (size_t cell = 0; cell < CELLS; cell++) {
        const int gender = (int)(cell % GENDERS), e = (int)(cell / GENDERS / GENERATIONS);
        const int generation = (int)(cell / GENDERS % GENERATIONS);

        if ((emotion >= 0 && e != emotion) || (kind[0] >= 0 && generation != kind[0]) ||
            (kind[1] >= 0 && gender != kind[1]))
            continue;
        count += sums->counts[cell];
        for (int k = 0; k < sums->factors; k++)
            total[k] += sums->sums[cell * (size_t)sums->factors + (size_t)k];
    }
    return count;
}

/* (sum + DRAWN_BY * wider) / (count + DRAWN_BY) of the cells that fit; -1: any. */
static void mean_of(const struct sums *sums, int emotion, int generation, int gender,
                    const float *wider, float *ret_mean)
{
    const int kind[] = {generation, gender};
    double total[REC_FACTORS_MAX] = {0};
    const double count = add_cells(sums, emotion, kind, total);

    for (int k = 0; k < sums->factors; k++)
        ret_mean[k] = (float)((total[k] + DRAWN_BY * (wider ? (double)wider[k] : 0)) /
                              (count + DRAWN_BY));
}

/* Of a mood: for each generation and gender, unknown ones being any. */
static void means_of_mood(struct crowd *crowd, const struct sums *sums, int emotion,
                          const float *everybody)
{
    float mood[REC_FACTORS_MAX] = {0};
    float by_generation[REC_FACTORS_MAX] = {0}, by_gender[REC_FACTORS_MAX] = {0};

    mean_of(sums, emotion, -1, -1, everybody, mood);
    for (int generation = 0; generation < GENERATIONS; generation++)
        for (int gender = 0; gender < GENDERS; gender++) {
            float *mean =
                crowd->means + crowd_cell(emotion, generation, gender) * (size_t)crowd->factors;

            mean_of(sums, emotion, generation ? generation : -1, -1, mood, by_generation);
            mean_of(sums, emotion, -1, gender ? gender : -1, mood, by_gender);
            for (int k = 0; k < crowd->factors; k++)
                by_generation[k] += by_gender[k] - mood[k]; /* both effects, added */
            mean_of(sums, emotion, generation ? generation : -1, gender ? gender : -1,
                    by_generation, mean);
        }
}

bool crowd_learn(struct crowd *crowd, const struct rec_als *als, const struct sample *sample)
{
    const int factors = als ? rec_als_factors(als) : 1;
    struct sums sums = {.factors = factors,
                        .sums = calloc((size_t)CELLS * (size_t)factors, sizeof(double))};
    float everybody[REC_FACTORS_MAX];

    *crowd = (struct crowd){.factors = factors,
                            .means = calloc((size_t)CELLS * (size_t)factors, sizeof(float))};
    if (!sums.sums || !crowd->means) {
        free(sums.sums);
        crowd_done(crowd);
        return false;
    }
    if (als) {
        add_all(&sums, als, sample);
        mean_of(&sums, -1, -1, -1, NULL, everybody);
        for (int emotion = 0; emotion < EMOTION_COUNT; emotion++)
            means_of_mood(crowd, &sums, emotion, everybody);
    }
    free(sums.sums);
    return true;
}

void crowd_done(struct crowd *crowd)
{
    free(crowd->means);
    crowd->means = NULL;
}
