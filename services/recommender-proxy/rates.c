/* rates.c - see rates.h. */
#include "services/recommender-proxy/rates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { KIND_M = 20, ITEM_M = 6, GROUP_KIND_M = 30, GROUP_ITEM_M = 8 };

#define RATE_M 10.0     /* times shown that a mood's rate starts with */
#define RATE_START 0.15 /* of likes, before anything is known */
#define SHOWN_SHARE \
    0.02 /* less than this share of what was not liked: nobody said what was shown */

/* Of one picture, over all visitors and over each group of them. */
struct counts {
    double likes, shown;
    float group_likes[RATE_GROUPS], group_shown[RATE_GROUPS];
};

struct work {
    struct rates *rates;
    const struct sample *sample;
    struct counts *counts;
    double *expected;      /* [cols]: likes */
    float *group_expected; /* [cols x RATE_GROUPS] */
};

uint8_t rates_kind_value(const struct picture *picture, int kind)
{
    if (kind < TRAITS)
        return picture->favorite.trait[kind];
    return picture->orientation == 'v' ? 2 : 1;
}

/* Else it is of those of whom that is not known. */
static bool is_group(int group)
{
    return group != 0 && group != GENERATIONS;
}

static float effect_of(double likes, double expected, double m)
{
    return (float)log((likes + m) / (expected + m));
}

static void count(struct work *work)
{
    const struct sample *sample = work->sample;

    for (uint32_t row = 0; row < sample->learnt; row++) {
        const int generation = sample->row[row].generation;
        const int gender = GENERATIONS + sample->row[row].gender;

        for (uint64_t e = sample->row_start[row]; e < sample->row_start[row + 1]; e++) {
            struct counts *counts = &work->counts[sample->col[e]];
            const float liked = sample->weight[e] > 0 ? 1 : 0;

            counts->likes += liked;
            counts->shown++;
            counts->group_likes[generation] += liked;
            counts->group_shown[generation]++;
            counts->group_likes[gender] += liked;
            counts->group_shown[gender]++;
        }
    }
}

/* Where the data set has no impressions, every picture was as likely to be seen. */
static void guess_shown(struct work *work)
{
    const struct sample *sample = work->sample;
    double likes[EMOTION_COUNT] = {0}, shown[EMOTION_COUNT] = {0}, items[EMOTION_COUNT] = {0};

    for (uint32_t i = 0; i < sample->cols; i++) {
        const int emotion = sample->of[i].picture.emotion;

        likes[emotion] += work->counts[i].likes;
        shown[emotion] += work->counts[i].shown;
        items[emotion]++;
    }
    for (uint32_t i = 0; i < sample->cols; i++) {
        struct counts *counts = &work->counts[i];
        const int emotion = sample->of[i].picture.emotion;
        const double all = likes[emotion] / items[emotion] / RATE_START;

        if (shown[emotion] - likes[emotion] >= SHOWN_SHARE * shown[emotion])
            continue;
        for (int g = 0; g < RATE_GROUPS && counts->shown > 0; g++)
            counts->group_shown[g] *= (float)(all / counts->shown);
        counts->shown = all;
    }
}

static void learn_moods(struct work *work)
{
    double likes[EMOTION_COUNT] = {0}, shown[EMOTION_COUNT] = {0};

    for (uint32_t i = 0; i < work->sample->cols; i++) {
        likes[work->sample->of[i].picture.emotion] += work->counts[i].likes;
        shown[work->sample->of[i].picture.emotion] += work->counts[i].shown;
    }
    for (int e = 0; e < EMOTION_COUNT; e++)
        work->rates->mood[e] = (float)((likes[e] + RATE_M * RATE_START) / (shown[e] + RATE_M));
    for (uint32_t i = 0; i < work->sample->cols; i++)
        work->expected[i] = work->counts[i].shown *
                            (double)work->rates->mood[work->sample->of[i].picture.emotion];
}

static void learn_kind(struct work *work, int kind)
{
    double likes[EMOTION_COUNT][TRAIT_VALUES] = {0},
           expected[EMOTION_COUNT][TRAIT_VALUES] = {0};

    for (uint32_t i = 0; i < work->sample->cols; i++) {
        const struct picture *picture = &work->sample->of[i].picture;
        const uint8_t value = rates_kind_value(picture, kind);

        likes[picture->emotion][value] += work->counts[i].likes;
        expected[picture->emotion][value] += work->expected[i];
    }
    for (int e = 0; e < EMOTION_COUNT; e++)
        for (int v = 0; v < TRAIT_VALUES; v++)
            work->rates->kind[e][kind][v] = effect_of(likes[e][v], expected[e][v], KIND_M);
    for (uint32_t i = 0; i < work->sample->cols; i++) {
        const struct picture *picture = &work->sample->of[i].picture;

        work->expected[i] *= exp(
            (double)work->rates->kind[picture->emotion][kind][rates_kind_value(picture, kind)]);
    }
}

