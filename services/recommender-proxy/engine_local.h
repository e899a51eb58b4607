/* engine_local.h - the engine that needs nobody: a linear model of what visitors like, by mood,
 * favourite, group and their own likes, learnt from the topics' events.
 *
 * Events may come in any order and more than once; what is known afterwards is the same. Taking
 * an event in is quick; what it changes for its visitor, and how liked an item is, holds from the
 * next answer on. What visitors have in common (lib/rec/als.h) is learnt by training.
 * Thread-safe. */
#ifndef SERVICES_RECOMMENDER_PROXY_ENGINE_LOCAL_H
#define SERVICES_RECOMMENDER_PROXY_ENGINE_LOCAL_H

#include "lib/rec/als.h"
#include "services/recommender-proxy/engine.h"

struct engine_local;

struct engine_local_conf {
    struct rec_als_conf als;    /* go_on and ctx unused */
    float exploration;          /* 0 to 1: the share of places that new items get */
    int64_t exploration_age_ms; /* an item is new for so long */
    float dislike, skip;        /* weights of weak negatives, > 0 */
};

/* What is used where nothing else is set. */
extern const struct engine_local_conf engine_local_defaults;

struct engine_local *engine_local_new(const struct engine_local_conf *conf, struct err *err);
void engine_local_free(struct engine_local *local);
DEFINE_OWNED(engine_local)

/* Each: 0, or ERR_NOMEM, and then nothing changed. Events are as their codec reads them. */
int engine_local_item(struct engine_local *local, const struct item_event *event,
                      struct err *err);
int engine_local_remove(struct engine_local *local, const char *item_id, int64_t time_ms,
                        struct err *err);
int engine_local_user(struct engine_local *local, const struct user_event *event,
                      struct err *err);
int engine_local_forget(struct engine_local *local, const char *user_id, int64_t time_ms,
                        struct err *err);
int engine_local_interaction(struct engine_local *local, const struct interaction_event *event,
                             struct err *err);

/* Learns anew from all that is known, in the caller's thread and conf.als.threads others;
 * answers go on meanwhile. go_on as in rec_als_conf. ERR_TIMEOUT: it was ended; the model is as
 * it was. */
int engine_local_train(struct engine_local *local, bool (*go_on)(void *ctx, double done),
                       void *ctx, struct err *err);

/* The same as an engine; borrowed, ended with local. */
struct rec_engine *engine_local_engine(struct engine_local *local);

#endif
