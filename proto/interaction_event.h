/* interaction_event.h - garden.interactions: what a visitor did with a picture, keyed by user
 * id. Kept for ever: what is recommended is learnt from it.
 *
 * {"user_id":"3f0c...","item_id":"emotions/happy/a_3h.jpeg","event_type":"like",
 *  "impression":["emotions/happy/a_3h.jpeg","emotions/happy/b_1h.jpeg"],
 *  "timestamp":1777885687123,"event_id":"9b2e...",
 *  "asked":"happy/spring,sunny,day","recommendation_id":"local-12","propensities":[0.9,0.1]}
 *
 * What the last line has is there where the recommender knows how the pictures came to be
 * shown: without it an act teaches what is liked, but no other policy can be judged by it. */
#ifndef PROTO_INTERACTION_EVENT_H
#define PROTO_INTERACTION_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum { INTERACTION_IMPRESSION_MAX = 100 };

/* In an export (Personalize's format) a like is called "click". */
enum interaction_type {
    INTERACTION_LIKE,
    INTERACTION_DISLIKE,
    INTERACTION_SKIP,
    INTERACTION_VIEW,
};

extern const char *const interaction_type_names[]; /* ends with NULL */

struct interaction_event {
    const char *user_id;
    const char *item_id; /* a picture's key */
    enum interaction_type type;
    const char *const *impression; /* the pictures shown with it, its own included */
    size_t impression_count;
    int64_t timestamp_ms; /* when it was done, by the client's clock; since the epoch */
    const char *event_id; /* the same one again is the same act, sent twice */
    const char *asked;    /* the search key that the pictures were asked for by, or "" */
    const char *recommendation_id; /* of the answer that had them, or "" */
    const double *propensities;    /* with which each of impression was chosen, in its order;
                                      0: not known */
    size_t propensity_count;       /* 0, or impression_count */
};

/* What decode fills points into storage, which is emptied first and which the caller ends with
 * buf_done after use. Both: ERR_INVALID names the member that is missing or wrong. */
int interaction_event_encode(struct buf *out, const struct interaction_event *event,
                             struct err *err);
int interaction_event_decode(const void *bytes, size_t size,
                             struct interaction_event *ret_event, struct buf *storage,
                             struct err *err);

#endif
