/* rec_local_rank.c - a visitor's answer: the shelf of their mood, scored, chosen from, and
 * why.
 *
 * All pictures of the mood are scored: products in whole numbers (shelf.h), the other features
 * by the weights. Of the chosen ones all is computed again exactly, for the reasons. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "services/recommender-proxy/choose.h"
#include "services/recommender-proxy/rec_local_parts.h"
#include "services/recommender-proxy/taste.h"

enum {
    REASONS = 32
}; /* last likes, which are looked through for the one that speaks for a
      picture */

/* Added to the score of what the visitor has met: they came for something new. */
#define MET_LIKED (-1.0F)
#define MET_SHOWN (-1.5F)
#define MET_SKIPPED (-2.5F)
#define MET_DISLIKED (-8.0F)

struct work {
    const struct rec_local *local;
    const struct rec_query *query;
    const struct facts_visitor *visitor; /* NULL: nothing is known */
    const struct shelf *shelf;
    struct taste taste;
    struct taste_entry entries[MARKS_MAX];
    size_t entry_count;
    struct liked {
        uint32_t time, item;
        uint64_t hash; /* of the item */
        const float *vector;
    } likes[REASONS]; /* the last one first */
    size_t like_count;
    struct choose_candidate *candidates;
    uint32_t *places; /* on the shelf, of the candidates */
    uint32_t count;
};

static float weight_of(const struct rec_local_conf *conf, const struct mark *mark)
{
    if (mark->verdict)
        return mark->liked ? 1 : -conf->dislike;
    return mark->skipped ? -conf->skip : -conf->shown;
}

/* Not by the items' numbers, which depend on what came first. */
static bool is_before(const struct liked *one, const struct liked *other)
{
    return one->time != other->time ? one->time > other->time : one->hash < other->hash;
}

static void note_like(struct work *work, const struct facts_item *item, const struct mark *mark)
{
    const struct model *model = work->local->model;
    const struct shelf *shelf = &model->shelves[item->picture.emotion];
    size_t at = work->like_count;
    struct liked liked = {.time = mark->verdict,
                          .item = mark->item,
                          .hash = intern_hash(work->local->facts.item_ids, mark->item)};

    if (liked.item >= model->place_room || !model->places[liked.item])
        return;
    liked.vector =
        shelf->vectors + (size_t)(model->places[liked.item] - 1) * (size_t)shelf->factors;
    if (at < REASONS)
        work->like_count++;
    else if (!is_before(&liked, &work->likes[--at]))
        return;
    for (; at > 0 && is_before(&liked, &work->likes[at - 1]); at--)
        work->likes[at] = work->likes[at - 1];
    work->likes[at] = liked;
}

static void note_marks(struct work *work)
{
    const struct marks *marks = &work->visitor->marks;

    for (uint32_t i = marks->count; i-- > 0;) {
        const struct mark *mark = &marks->marks[i];
        const struct facts_item *item = &work->local->facts.items[mark->item];

        work->entries[work->entry_count++] = (struct taste_entry){
            .picture = &item->picture,
            .column = model_column(work->local->model, mark->item, item->picture.emotion),
            .weight = weight_of(&work->local->conf, mark)};
        if (mark_is_like(mark))
            note_like(work, item, mark);
    }
}

/* What the request says of the visitor comes before what is known. */
static void init_taste(struct work *work, int emotion, const struct favorite *favorite)
{
    int generation = facts_generation(work->query->generation);
    int gender = facts_gender(work->query->gender);

    if (work->visitor) {
        note_marks(work);
        generation = generation ? generation : work->visitor->generation;
        gender = gender ? gender : work->visitor->gender;
    }
    taste_init(&work->taste, work->local->model, emotion, favorite, generation, gender,
               work->entries, work->entry_count);
}

static float met(const struct work *work, uint32_t item)
{
    const struct mark *mark = work->visitor ? marks_find(&work->visitor->marks, item) : NULL;

    if (!mark)
        return 0;
    if (mark->verdict)
        return mark->liked ? MET_LIKED : MET_DISLIKED;
    return mark->skipped ? MET_SKIPPED : MET_SHOWN;
}

static float dot(const float *weights, const float *features, int from, int to)
{
    float sum = 0;

    for (int i = from; i < to; i++)
        sum += weights[i] * features[i];
    return sum;
}

static void add_candidate(struct work *work, uint32_t place, float product, int64_t new_since)
{
    const struct shelf_item *item = &work->shelf->items[place];
    const struct facts_item *fact = &work->local->facts.items[item->item];
    const float *weights = work->local->model->weights.of;
    float features[FEATURES] = {0};

    if (!fact->live ||
        (work->query->orientation && work->query->orientation != item->orientation))
        return;
    taste_features(&work->taste, item, features);
    work->places[work->count] = place;
    work->candidates[work->count++] = (struct choose_candidate){
        .score = dot(weights, features, 0, FEATURES) + product + met(work, item->item),
        .new = fact->time_ms >= new_since,
        .tie = intern_hash(work->local->facts.item_ids, item->item),
        .content = fact->content,
        .look = fact->look,
        .look_known = fact->look_known};
}

static bool score(struct work *work)
{
    const struct model *model = work->local->model;
    const float *weights = model->weights.of;
    const int64_t new_since = clock_wall_ms() - work->local->conf.exploration_age_ms;
    const size_t count = (size_t)work->shelf->count + 1;
    float direction[REC_FACTORS_MAX];
    float *products = malloc(count * sizeof *products);

    work->candidates = malloc(count * sizeof *work->candidates);
    work->places = malloc(count * sizeof *work->places);
    if (products && work->candidates && work->places) {
        for (int k = 0; k < model->factors; k++)
            direction[k] = weights[FEATURE_CROWD] * work->taste.crowd[k] +
                           weights[FEATURE_LIKED] * work->taste.liked[k];
        shelf_multiply(work->shelf, direction, products);
        for (uint32_t i = 0; i < work->shelf->count; i++)
            add_candidate(work, i, products[i], new_since);
    }
    free(products);
    return products && work->candidates && work->places;
}

