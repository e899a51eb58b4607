/* weigh.c - see weigh.h. */
#include "services/recommender-proxy/weigh.h"

#include <stdlib.h>

#include "services/recommender-proxy/taste.h"

enum {
    ROWS_MAX = 60000,
    GUESSES =
        6, /* pictures that stand for what was not liked, where nobody says what was shown */
    TRIES = 12,
};

struct work {
    const struct model *model;
    const struct sample *sample;
    struct weights_row *rows;
    size_t count;
    bool guesses;  /* the log has likes and nothing else */
    bool by_likes; /* guessed is what others like, as often as they do */
};

/* By the ids alone: which half of a visitor's acts is known beforehand. */
static bool is_known(const struct sample *sample, uint32_t row, uint32_t col)
{
    return (sample->row[row].hash ^ sample->item_hash[col]) >> 23 & 1;
}

static const struct shelf_item *item_of(const struct work *work, uint32_t col,
                                        const float **ret_vector)
{
    const struct shelf *shelf = &work->model->shelves[work->sample->of[col].picture.emotion];
    const uint32_t place = work->model->places[work->sample->item[col]] - 1;

    *ret_vector = shelf->vectors + (size_t)place * (size_t)shelf->factors;
    return &shelf->items[place];
}

static void foretell(struct work *work, const struct taste *taste, uint32_t col, bool liked)
{
    struct weights_row *row = &work->rows[work->count++];
    const float *vector;
    const struct shelf_item *item = item_of(work, col, &vector);

    taste_features(taste, item, row->feature);
    taste_products(taste, vector, row->feature);
    row->offset = taste->offset;
    row->liked = liked;
}

static bool has_met(const struct sample *sample, uint32_t row, uint32_t col)
{
    for (uint64_t e = sample->row_start[row]; e < sample->row_start[row + 1]; e++)
        if (sample->col[e] == col)
            return true;
    return false;
}

/* Pictures of the mood that the visitor has not met, by the ids alone. Of a visitor whose likes
 * are known the question is what they like and others do not: next to any pictures, what
 * everybody likes would explain nearly all of it. */
static void guess(struct work *work, const struct taste *taste, uint32_t row, uint32_t col)
{
    const struct sample *sample = work->sample;
    uint64_t random = sample->row[row].hash ^ sample->item_hash[col];

    for (int i = 0, found = 0; i < GUESSES * TRIES && found < GUESSES; i++) {
        uint32_t other;

        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        other = work->by_likes ? sample->col[(random >> 20) % sample->row_start[sample->learnt]]
                               : (uint32_t)((random >> 33) % sample->cols);
        if (work->count == ROWS_MAX || !sample->of[other].live ||
            sample->of[other].picture.emotion != taste->emotion || has_met(sample, row, other))
            continue;
        foretell(work, taste, other, false);
        found++;
    }
}

static void look_at(struct work *work, uint32_t row, bool knowing)
{
    const struct sample *sample = work->sample;
    struct taste_entry entries[REC_FOLD_MAX];
    struct taste taste;
    size_t count = 0;
    int emotion = -1;

    for (uint64_t e = sample->row_start[row]; e < sample->row_start[row + 1]; e++) {
        const uint32_t col = sample->col[e];

        if (emotion < 0)
            emotion = sample->of[col].picture.emotion;
        if (knowing && is_known(sample, row, col) && count < REC_FOLD_MAX)
            entries[count++] = (struct taste_entry){.picture = &sample->of[col].picture,
                                                    .column = col,
                                                    .weight = sample->weight[e]};
    }
    if (emotion < 0)
        return;
    taste_init(&taste, work->model,
               &(struct taste_of){.emotion = emotion,
                                  .favorite = sample->row[row].asked,
                                  .generation = sample->row[row].generation,
                                  .gender = sample->row[row].gender},
               entries, count);
    for (uint64_t e = sample->row_start[row]; e < sample->row_start[row + 1]; e++)
        if (work->count < ROWS_MAX && sample->of[sample->col[e]].picture.emotion == emotion &&
            (!knowing || !is_known(sample, row, sample->col[e]))) {
            foretell(work, &taste, sample->col[e], sample->weight[e] > 0);
            if (work->guesses)
                guess(work, &taste, row, sample->col[e]);
        }
}

/* What was not liked is seldom in the log: then it is taken as saying nothing of it. */
static bool has_likes_only(const struct sample *sample)
{
    size_t others = 0;

    for (size_t e = 0; e < sample->entries; e++)
        others += sample->weight[e] < 0;
    return others * 50 < sample->entries;
}

static void look_at_all(struct work *work, bool knowing)
{
    const struct sample *sample = work->sample;

    for (uint32_t row = sample->learnt; row < sample->rows && work->count < ROWS_MAX; row++)
        look_at(work, row, knowing);
}

/* What was not liked is known: new and known visitors teach the same weights. */
static void weigh_together(struct work *work, struct model *model)
{
    const struct sample *sample = work->sample;

    for (uint32_t row = sample->learnt; row < sample->rows && work->count < ROWS_MAX; row++) {
        look_at(work, row, false);
        look_at(work, row, true);
    }
    model->weights[0] = model->weights[1] = weights_learn(work->rows, work->count);
}

static void weigh_apart(struct work *work, struct model *model)
{
    for (int knowing = 0; knowing < 2; knowing++) {
        work->count = 0;
        work->by_likes = knowing;
        look_at_all(work, knowing);
        model->weights[knowing] = weights_learn(work->rows, work->count);
    }
}

bool weigh(struct model *model, const struct sample *sample)
{
    struct work work = {.model = model, .sample = sample};

    if (sample->learnt == sample->rows)
        return true;
    work.guesses = has_likes_only(sample);
    work.rows = malloc(ROWS_MAX * sizeof *work.rows);
    if (!work.rows)
        return false;
    if (work.guesses)
        weigh_apart(&work, model);
    else
        weigh_together(&work, model);
    free(work.rows);
    return true;
}
