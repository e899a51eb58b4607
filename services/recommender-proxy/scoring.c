/* scoring.c - see scoring.h. */
#include "services/recommender-proxy/scoring.h"

#include <stdlib.h>

#include "lib/base/clock.h"

/* Added to the score of what the visitor has met: they came for something new. */
#define MET_LIKED (-1.0F)
#define MET_SHOWN (-1.5F)
#define MET_SKIPPED (-2.5F)
#define MET_DISLIKED (-8.0F)

/* Not by the items' numbers, which depend on what came first. */
static bool is_before(const struct liked *one, const struct liked *other)
{
    return one->time != other->time ? one->time > other->time : one->hash < other->hash;
}

static void note_like(struct scoring *scoring, const struct facts_item *item,
                      const struct mark *mark)
{
    const struct model *model = scoring->local->model;
    const struct shelf *shelf = &model->shelves[item->picture.emotion];
    size_t at = scoring->like_count;
    struct liked liked = {.time = mark->verdict,
                          .item = mark->item,
                          .hash = intern_hash(scoring->local->facts.item_ids, mark->item)};

    if (liked.item >= model->place_room || !model->places[liked.item])
        return;
    liked.vector =
        shelf->vectors + (size_t)(model->places[liked.item] - 1) * (size_t)shelf->factors;
    if (at < REASONS)
        scoring->like_count++;
    else if (!is_before(&liked, &scoring->likes[--at]))
        return;
    for (; at > 0 && is_before(&liked, &scoring->likes[at - 1]); at--)
        scoring->likes[at] = scoring->likes[at - 1];
    scoring->likes[at] = liked;
}

static void note_marks(struct scoring *scoring)
{
    const struct sample_conf weights = rec_local_weights(&scoring->local->conf);
    const struct marks *marks = &scoring->visitor->marks;

    for (uint32_t i = marks->count; i-- > 0;) {
        const struct mark *mark = &marks->marks[i];
        const struct facts_item *item = &scoring->local->facts.items[mark->item];

        scoring->entries[scoring->entry_count++] = (struct taste_entry){
            .picture = &item->picture,
            .column = model_column(scoring->local->model, mark->item, item->picture.emotion),
            .weight = sample_weight(mark, &weights)};
        if (mark_is_like(mark))
            note_like(scoring, item, mark);
    }
}

/* What the request says of the visitor comes before what is known. */
static void init_taste(struct scoring *scoring, int emotion, const struct favorite *favorite)
{
    int generation = facts_generation(scoring->query->generation);
    int gender = facts_gender(scoring->query->gender);

    if (scoring->visitor) {
        note_marks(scoring);
        generation = generation ? generation : scoring->visitor->generation;
        gender = gender ? gender : scoring->visitor->gender;
    }
    taste_init(&scoring->taste, scoring->local->model, emotion, favorite, generation, gender,
               scoring->entries, scoring->entry_count);
}

float scoring_met(const struct scoring *scoring, uint32_t item)
{
    const struct mark *mark =
        scoring->visitor ? marks_find(&scoring->visitor->marks, item) : NULL;

    if (!mark)
        return 0;
    if (mark->verdict)
        return mark->liked ? MET_LIKED : MET_DISLIKED;
    return mark->skipped ? MET_SKIPPED : MET_SHOWN;
}

float scoring_dot(const float *weights, const float *features, int from, int to)
{
    float sum = 0;

    for (int i = from; i < to; i++)
        sum += weights[i] * features[i];
    return sum;
}

static void add_candidate(struct scoring *scoring, uint32_t place, float product,
                          int64_t new_since)
{
    const struct shelf_item *item = &scoring->shelf->items[place];
    const struct facts_item *fact = &scoring->local->facts.items[item->item];
    const float *weights = scoring->local->model->weights.of;
    float features[FEATURES] = {0};

    if (!fact->live ||
        (scoring->query->orientation && scoring->query->orientation != item->orientation))
        return;
    taste_features(&scoring->taste, item, features);
    scoring->places[scoring->count] = place;
    scoring->candidates[scoring->count++] = (struct choose_candidate){
        .score = scoring_dot(weights, features, 0, FEATURES) + product +
                 scoring_met(scoring, item->item),
        .new = fact->time_ms >= new_since,
        .tie = intern_hash(scoring->local->facts.item_ids, item->item),
        .content = fact->content,
        .look = fact->look,
        .look_known = fact->look_known};
}

static bool score(struct scoring *scoring)
{
    const struct model *model = scoring->local->model;
    const float *weights = model->weights.of;
    const int64_t new_since = clock_wall_ms() - scoring->local->conf.exploration_age_ms;
    const size_t count = (size_t)scoring->shelf->count + 1;
    float direction[REC_FACTORS_MAX];
    float *products = malloc(count * sizeof *products);

    scoring->candidates = malloc(count * sizeof *scoring->candidates);
    scoring->places = malloc(count * sizeof *scoring->places);
    if (products && scoring->candidates && scoring->places) {
        for (int k = 0; k < model->factors; k++)
            direction[k] = weights[FEATURE_CROWD] * scoring->taste.crowd[k] +
                           weights[FEATURE_LIKED] * scoring->taste.liked[k];
        shelf_multiply(scoring->shelf, direction, products);
        for (uint32_t i = 0; i < scoring->shelf->count; i++)
            add_candidate(scoring, i, products[i], new_since);
    }
    free(products);
    return products && scoring->candidates && scoring->places;
}

int scoring_init(struct scoring *scoring, const struct rec_local *local,
                 const struct rec_query *query, struct err *err)
{
    struct favorite favorite;
    int emotion;

    scoring->local = local;
    scoring->query = query;
    scoring->visitor = facts_visitor(&local->facts, query->user_id);
    if (!picture_ask(query->emotion, &emotion, &favorite))
        return err_set(err, ERR_INVALID, "'%.40s' does not begin with one of the eight moods",
                       query->emotion);
    scoring->shelf = &local->model->shelves[emotion];
    init_taste(scoring, emotion, &favorite);
    return score(scoring) ? 0 : err_set_nomem(err, "the answer");
}

void scoring_done(struct scoring *scoring)
{
    free(scoring->candidates);
    free(scoring->places);
}

const float *scoring_vector(const struct scoring *scoring, uint32_t place)
{
    return scoring->shelf->vectors + (size_t)place * (size_t)scoring->shelf->factors;
}
