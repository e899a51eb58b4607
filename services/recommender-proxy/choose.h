/* choose.h - from scores to an order: best first, with new pictures let in by chance so that
 * they get known, each place's probability noted, and no two that look the same.
 *
 * Each place is given, with the probability exploration, to one of the new pictures that are
 * left, all alike; else to the best picture that is left. So the propensity of a picture for
 * its place, given the places before it, is exploration / new ones left, if it is one of them,
 * plus 1 - exploration, if it is the best one left. What looks like a picture before it is not
 * left; of more than 128 new ones only those that were come across are counted so, as
 * the others hardly change what they are divided by. */
#ifndef SERVICES_RECOMMENDER_PROXY_CHOOSE_H
#define SERVICES_RECOMMENDER_PROXY_CHOOSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/image/look.h"

struct choose_candidate {
    float score;
    bool new;     /* to be explored */
    uint64_t tie; /* of equal scores the lower one comes first */
};

struct choose_look {
    uint64_t content; /* a hash of the bytes; 0: not known */
    struct image_look look;
    bool known; /* the look is */
};

struct choose_place {
    uint32_t candidate;
    float propensity;
    bool explored;
};

struct choose_conf {
    float exploration;
    uint64_t seed;                   /* the same seed chooses the same */
    const struct choose_look *looks; /* by candidate */
    /* Fills the look of a candidate, in the caller's array; called once for each that is
     * compared, which few are. NULL: they are filled. */
    void (*describe)(void *ctx, uint32_t candidate);
    void *ctx;
};

/* Fills up to count places, and returns how many; count 0 or candidates none: 0. False in
 * *ret_ok: no memory. */
size_t choose(const struct choose_candidate *candidates, uint32_t candidate_count,
              const struct choose_conf *conf, struct choose_place *ret_places, size_t count,
              bool *ret_ok);

/* Whether a comes before b. */
bool choose_is_better(const struct choose_candidate *a, const struct choose_candidate *b);

/* Whether two pictures are the same to a visitor. */
bool choose_is_near(const struct choose_look *a, const struct choose_look *b);

#endif
