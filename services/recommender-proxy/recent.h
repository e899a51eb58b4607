/* recent.h - what was shown to visitors lately, and with which propensities: an act that comes
 * from it can say so (proto/interaction_event.h).
 *
 * Of some ten thousand visitors, each with the first pictures of their last answers; older ones
 * make room. What is not remembered here is not made up. Thread-safe. */
#ifndef SERVICES_RECOMMENDER_PROXY_RECENT_H
#define SERVICES_RECOMMENDER_PROXY_RECENT_H

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "services/recommender-proxy/engine.h"

enum { RECENT_ASKED = 256, RECENT_ID = 128 };

struct recent;

struct recent *recent_new(struct err *err);
void recent_free(struct recent *recent);
DEFINE_OWNED(recent)

/* Remembers an answer beside the visitor's other ones to the same question; another question,
 * or another recommendation_id, forgets those. */
void recent_note(struct recent *recent, const char *user_id, const char *asked,
                 const char *recommendation_id, const struct rec_answer *answer);

struct recent_question {
    char asked[RECENT_ASKED], recommendation_id[RECENT_ID]; /* "": not known */
};

/* What is remembered of the visitor: the question, and for each of the items the propensity, 0
 * where it is not known. Returns how many are known. */
size_t recent_find(struct recent *recent, const char *user_id, const char *const *items,
                   size_t count, double *ret_propensities,
                   struct recent_question *ret_question);

#endif
