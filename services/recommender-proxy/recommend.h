/* recommend.h - an answer, whatever state the engines are in. */
#ifndef SERVICES_RECOMMENDER_PROXY_RECOMMEND_H
#define SERVICES_RECOMMENDER_PROXY_RECOMMEND_H

#include "services/recommender-proxy/recommender_parts.h"

struct recommend_by {
    const char *engine; /* that named the first result */
    char fallback[200]; /* why the one that was to answer did not; "": it did */
};

/* A remote engine is asked first, where there is one, and what must not be shown taken out;
 * what is missing then, or all where it is away, slow or talks nonsense, is the local engine's.
 */
int recommend(struct recommender *recommender, const struct rec_query *query,
              struct rec_answer *ret_answer, struct recommend_by *ret_by, struct err *err);

#endif
