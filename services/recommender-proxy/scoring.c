/* scoring.c - see scoring.h. */
#include "services/recommender-proxy/scoring.h"

#include <math.h>
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

const float *scoring_weights(const struct scoring *scoring)
{
    return scoring->local->model->weights[scoring->entry_count > 0].of;
}

/* Of each kind: what was asked for, and what the visitor likes. */
static void fill_kinds(const struct scoring *scoring, float *ret_kinds)
{
    const struct taste *taste = &scoring->taste;
    const float *w = scoring_weights(scoring);
    const char orientation = scoring->query->orientation;
    uint8_t has[TRAITS];

    for (int kind = 0; kind < SHELF_TABLE; kind++)
        ret_kinds[kind] = -INFINITY;
    for (int i = 0; i < SHELF_KINDS; i++) {
        const bool portrait = i % 2;
        float score = w[FEATURE_BASE] + w[FEATURE_OWN] * taste->own[TRAITS][portrait ? 2 : 1];

        if (orientation && portrait != (orientation == 'v'))
            continue;
        for (int trait = TRAITS, rest = i / 2; trait-- > 0; rest /= TRAIT_VALUES) {
            has[trait] = (uint8_t)(rest % TRAIT_VALUES);
            score += w[FEATURE_OWN] * taste->own[trait][has[trait]];
            if (has[trait] && has[trait] == taste->favorite.trait[trait])
                score += w[FEATURE_SEASON + trait];
        }
        ret_kinds[shelf_kind(has, portrait)] = score;
    }
}

/* All features, by the weights: the same as taste.h's give. */
static void init_table(struct scoring *scoring)
{
    const struct model *model = scoring->local->model;
    const struct taste *taste = &scoring->taste;
    const float *w = scoring_weights(scoring);
    struct shelf_table *table = &scoring->table;

    fill_kinds(scoring, table->kind);
    table->popular = w[FEATURE_POPULAR];
    table->fresh = w[FEATURE_FRESH];
    table->group = w[FEATURE_GROUP];
    table->exact = w[FEATURE_EXACT];
    table->generation = taste->generation;
    table->gender = GENERATIONS + taste->gender;
    table->favorite = (uint32_t)taste->favorite.hash;
    for (int k = 0; k < model->factors; k++)
        table->direction[k] =
            w[FEATURE_CROWD] * taste->crowd[k] + w[FEATURE_LIKED] * taste->liked[k];
}

static void add_met(struct scoring *scoring)
{
    const struct marks *marks = &scoring->visitor->marks;
    const struct model *model = scoring->local->model;

    for (uint32_t i = 0; i < marks->count; i++) {
        const uint32_t item = marks->marks[i].item;

        if (item < model->place_room && model->places[item] &&
            &model->shelves[scoring->local->facts.items[item].picture.emotion] ==
                scoring->shelf)
            scoring->scores[model->places[item] - 1] += met_of(&marks->marks[i]);
    }
}

float scoring_exact(const struct scoring *scoring, uint32_t place)
{
    return shelf_score_one(scoring->shelf, &scoring->table, place) +
           scoring_met(scoring, scoring->shelf->items[place].item);
}

bool scoring_is_new(const void *ctx, uint32_t place)
{
    const struct scoring *scoring = ctx;

    return scoring->shelf->times_ms[place] >= scoring->new_since_ms;
}

struct choose_look scoring_look(const void *ctx, uint32_t place)
{
    const struct scoring *scoring = ctx;
    const uint32_t item = scoring->shelf->items[place].item;
    const struct facts_item *fact = &scoring->local->facts.items[item];

    return (struct choose_look){
        .content = fact->content, .look = fact->look, .known = fact->look_state == LOOK_KNOWN};
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
    init_table(scoring);
    scoring->new_since_ms = clock_wall_ms() - local->conf.exploration_age_ms;
    scoring->scores = malloc(((size_t)scoring->shelf->count + 1) * sizeof *scoring->scores);
    if (!scoring->scores)
        return err_set_nomem(err, "the answer");
    shelf_score(scoring->shelf, &scoring->table, scoring->scores);
    if (scoring->visitor)
        add_met(scoring);
    return 0;
}

void scoring_done(struct scoring *scoring)
{
    free(scoring->scores);
}

const float *scoring_vector(const struct scoring *scoring, uint32_t place)
{
    return scoring->shelf->vectors + (size_t)place * (size_t)scoring->shelf->factors;
}