static void learn_items(struct work *work)
{
    for (uint32_t i = 0; i < work->sample->cols; i++) {
        const float own = effect_of(work->counts[i].likes, work->expected[i], ITEM_M);

        work->rates->item[i] = own + rates_item(work->rates, &work->sample->of[i].picture);
        work->expected[i] *= exp((double)own);
    }
}

/* What each group would like of each picture if it were as all visitors are. */
static void expect_groups(struct work *work)
{
    for (uint32_t i = 0; i < work->sample->cols; i++)
        for (int g = 0; g < RATE_GROUPS; g++) {
            const struct counts *counts = &work->counts[i];
            const double rate = counts->shown > 0 ? work->expected[i] / counts->shown : 0;

            work->group_expected[i * RATE_GROUPS + g] =
                (float)(rate * (double)counts->group_shown[g]);
        }
}

static void learn_group_kind(struct work *work, int kind)
{
    double likes[EMOTION_COUNT][RATE_GROUPS][TRAIT_VALUES] = {0};
    double expected[EMOTION_COUNT][RATE_GROUPS][TRAIT_VALUES] = {0};

    for (uint32_t i = 0; i < work->sample->cols; i++) {
        const struct picture *picture = &work->sample->of[i].picture;
        const uint8_t value = rates_kind_value(picture, kind);

        for (int g = 0; g < RATE_GROUPS; g++) {
            likes[picture->emotion][g][value] += (double)work->counts[i].group_likes[g];
            expected[picture->emotion][g][value] +=
                (double)work->group_expected[i * RATE_GROUPS + g];
        }
    }
    for (int e = 0; e < EMOTION_COUNT; e++)
        for (int g = 0; g < RATE_GROUPS; g++)
            for (int v = 0; v < TRAIT_VALUES && is_group(g); v++)
                work->rates->group_kind[e][g][kind][v] =
                    effect_of(likes[e][g][v], expected[e][g][v], GROUP_KIND_M);
    for (uint32_t i = 0; i < work->sample->cols; i++) {
        const struct picture *picture = &work->sample->of[i].picture;
        const uint8_t value = rates_kind_value(picture, kind);

        for (int g = 0; g < RATE_GROUPS; g++)
            work->group_expected[i * RATE_GROUPS + g] *=
                expf(work->rates->group_kind[picture->emotion][g][kind][value]);
    }
}

static void learn_group_items(struct work *work)
{
    for (uint32_t i = 0; i < work->sample->cols; i++)
        for (int g = 0; g < RATE_GROUPS; g++)
            work->rates->group[i * RATE_GROUPS + g] =
                !is_group(g) ? 0
                             : rates_group(work->rates, &work->sample->of[i].picture, g) +
                                   effect_of((double)work->counts[i].group_likes[g],
                                             (double)work->group_expected[i * RATE_GROUPS + g],
                                             GROUP_ITEM_M);
}

bool rates_learn(struct rates *rates, const struct sample *sample)
{
    const size_t cols = (size_t)sample->cols + 1;
    struct work work = {.rates = rates,
                        .sample = sample,
                        .counts = calloc(cols, sizeof *work.counts),
                        .expected = calloc(cols, sizeof *work.expected),
                        .group_expected = calloc(cols * RATE_GROUPS, sizeof(float))};
    bool ok;

    *rates = (struct rates){.item = calloc(cols, sizeof *rates->item),
                            .group = calloc(cols * RATE_GROUPS, sizeof *rates->group)};
    ok = work.counts && work.expected && work.group_expected && rates->item && rates->group;
    if (ok) {
        count(&work);
        guess_shown(&work);
        learn_moods(&work);
        for (int kind = 0; kind < RATE_KINDS; kind++)
            learn_kind(&work, kind);
        learn_items(&work);
        expect_groups(&work);
        for (int kind = 0; kind < RATE_KINDS; kind++)
            learn_group_kind(&work, kind);
        learn_group_items(&work);
    } else {
        rates_done(rates);
    }
    free(work.counts);
    free(work.expected);
    free(work.group_expected);
    return ok;
}

void rates_done(struct rates *rates)
{
    free(rates->item);
    free(rates->group);
    rates->item = rates->group = NULL;
}

float rates_item(const struct rates *rates, const struct picture *picture)
{
    float effect = 0;

    for (int kind = 0; kind < RATE_KINDS; kind++)
        effect += rates->kind[picture->emotion][kind][rates_kind_value(picture, kind)];
    return effect;
}

float rates_group(const struct rates *rates, const struct picture *picture, int group)
{
    float effect = 0;

    for (int kind = 0; kind < RATE_KINDS; kind++)
        effect +=
            rates->group_kind[picture->emotion][group][kind][rates_kind_value(picture, kind)];
    return effect;
}
