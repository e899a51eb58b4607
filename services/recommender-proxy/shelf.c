/* shelf.c - see shelf.h. */
#include "services/recommender-proxy/shelf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/processors.h"
#include "services/recommender-proxy/dot.h"

enum { FIRST_ROOM = 64, GRAINS = INT8_MAX };

void shelf_done(struct shelf *shelf)
{
    free(shelf->items);
    free(shelf->kinds);
    free(shelf->popular);
    free(shelf->fresh);
    free(shelf->favorites);
    for (int g = 0; g < GENERATIONS + GENDERS; g++)
        free(shelf->groups[g]);
    free(shelf->ties);
    free(shelf->times_ms);
    free(shelf->vectors);
    free(shelf->coarse);
    free(shelf->grains);
    *shelf = (struct shelf){.factors = shelf->factors};
}

static bool grow(void **array, size_t bytes)
{
    void *grown = realloc(*array, bytes);

    if (grown)
        *array = grown;
    return grown != NULL;
}

static bool grow_columns(struct shelf *shelf, size_t room)
{
    for (int g = 0; g < GENERATIONS + GENDERS; g++)
        if (!grow((void **)&shelf->groups[g], room * sizeof **shelf->groups))
            return false;
    return grow((void **)&shelf->kinds, room * sizeof *shelf->kinds) &&
           grow((void **)&shelf->popular, room * sizeof *shelf->popular) &&
           grow((void **)&shelf->fresh, room * sizeof *shelf->fresh) &&
           grow((void **)&shelf->favorites, room * sizeof *shelf->favorites) &&
           grow((void **)&shelf->ties, room * sizeof *shelf->ties) &&
           grow((void **)&shelf->times_ms, room * sizeof *shelf->times_ms);
}

static bool make_room(struct shelf *shelf)
{
    const size_t room = shelf->room ? (size_t)shelf->room * 2 : FIRST_ROOM;
    const size_t numbers = room * (size_t)shelf->factors;

    if (shelf->count < shelf->room)
        return true;
    if (!grow_columns(shelf, room) ||
        !grow((void **)&shelf->items, room * sizeof *shelf->items) ||
        !grow((void **)&shelf->vectors, numbers * sizeof *shelf->vectors) ||
        !grow((void **)&shelf->coarse, numbers * sizeof *shelf->coarse) ||
        !grow((void **)&shelf->grains, room * sizeof *shelf->grains))
        return false;
    shelf->room = (uint32_t)room;
    return true;
}

/* The unit in which the largest number is GRAINS. */
static float grain_of(const float *numbers, int count)
{
    float largest = 0;

    for (int i = 0; i < count; i++)
        largest = fmaxf(largest, fabsf(numbers[i]));
    return largest / GRAINS;
}

static int in_grains(float number, float grain)
{
    return grain > 0 ? (int)lrintf(number / grain) : 0;
}

int shelf_kind(const uint8_t traits[TRAITS], bool portrait)
{
    int kind = 0;

    for (int trait = 0; trait < TRAITS; trait++)
        kind = kind * TRAIT_VALUES + traits[trait];
    return kind * 2 + portrait;
}

void shelf_refresh(struct shelf *shelf, uint32_t place)
{
    const struct shelf_item *item = &shelf->items[place];

    shelf->kinds[place] =
        (uint8_t)(item->live ? shelf_kind(item->favorite.trait, item->orientation == 'v')
                             : SHELF_GONE);
    shelf->popular[place] = item->popular;
    shelf->fresh[place] = item->fresh;
    shelf->favorites[place] = (uint32_t)item->favorite.hash;
    for (int g = 0; g < GENERATIONS + GENDERS; g++)
        shelf->groups[g][place] = item->group[g];
    shelf->ties[place] = item->tie;
    shelf->times_ms[place] = item->time_ms;
}

bool shelf_add(struct shelf *shelf, const struct shelf_item *item, const float *vector)
{
    const size_t at = (size_t)shelf->count * (size_t)shelf->factors;
    const size_t bytes = (size_t)shelf->factors * sizeof *vector;
    float grain;

    if (!make_room(shelf))
        return false;
    shelf->items[shelf->count] = *item;
    shelf_refresh(shelf, shelf->count);
    if (vector)
        memcpy(shelf->vectors + at, vector, bytes);
    else
        memset(shelf->vectors + at, 0, bytes);
    grain = grain_of(shelf->vectors + at, shelf->factors);
    for (int k = 0; k < shelf->factors; k++)
        shelf->coarse[at + (size_t)k] =
            (int8_t)in_grains(shelf->vectors[at + (size_t)k], grain);
    shelf->grains[shelf->count++] = grain;
    return true;
}

/* Adds vector i . direction to each score. */
FOR_SEVERAL_PROCESSORS
static void add_products(const struct shelf *shelf, const int16_t *restrict direction,
                         float grain, float *restrict scores)
{
    const int8_t *restrict row = shelf->coarse;
    const int factors = shelf->factors;

    for (uint32_t i = 0; i < shelf->count; i++, row += factors) {
        int32_t sum = 0;

        for (int k = 0; k < factors; k++)
            sum += (int16_t)row[k] * direction[k];
        scores[i] += (float)sum * shelf->grains[i] * grain;
    }
}

FOR_SEVERAL_PROCESSORS
static void put_features(const struct shelf *shelf, const struct shelf_table *table,
                         float *restrict ret_scores)
{
    const float *restrict of_generation = shelf->groups[table->generation];
    const float *restrict of_gender = shelf->groups[table->gender];
    const float *restrict popular = shelf->popular, *restrict fresh = shelf->fresh;
    const uint32_t *restrict favorites = shelf->favorites, favorite = table->favorite;
    const uint8_t *restrict kinds = shelf->kinds;
    const float exact = favorite ? table->exact : 0;

    for (uint32_t i = 0; i < shelf->count; i++)
        ret_scores[i] = table->kind[kinds[i]] + table->popular * popular[i] +
                        table->fresh * fresh[i] +
                        table->group * (of_generation[i] + of_gender[i]) +
                        (favorites[i] == favorite ? exact : 0);
}

void shelf_score(const struct shelf *shelf, const struct shelf_table *table, float *ret_scores)
{
    const float grain = grain_of(table->direction, shelf->factors);
    int16_t direction[REC_FACTORS_MAX];

    for (int k = 0; k < shelf->factors; k++)
        direction[k] = (int16_t)in_grains(table->direction[k], grain);
    put_features(shelf, table, ret_scores);
    add_products(shelf, direction, grain, ret_scores);
}

float shelf_score_one(const struct shelf *shelf, const struct shelf_table *table,
                      uint32_t place)
{
    const float *vector = shelf->vectors + (size_t)place * (size_t)shelf->factors;
    float score = table->kind[shelf->kinds[place]] + table->popular * shelf->popular[place] +
                  table->fresh * shelf->fresh[place] +
                  table->group * (shelf->groups[table->generation][place] +
                                  shelf->groups[table->gender][place]);

    if (table->favorite && shelf->favorites[place] == table->favorite)
        score += table->exact;
    return score + dot(vector, table->direction, shelf->factors);
}
