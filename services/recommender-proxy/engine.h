/* engine.h - what chooses pictures for a visitor: our own model (rec_local.c), Amazon
 * Personalize (engine_personalize.c) or Gorse (engine_gorse.c).
 *
 * A remote engine names items only; what is removed, hidden or a near-duplicate is left out
 * afterwards (recommend.h), whoever named it, and where it fails the local one answers. */
#ifndef SERVICES_RECOMMENDER_PROXY_ENGINE_H
#define SERVICES_RECOMMENDER_PROXY_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "proto/interaction_event.h"
#include "proto/item_event.h"
#include "proto/user_event.h"

enum { REC_COUNT_MAX = 500 };

/* Texts are borrowed and never NULL; "" is: not known, or no wish. */
struct rec_query {
    const char *user_id;
    const char *emotion;    /* a search key: "happy", "happy/spring,sunny,day" */
    const char *generation; /* one of user_generations */
    const char *gender;     /* one of user_genders */
    char orientation;       /* 'h', 'v', or 0: either */
    size_t count;           /* 1 to REC_COUNT_MAX */
};

/* Why a result is there: what its score is made of. Parts are log-odds of a like and add up to
 * the score. */
struct rec_why {
    float mood, favorite, group, liked, popular, fresh, met; /* local engine; else zeros.
                                                                met: below 0 for a picture that
                                                                the visitor has met already */
    bool explored;                                           /* shown to learn about it */
    const char *like; /* of the visitor's own likes the one that speaks for it most, or NULL */
};

struct rec_result {
    const char *item_id;
    double score;      /* the engine's own; higher is better */
    double propensity; /* with which it was chosen for its place; 1: surely, 0: not known */
    struct rec_why why;
};

struct rec_answer {
    struct rec_result results[REC_COUNT_MAX]; /* best first */
    size_t count;
    char recommendation_id[128]; /* of a remote engine, or "" */
    struct buf storage;          /* what the texts may point into; ended by rec_answer_done */
};

void rec_answer_done(struct rec_answer *answer);

struct rec_engine {
    const char *name; /* "local", "personalize", "gorse" */

    /* Fills ret_answer, which is zeroed or was used before. Blocks at most until the deadline
     * (clock_mono_ms). ERR_TIMEOUT, ERR_UNAVAILABLE: away or slow; anything else: it answered
     * what cannot be used, and err says what. From several threads at once. */
    int (*recommend)(struct rec_engine *engine, const struct rec_query *query,
                     int64_t deadline_ms, struct rec_answer *ret_answer, struct err *err);

    /* Tells it what happened; each is done once all of the events are safely there. NULL where
     * the engine reads the topics itself. Telling the same again does no harm. ERR_INVALID: the
     * engine will never take the first event, and err says why; others may be tried again.
     * Blocks for up to some seconds; one thread at a time. put_items: of a removed item only
     * item_id is set, the rest is "" and 0. */
    int (*put_items)(struct rec_engine *engine, const struct item_event *events, size_t count,
                     struct err *err);
    int (*put_users)(struct rec_engine *engine, const struct user_event *events, size_t count,
                     struct err *err);
    int (*put_interactions)(struct rec_engine *engine, const struct interaction_event *events,
                            size_t count, struct err *err);

    void (*free)(struct rec_engine *engine);
};

/* NULL is fine. */
void rec_engine_free(struct rec_engine *engine);
DEFINE_OWNED(rec_engine)

#endif
