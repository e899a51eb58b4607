/* scoring.h - all pictures of a visitor's mood with their scores: at once and nearly, by
 * shelf_score, then exactly where it matters. */
#ifndef SERVICES_RECOMMENDER_PROXY_SCORING_H
#define SERVICES_RECOMMENDER_PROXY_SCORING_H

#include "services/recommender-proxy/choose.h"
#include "services/recommender-proxy/rec_local_parts.h"
#include "services/recommender-proxy/taste.h"

enum {
    REASONS = 32
}; /* last likes, which are looked through for the one that speaks for a
      picture */

struct scoring { /* zeroed before scoring_init */
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
    struct shelf_table table;
    float *scores; /* by place on the shelf; -INFINITY: it is not asked for */
    int64_t new_since_ms;
};

/* With the lock of local held for reading, until scoring_done. ERR_INVALID: there is no such
 * mood. */
int scoring_init(struct scoring *scoring, const struct rec_local *local,
                 const struct rec_query *query, struct err *err);
void scoring_done(struct scoring *scoring);

/* The exact score of a picture that is asked for. */
float scoring_exact(const struct scoring *scoring, uint32_t place);

/* As choose.h asks, ctx being a struct scoring: whether a picture is to be explored, and what
 * it looks like. */
bool scoring_is_new(const void *ctx, uint32_t place);
struct choose_look scoring_look(const void *ctx, uint32_t place);

/* What is added to the score of a picture that the visitor has met already. */
float scoring_met(const struct scoring *scoring, uint32_t item);

const float *scoring_vector(const struct scoring *scoring, uint32_t place);

/* What each feature counts for this visitor. */
const float *scoring_weights(const struct scoring *scoring);

float scoring_dot(const float *weights, const float *features, int from, int to);

#endif
