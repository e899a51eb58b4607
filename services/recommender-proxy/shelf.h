/* shelf.h - the pictures of one mood, side by side, as scoring reads them. */
#ifndef SERVICES_RECOMMENDER_PROXY_SHELF_H
#define SERVICES_RECOMMENDER_PROXY_SHELF_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/rec/als.h"
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

enum {
    SHELF_KINDS = TRAIT_VALUES * TRAIT_VALUES * TRAIT_VALUES * 2, /* traits and orientation */
    SHELF_GONE = 255, /* the kind of what is not live */
    SHELF_TABLE = 256
};

/* items and vectors are what is known; the rest is a copy of what scoring reads of every
 * picture, by columns. vectors: of what visitors have in common; a second time in whole
 * numbers, which are a quarter of the memory to read. */
struct shelf {
    uint32_t count, room;
    int factors;
    struct shelf_item *items;
    float *vectors;                       /* [count x factors] */
    int8_t *coarse;                       /* [count x factors]: vector = coarse * grain */
    float *grains;                        /* [count] */
    uint8_t *kinds;                       /* [count] */
    float *popular, *fresh;               /* [count] each */
    float *groups[GENERATIONS + GENDERS]; /* [count] each */
    uint32_t *favorites;                  /* [count]: the lower half of the hash */
    uint64_t *ties;                       /* [count] */
    int64_t *times_ms;                    /* [count] */
};

/* What a visitor's score of each picture is summed from. */
struct shelf_table {
    float kind[SHELF_TABLE]; /* by kind; -INFINITY: such a picture is not asked for */
    float popular, fresh, group, exact; /* weights */
    int generation, gender;             /* of the visitor: into groups, both */
    uint32_t favorite;                  /* that was asked for; 0: none */
    float direction[REC_FACTORS_MAX];   /* times which vectors are taken */
};

void shelf_done(struct shelf *shelf);

/* Copies both; vector NULL: zeros. False: no memory. */
bool shelf_add(struct shelf *shelf, const struct shelf_item *item, const float *vector);

/* After an item on the shelf was changed. */
void shelf_refresh(struct shelf *shelf, uint32_t place);

/* The kind of a picture that is live. */
int shelf_kind(const uint8_t traits[TRAITS], bool portrait);

/* ret_scores[place]: -INFINITY where a picture is not asked for. Of what the vectors give it is
 * off by about a hundredth, in a quarter of the time that shelf_score_one takes. */
void shelf_score(const struct shelf *shelf, const struct shelf_table *table, float *ret_scores);

/* The exact score of one picture. */
float shelf_score_one(const struct shelf *shelf, const struct shelf_table *table,
                      uint32_t place);

#endif
