/* best.h - the best of many scores, without sorting them all. */
#ifndef SERVICES_RECOMMENDER_PROXY_BEST_H
#define SERVICES_RECOMMENDER_PROXY_BEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct best {
    float score;
    uint32_t place;
};

/* Whether a comes before b: of equal scores the lower tie, by place, comes first. */
bool best_is_before(const struct best *a, const struct best *b, const uint64_t *ties);

/* Fills up to most of those above -INFINITY, in no order, and returns how many. */
size_t best_find(const float *scores, const uint64_t *ties, uint32_t count, size_t most,
                 struct best *ret_best);

/* Best first. */
void best_sort(struct best *best, size_t count, const uint64_t *ties);

#endif
