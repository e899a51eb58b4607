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
#include "services/recommender-proxy/best.h"

/* What is chosen from; pictures are known by their places on a shelf. */
struct choose_from {
    const struct best *best; /* best first; at least choose_reach of them, or all there are */
    size_t best_count;
    uint32_t *new; /* to be explored, all of them, in some order; NULL: nothing is */
    uint32_t new_count;
    bool (*is_new)(const void *ctx, uint32_t place); /* whether a picture is one of them */
};

struct choose_look {
    uint64_t content; /* a hash of the bytes; 0: not known */
    struct image_look look;
    bool known; /* the look is */
};

struct choose_place {
    uint32_t place;
    float propensity;
    bool explored;
};

struct choose_conf {
    float exploration;
    uint64_t seed;                                               /* the same chooses the same */
    struct choose_look (*look)(const void *ctx, uint32_t place); /* of few it is asked */
    const void *ctx;
    uint32_t places; /* above all places that there are */
};

/* How many of the best are to be chosen from, so that there are some in place of what looks
 * like another. */
static inline size_t choose_reach(size_t count)
{
    return count * 2 + 64;
}

/* Fills up to count places, and returns how many; nothing to choose from: 0. from->new is in
 * another order afterwards, and shorter. False in *ret_ok: no memory. */
size_t choose(struct choose_from *from, const struct choose_conf *conf,
              struct choose_place *ret_places, size_t count, bool *ret_ok);

/* Whether two pictures are the same to a visitor. */
bool choose_is_near(const struct choose_look *a, const struct choose_look *b);

#endif
