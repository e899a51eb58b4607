/* shelf.h - the pictures of one mood, side by side, as scoring reads them. */
#ifndef SERVICES_RECOMMENDER_PROXY_SHELF_H
#define SERVICES_RECOMMENDER_PROXY_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "services/recommender-proxy/facts.h"

struct shelf_item {
    uint32_t item; /* its number in facts */
    bool live;     /* as in facts */
    float fresh;   /* 1: as new as the newest picture, towards 0 */
    uint64_t tie;  /* a hash of its id */
    float popular; /* log of how much more it is liked than its mood's pictures are */
    float group[GENERATIONS + GENDERS]; /* the same, of these visitors next to all; [0] and
                                           [GENERATIONS] are 0: not known */
    struct favorite favorite;
    char orientation;
    int64_t time_ms;
    uint32_t column; /* in the model's matrix, or INTERN_NONE: it is newer */
};

/* What scoring reads of every picture, from front to back: a copy of the items' members, a
 * third of their size. */
struct shelf_hot {
    float popular, fresh;
    uint32_t favorite; /* the lower half of its hash */
    uint8_t trait[TRAITS];
    bool live : 1, portrait : 1;
};

/* vectors: of what visitors have in common; a second time in whole numbers, which are half the
 * memory to read and four times as fast to multiply. */
struct shelf {
    uint32_t count, room;
    int factors;
    struct shelf_item *items;
    struct shelf_hot *hot;                /* [count] */
    float *groups[GENERATIONS + GENDERS]; /* [count] each */
    uint64_t *ties;                       /* [count] */
    int64_t *times_ms;                    /* [count] */
    float *vectors;                       /* [count x factors] */
    int16_t *coarse;                      /* [count x factors]: vector = coarse * grain */
    float *grains;                        /* [count] */
};

void shelf_done(struct shelf *shelf);

/* Copies both; vector NULL: zeros. False: no memory. */
bool shelf_add(struct shelf *shelf, const struct shelf_item *item, const float *vector);

/* After an item on the shelf was changed. */
void shelf_refresh(struct shelf *shelf, uint32_t place);

/* ret_products[i] = vector i . direction, to about a thousandth of the largest. */
void shelf_multiply(const struct shelf *shelf, const float *direction, float *ret_products);

#endif
