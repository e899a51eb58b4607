/* model.c - see model.h. */
#include "services/recommender-proxy/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "services/recommender-proxy/thinned.h"
#include "services/recommender-proxy/weigh.h"

#define DAY_MS 86400000.0F

enum { LIKES_MIN = 20, VISITORS_MIN = 5 }; /* of fewer nothing in common is learnt */
enum { FRESH_DAYS = 14 };

static bool has_enough(const struct sample *sample)
{
    size_t likes = 0;

    for (size_t e = 0; e < sample->row_start[sample->learnt]; e++)
        likes += sample->weight[e] > 0;
    return likes >= LIKES_MIN && sample->learnt >= VISITORS_MIN;
}

static uint64_t mix(uint64_t id, uint64_t more)
{
    id = (id ^ more) * UINT64_C(0x9e3779b97f4a7c15);
    return id ^ id >> 29;
}

static uint64_t mix_bytes(uint64_t id, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < size; i += sizeof(uint32_t)) {
        uint32_t word;

        memcpy(&word, at + i, sizeof word);
        id = mix(id, word);
    }
    return id;
}

static uint64_t id_of_conf(const struct rec_als_conf *conf)
{
    const float floats[] = {conf->unobserved, conf->regularisation, conf->frequency};

    return mix_bytes(mix(conf->seed, (uint64_t)conf->factors << 32 | (uint64_t)conf->sweeps),
                     floats, sizeof floats);
}

static uint64_t id_of(const struct sample *sample, const struct rec_als_conf *conf)
{
    uint64_t id = id_of_conf(conf);

    for (uint32_t i = 0; i < sample->cols; i++) {
        id = mix(id, sample->item_hash[i] + sample->of[i].live);
        id = mix(id, (uint64_t)sample->of[i].time_ms);
    }
    for (uint32_t row = 0; row < sample->rows; row++) {
        id = mix(id, sample->row[row].hash ^ (uint64_t)(sample->row[row].generation * 16 +
                                                        sample->row[row].gender));
        id = mix(id, sample->row[row].asked.hash ^ sample->row_start[row + 1]);
    }
    id = mix_bytes(id, sample->col, sample->entries * sizeof *sample->col);
    return mix_bytes(id, sample->weight, sample->entries * sizeof *sample->weight);
}

/* -- shelves -- */

static bool place_room(struct model *model, uint32_t item)
{
    uint32_t room = model->place_room ? model->place_room : 1024;
    uint32_t *places;

    if (item < model->place_room)
        return true;
    while (room <= item)
        room *= 2;
    places = realloc(model->places, room * sizeof *places);
    if (!places)
        return false;
    memset(places + model->place_room, 0, (room - model->place_room) * sizeof *places);
    model->places = places;
    model->place_room = room;
    return true;
}

bool model_restore(struct model *model, const struct shelf_item *item, int emotion,
                   const float *vector)
{
    struct shelf *shelf = &model->shelves[emotion];

    if (!place_room(model, item->item) || !shelf_add(shelf, item, vector))
        return false;
    model->places[item->item] = shelf->count;
    return true;
}

/* By its age next to the newest picture's: what is newest stays new however long nothing comes.
 */
static float fresh(const struct model *model, int64_t time_ms)
{
    const float days = (float)(model->newest_ms - time_ms) / DAY_MS;

    return days <= 0 ? 1 : days > 10 * FRESH_DAYS ? 0 : expf(-days / FRESH_DAYS);
}

static struct shelf_item shelf_item_of(const struct model *model, uint32_t number,
                                       uint64_t hash, const struct facts_item *of)
{
    return (struct shelf_item){.item = number,
                               .live = of->live,
                               .fresh = fresh(model, of->time_ms),
                               .tie = hash,
                               .favorite = of->picture.favorite,
                               .orientation = of->picture.orientation,
                               .time_ms = of->time_ms,
                               .column = INTERN_NONE};
}

/* NULL: it is not there. */
static struct shelf_item *find(struct model *model, uint32_t item, int emotion)
{
    return item < model->place_room && model->places[item]
               ? &model->shelves[emotion].items[model->places[item] - 1]
               : NULL;
}

void model_take_off(struct model *model, uint32_t item, int emotion)
{
    struct shelf_item *there = find(model, item, emotion);

    if (there) {
        there->live = false;
        shelf_refresh(&model->shelves[emotion], model->places[item] - 1);
    }
}

bool model_put(struct model *model, uint32_t item, uint64_t hash, const struct facts_item *of)
{
    struct shelf_item *there = find(model, item, of->picture.emotion);
    struct shelf_item new = shelf_item_of(model, item, hash, of);
    float vector[REC_FACTORS_MAX];

    if (there) {
        there->live = new.live;
        there->fresh = new.fresh;
        there->time_ms = new.time_ms;
        shelf_refresh(&model->shelves[of->picture.emotion], model->places[item] - 1);
        return true;
    }
    new.popular = rates_item(&model->rates, &of->picture);
    for (int g = 0; g < RATE_GROUPS; g++)
        new.group[g] = rates_group(&model->rates, &of->picture, g);
    kinds_vector(&model->kinds, &of->picture, vector);
    return model_restore(model, &new, of->picture.emotion, vector);
}