/* -- reasons -- */

static float similarity(const float *a, const float *b, int factors)
{
    float both = 0, one = 0, other = 0;

    for (int k = 0; k < factors; k++) {
        both += a[k] * b[k];
        one += a[k] * a[k];
        other += b[k] * b[k];
    }
    return one > 0 && other > 0 ? both / sqrtf(one * other) : 0;
}

/* The like that is nearest, where it is near at all. */
static uint32_t find_reason(const struct work *work, const float *vector, uint32_t item)
{
    float best = 0.1F;
    uint32_t found = INTERN_NONE;

    for (size_t i = 0; i < work->like_count; i++) {
        const struct liked *liked = &work->likes[i];
        const float near =
            liked->item == item ? 0 : similarity(vector, liked->vector, work->shelf->factors);

        if (near > best) {
            best = near;
            found = liked->item;
        }
    }
    return found;
}

static struct rec_why explain(const struct work *work, uint32_t place, bool explored)
{
    const struct shelf_item *item = &work->shelf->items[place];
    const float *w = work->local->model->weights.of;
    float f[FEATURES] = {0};

    taste_features(&work->taste, item, f);
    taste_products(&work->taste,
                   work->shelf->vectors + (size_t)place * (size_t)work->shelf->factors, f);
    return (struct rec_why){
        .mood = work->taste.offset + w[FEATURE_BASE],
        .favorite = dot(w, f, FEATURE_SEASON, FEATURE_EXACT + 1),
        .group = w[FEATURE_GROUP] * f[FEATURE_GROUP] + w[FEATURE_CROWD] * f[FEATURE_CROWD],
        .liked = w[FEATURE_LIKED] * f[FEATURE_LIKED] + w[FEATURE_OWN] * f[FEATURE_OWN],
        .popular = w[FEATURE_POPULAR] * f[FEATURE_POPULAR],
        .fresh = w[FEATURE_FRESH] * f[FEATURE_FRESH],
        .met = met(work, item->item),
        .explored = explored};
}

static void put_text(struct buf *storage, const char *text)
{
    buf_append(storage, text, strlen(text) + 1);
}

/* Texts are appended first, and pointed to once the storage no longer moves. */
static int put_results(struct work *work, const struct choose_place *places, size_t count,
                       struct rec_answer *answer, struct err *err)
{
    const struct facts *facts = &work->local->facts;
    const char *text;

    buf_clear(&answer->storage);
    for (size_t i = 0; i < count; i++) {
        const uint32_t place = work->places[places[i].candidate];
        const uint32_t item = work->shelf->items[place].item;
        const uint32_t reason = find_reason(
            work, work->shelf->vectors + (size_t)place * (size_t)work->shelf->factors, item);
        struct rec_result *result = &answer->results[i];

        *result = (struct rec_result){.propensity = (double)places[i].propensity,
                                      .why = explain(work, place, places[i].explored)};
        result->score = (double)(result->why.mood + result->why.favorite + result->why.group +
                                 result->why.liked + result->why.popular + result->why.fresh +
                                 result->why.met);
        put_text(&answer->storage, facts_item_id(facts, item));
        put_text(&answer->storage, reason == INTERN_NONE ? "" : facts_item_id(facts, reason));
    }
    if (!buf_ok(&answer->storage))
        return err_set_nomem(err, "the answer");
    text = buf_text(&answer->storage);
    for (size_t i = 0; i < count; i++) {
        answer->results[i].item_id = text;
        text += strlen(text) + 1;
        answer->results[i].why.like = *text ? text : NULL;
        text += strlen(text) + 1;
    }
    answer->count = count;
    return 0;
}

/* Another one with each act of the visitor and with each training. */
static uint64_t seed_of(const struct work *work)
{
    uint64_t seed = work->local->model->id ^ intern_hash_text(work->query->user_id) ^
                    intern_hash_text(work->query->emotion) << 1 ^
                    (uint64_t)work->query->orientation << 56;

    for (uint32_t i = 0; work->visitor && i < work->visitor->marks.count; i++)
        seed += mark_last(&work->visitor->marks.marks[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return seed;
}

int rec_local_rank(const struct rec_local *local, const struct rec_query *query,
                   struct rec_answer *ret_answer, struct err *err)
{
    struct work *work = calloc(1, sizeof *work);
    struct choose_place places[REC_COUNT_MAX];
    struct favorite favorite;
    size_t count = query->count < REC_COUNT_MAX ? query->count : REC_COUNT_MAX;
    bool ok = false;
    int emotion = 0, r = 0;

    if (!work)
        return err_set_nomem(err, "the answer");
    work->local = local;
    work->query = query;
    work->visitor = facts_visitor(&local->facts, query->user_id);
    if (!picture_ask(query->emotion, &emotion, &favorite)) {
        free(work);
        return err_set(err, ERR_INVALID, "'%.40s' does not begin with one of the eight moods",
                       query->emotion);
    }
    work->shelf = &local->model->shelves[emotion];
    init_taste(work, emotion, &favorite);
    if (score(work)) {
        const struct choose_conf conf = {.exploration = local->conf.exploration,
                                         .seed = seed_of(work)};

        count = choose(work->candidates, work->count, &conf, places, count, &ok);
    }
    r = ok ? put_results(work, places, count, ret_answer, err)
           : err_set_nomem(err, "the answer");
    ret_answer->recommendation_id[0] = '\0';
    free(work->candidates);
    free(work->places);
    free(work);
    return r;
}
