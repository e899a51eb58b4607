/* shelf.c - see shelf.h. */
#include "services/recommender-proxy/shelf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/rec/als.h"

enum { FIRST_ROOM = 64, GRAINS = 2047 }; /* so that 256 products fit into 32 bits */

/* Compiled for several processors, chosen at start; the default is plain C everywhere. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define FOR_SEVERAL_PROCESSORS __attribute__((target_clones("avx2", "default"), optimize("O3")))
#else
#define FOR_SEVERAL_PROCESSORS
#endif

void shelf_done(struct shelf *shelf)
{
    free(shelf->items);
    free(shelf->hot);
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

static bool grow_hot(struct shelf *shelf, size_t room)
{
    for (int g = 0; g < GENERATIONS + GENDERS; g++)
        if (!grow((void **)&shelf->groups[g], room * sizeof **shelf->groups))
            return false;
    return grow((void **)&shelf->hot, room * sizeof *shelf->hot) &&
           grow((void **)&shelf->ties, room * sizeof *shelf->ties) &&
           grow((void **)&shelf->times_ms, room * sizeof *shelf->times_ms);
}

static bool make_room(struct shelf *shelf)
{
    const size_t room = shelf->room ? (size_t)shelf->room * 2 : FIRST_ROOM;
    const size_t numbers = room * (size_t)shelf->factors;

    if (shelf->count < shelf->room)
        return true;
    if (!grow_hot(shelf, room) || !grow((void **)&shelf->items, room * sizeof *shelf->items) ||
        !grow((void **)&shelf->vectors, numbers * sizeof *shelf->vectors) ||
        !grow((void **)&shelf->coarse, numbers * sizeof *shelf->coarse) ||
        !grow((void **)&shelf->grains, room * sizeof *shelf->grains))
        return false;
    shelf->room = (uint32_t)room;
    return true;
}

/* numbers in units of the result, which makes the largest GRAINS. */
static float coarsen(const float *numbers, int count, int16_t *ret_coarse)
{
    float largest = 0, grain;

    for (int i = 0; i < count; i++)
        largest = fmaxf(largest, fabsf(numbers[i]));
    grain = largest / GRAINS;
    for (int i = 0; i < count; i++)
        ret_coarse[i] = (int16_t)(grain > 0 ? lrintf(numbers[i] / grain) : 0);
    return grain;
}

void shelf_refresh(struct shelf *shelf, uint32_t place)
{
    const struct shelf_item *item = &shelf->items[place];
    struct shelf_hot *hot = &shelf->hot[place];

    *hot = (struct shelf_hot){.popular = item->popular,
                              .fresh = item->fresh,
                              .favorite = (uint32_t)item->favorite.hash,
                              .live = item->live,
                              .portrait = item->orientation == 'v'};
    memcpy(hot->trait, item->favorite.trait, sizeof hot->trait);
    for (int g = 0; g < GENERATIONS + GENDERS; g++)
        shelf->groups[g][place] = item->group[g];
    shelf->ties[place] = item->tie;
    shelf->times_ms[place] = item->time_ms;
}

bool shelf_add(struct shelf *shelf, const struct shelf_item *item, const float *vector)
{
    const size_t at = (size_t)shelf->count * (size_t)shelf->factors;
    const size_t bytes = (size_t)shelf->factors * sizeof *vector;

    if (!make_room(shelf))
        return false;
    shelf->items[shelf->count] = *item;
    shelf_refresh(shelf, shelf->count);
    if (vector)
        memcpy(shelf->vectors + at, vector, bytes);
    else
        memset(shelf->vectors + at, 0, bytes);
    shelf->grains[shelf->count] =
        coarsen(shelf->vectors + at, shelf->factors, shelf->coarse + at);
    shelf->count++;
    return true;
}

FOR_SEVERAL_PROCESSORS
static void multiply(const struct shelf *shelf, const int16_t *restrict direction, float grain,
                     float *restrict ret_products)
{
    const int16_t *restrict row = shelf->coarse;
    const int factors = shelf->factors;

    for (uint32_t i = 0; i < shelf->count; i++, row += factors) {
        int32_t sum = 0;

        for (int k = 0; k < factors; k++)
            sum += row[k] * direction[k];
        ret_products[i] = (float)sum * shelf->grains[i] * grain;
    }
}

void shelf_multiply(const struct shelf *shelf, const float *direction, float *ret_products)
{
    int16_t coarse[REC_FACTORS_MAX];
    const float grain = coarsen(direction, shelf->factors, coarse);

    multiply(shelf, coarse, grain, ret_products);
}