/* Also those that are gone now: what they were liked for still counts. */
static bool fill_shelves(struct model *model, const struct sample *sample)
{
    const float *vectors = model->als ? rec_als_items(model->als) : NULL;
    float guessed[REC_FACTORS_MAX];

    for (uint32_t i = 0; i < sample->cols; i++)
        if (sample->of[i].live && sample->of[i].time_ms > model->newest_ms)
            model->newest_ms = sample->of[i].time_ms;
    for (uint32_t i = 0; i < sample->cols; i++) {
        const struct facts_item *of = &sample->of[i];
        struct shelf_item item =
            shelf_item_of(model, sample->item[i], sample->item_hash[i], of);
        const float *vector = vectors ? vectors + (size_t)i * (size_t)model->factors : NULL;

        item.column = i;
        item.popular = model->rates.item[i];
        memcpy(item.group, model->rates.group + (size_t)i * RATE_GROUPS, sizeof item.group);
        if (!vector || !kinds_is_known(vector, model->factors)) {
            kinds_vector(&model->kinds, &of->picture, guessed);
            vector = guessed;
        }
        if (!model_restore(model, &item, of->picture.emotion, vector))
            return false;
    }
    return true;
}

uint32_t model_column(const struct model *model, uint32_t item, int emotion)
{
    if (!model->als || item >= model->place_room || !model->places[item])
        return INTERN_NONE;
    return model->shelves[emotion].items[model->places[item] - 1].column;
}

/* -- learning -- */

/* How much the unobserved counts, and how much is held back, by the density of the matrix: what
 * is best does not change with the size of a garden if, next to what is observed, the
 * unobserved has the same weight in all, and each visitor is held back by the same amount.
 * Measured on matrices of 1,000 to 1,000,000 visitors: 10 to 20 and 2 to 4 are alike, 10 of the
 * latter is too much. */
static struct rec_als_conf settle(const struct rec_als_conf *conf,
                                  const struct rec_matrix *matrix)
{
    static const float unobserved = 15, held_back = 3;
    const float entries = (float)matrix->row_start[matrix->rows];
    const float rows = (float)matrix->rows, cols = (float)matrix->cols;
    struct rec_als_conf settled = *conf;

    if (settled.unobserved == 0)
        settled.unobserved = fminf(1, unobserved * entries / rows / cols);
    if (settled.regularisation == 0)
        settled.regularisation = held_back / (entries / rows + settled.unobserved * cols);
    return settled;
}

static bool learn_common(struct model *model, const struct sample *sample,
                         const struct rec_als_conf *conf, struct err *err)
{
    struct thinned thinned;

    if (!has_enough(sample))
        return true;
    if (!thinned_make(&thinned, sample)) {
        (void)err_set_nomem(err, "what is learnt from");
        return false;
    }
    model->als_conf = settle(conf, &thinned.matrix);
    model->als = rec_als_train(&thinned.matrix, &model->als_conf, err);
    model->als_conf.go_on = NULL;
    model->als_conf.ctx = NULL;
    thinned_done(&thinned);
    if (model->als)
        model->factors = rec_als_factors(model->als);
    return model->als != NULL;
}

static bool learn(struct model *model, const struct sample *sample,
                  const struct rec_als_conf *conf, struct err *err)
{
    if (!learn_common(model, sample, conf, err))
        return false;
    for (int e = 0; e < EMOTION_COUNT; e++)
        model->shelves[e].factors = model->factors;
    if (!rates_learn(&model->rates, sample) ||
        !kinds_learn(&model->kinds, model->als ? rec_als_items(model->als) : NULL,
                     model->factors, sample) ||
        !crowd_learn(&model->crowd, model->als, sample) || !fill_shelves(model, sample) ||
        !weigh(model, sample)) {
        (void)err_set_nomem(err, "what is learnt");
        return false;
    }
    return true;
}

struct model *model_learn(const struct sample *sample, const struct rec_als_conf *conf,
                          struct err *err)
{
    struct model *model = calloc(1, sizeof *model);

    if (!model) {
        (void)err_set_nomem(err, "what is learnt");
        return NULL;
    }
    model->factors = 1;
    model->weights[0] = model->weights[1] = weights_default;
    model->id = id_of(sample, conf);
    if (learn(model, sample, conf, err))
        return model;
    model_free(model);
    return NULL;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    rec_als_free(model->als);
    rates_done(&model->rates);
    crowd_done(&model->crowd);
    kinds_done(&model->kinds);
    for (int e = 0; e < EMOTION_COUNT; e++)
        shelf_done(&model->shelves[e]);
    free(model->places);
    free(model);
}
