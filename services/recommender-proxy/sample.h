/* sample.h - what training learns from: the facts of one moment as a sparse matrix, in an order
 * that follows from the ids alone, so that the same facts give the same model, whatever order
 * they came in. */
#ifndef SERVICES_RECOMMENDER_PROXY_SAMPLE_H
#define SERVICES_RECOMMENDER_PROXY_SAMPLE_H

#include <pthread.h>

#include "lib/rec/interactions.h"
#include "services/recommender-proxy/facts.h"

struct sample_row {
    uint8_t generation, gender;
    struct favorite asked;
    uint64_t hash; /* of the visitor's id */
};

struct sample {
    uint32_t rows, cols;
    uint32_t learnt; /* rows; those after them are held back, to weigh by (weights.h) */
    struct sample_row *row;
    uint64_t *row_start; /* [rows + 1] */
    uint32_t *col;
    float *weight; /* > 0: liked; < 0: shown, skipped or disliked */
    bool *only_shown;
    size_t entries, entry_room;
    uint32_t *item;        /* [cols]: numbers in facts */
    struct facts_item *of; /* [cols]: copies */
    uint64_t *item_hash;   /* [cols] */
};

struct sample_conf {
    float shown, skip, dislike; /* weights of what was not liked, > 0 */
};

/* The weight of a mark in the matrix. */
float sample_weight(const struct mark *mark, const struct sample_conf *conf);

/* Reads the facts, holding the lock for reading a while at a time, so that events are taken in
 * meanwhile. False: no memory. */
bool sample_take(struct sample *sample, const struct facts *facts, pthread_rwlock_t *lock,
                 const struct sample_conf *conf);
void sample_done(struct sample *sample);

#endif
