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
    struct taste_of of = {.emotion = emotion,
                          .favorite = *favorite,
                          .generation = facts_generation(scoring->query->generation),
                          .gender = facts_gender(scoring->query->gender)};

    if (scoring->visitor) {
        note_marks(scoring);
        of.generation = of.generation ? of.generation : scoring->visitor->generation;
        of.gender = of.gender ? of.gender : scoring->visitor->gender;
    }
    taste_init(&scoring->taste, scoring->local->model, &of, scoring->entries,
               scoring->entry_count);
}

static float met_of(const struct mark *mark)
{
    if (mark->verdict)
        return mark->liked ? MET_LIKED : MET_DISLIKED;
    return mark->skipped ? MET_SKIPPED : MET_SHOWN;
}

float scoring_met(const struct scoring *scoring, uint32_t item)
{
    const struct mark *mark =
        scoring->visitor ? marks_find(&scoring->visitor->marks, item) : NULL;

    return mark ? met_of(mark) : 0;
}

float scoring_dot(const float *weights, const float *features, int from, int to)
{
    float sum = 0;

    for (int i = from; i < to; i++)
        sum += weights[i] * features[i];
    return sum;
}

/* The sum of all features but the products, by what a picture has of each kind: the same as
 * taste_features and the weights give, for twelve thousand pictures in a tenth of a
 * millisecond. */
struct table {
    float kind[RATE_KINDS][TRAIT_VALUES]; /* what was asked for, and what the visitor likes */
    float base, popular, group, fresh, exact;
    uint32_t favorite; /* 0: none */
    int generation, gender;
};

static struct table table_of(const struct scoring *scoring)
{
    const struct taste *taste = &scoring->taste;
    const float *w = scoring->local->model->weights.of;
    struct table table = {.base = w[FEATURE_BASE],
                          .popular = w[FEATURE_POPULAR],
                          .group = w[FEATURE_GROUP],
                          .fresh = w[FEATURE_FRESH],
                          .exact = w[FEATURE_EXACT],
                          .favorite = (uint32_t)taste->favorite.hash,
                          .generation = taste->generation,
                          .gender = GENERATIONS + taste->gender};

    for (int kind = 0; kind < RATE_KINDS; kind++)
        for (int value = 0; value < TRAIT_VALUES; value++)
            table.kind[kind][value] = w[FEATURE_OWN] * taste->own[kind][value];
    for (int trait = 0; trait < TRAITS; trait++)
        if (taste->favorite.trait[trait])
            table.kind[trait][taste->favorite.trait[trait]] += w[FEATURE_SEASON + trait];
    return table;
}

static float look_up(const struct table *table, const struct shelf *shelf, uint32_t place)
{
    const struct shelf_hot *hot = &shelf->hot[place];
    float score = table->base + table->popular * hot->popular + table->fresh * hot->fresh +
                  table->group * (shelf->groups[table->generation][place] +
                                  shelf->groups[table->gender][place]) +
                  table->kind[TRAITS][hot->portrait ? 2 : 1];

    for (int trait = 0; trait < TRAITS; trait++)
        score += table->kind[trait][hot->trait[trait]];
    return table->favorite && table->favorite == hot->favorite ? score + table->exact : score;
}

static void add_candidates(struct scoring *scoring, const float *products, int64_t new_since)
{
    const struct table table = table_of(scoring);
    const struct shelf *shelf = scoring->shelf;
    const char orientation = scoring->query->orientation;

    for (uint32_t i = 0; i < shelf->count; i++) {
        if (!shelf->hot[i].live ||
            (orientation && (orientation == 'v') != shelf->hot[i].portrait))
            continue;
        scoring->places[scoring->count] = i;
        scoring->candidates[scoring->count++] =
            (struct choose_candidate){.score = look_up(&table, shelf, i) + products[i],
                                      .new = shelf->times_ms[i] >= new_since,
                                      .tie = shelf->ties[i]};
    }
}

/* The candidate on that place of the shelf, or NULL. */
static struct choose_candidate *candidate_at(struct scoring *scoring, uint32_t place)
{
    uint32_t low = 0, high = scoring->count;

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;

        if (scoring->places[middle] < place)
            low = middle + 1;
        else
            high = middle;
    }
    return low < scoring->count && scoring->places[low] == place ? &scoring->candidates[low]
                                                                 : NULL;
}

static void add_met(struct scoring *scoring)
{
    const struct marks *marks = &scoring->visitor->marks;
    const struct model *model = scoring->local->model;

    for (uint32_t i = 0; i < marks->count; i++) {
        const uint32_t item = marks->marks[i].item;
        struct choose_candidate *candidate;

        if (item >= model->place_room || !model->places[item] ||
            &model->shelves[scoring->local->facts.items[item].picture.emotion] !=
                scoring->shelf)
            continue;
        candidate = candidate_at(scoring, model->places[item] - 1);
        if (candidate)
            candidate->score += met_of(&marks->marks[i]);
    }
}

void scoring_describe(void *ctx, uint32_t candidate)
{
    struct scoring *scoring = ctx;
    const uint32_t item = scoring->shelf->items[scoring->places[candidate]].item;
    const struct facts_item *fact = &scoring->local->facts.items[item];

    scoring->looks[candidate] = (struct choose_look){
        .content = fact->content, .look = fact->look, .known = fact->look_state == LOOK_KNOWN};
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
    scoring->looks = malloc(count * sizeof *scoring->looks);
    if (products && scoring->candidates && scoring->places && scoring->looks) {
        for (int k = 0; k < model->factors; k++)
            direction[k] = weights[FEATURE_CROWD] * scoring->taste.crowd[k] +
                           weights[FEATURE_LIKED] * scoring->taste.liked[k];
        shelf_multiply(scoring->shelf, direction, products);
        add_candidates(scoring, products, new_since);
        if (scoring->visitor)
            add_met(scoring);
    }
    free(products);
    return products && scoring->candidates && scoring->places && scoring->looks;
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
    free(scoring->looks);
}

const float *scoring_vector(const struct scoring *scoring, uint32_t place)
{
    return scoring->shelf->vectors + (size_t)place * (size_t)scoring->shelf->factors;
}
