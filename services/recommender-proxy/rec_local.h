/* rec_local.h - the engine that needs nobody: a linear model of what visitors like, by mood,
 * favourite, group and their own likes, learnt from the topics' events.
 *
 * Of pictures and visitors the last event holds, as in their topics; acts may come in any order
 * and more than once. Taking an event in is quick, and what it says of its visitor holds from
 * the next answer on. What visitors have in common, and how liked a picture is, is learnt by
 * training. The same facts, trained on, give the same answers. Thread-safe. */
#ifndef SERVICES_RECOMMENDER_PROXY_REC_LOCAL_H
#define SERVICES_RECOMMENDER_PROXY_REC_LOCAL_H

#include "lib/image/look.h"
#include "lib/rec/als.h"
#include "proto/key.h"
#include "services/recommender-proxy/engine.h"

struct rec_local;

struct rec_local_conf {
    struct rec_als_conf als;    /* go_on and ctx unused */
    float exploration;          /* 0 to 1: the share of places that new items get */
    int64_t exploration_age_ms; /* an item is new for so long */
    float shown, skip, dislike; /* weights of what was not liked, > 0 */
};

/* What is used where nothing else is set. */
extern const struct rec_local_conf rec_local_defaults;

struct rec_local *rec_local_new(const struct rec_local_conf *conf, struct err *err);
void rec_local_free(struct rec_local *local);
DEFINE_OWNED(rec_local)

/* Each: 0, or ERR_NOMEM, and then nothing changed. Events are as their codec reads them. */
int rec_local_item(struct rec_local *local, const struct item_event *event, struct err *err);
int rec_local_remove(struct rec_local *local, const char *item_id, struct err *err);
int rec_local_user(struct rec_local *local, const struct user_event *event, struct err *err);
int rec_local_forget(struct rec_local *local, const char *user_id, int64_t time_ms,
                     struct err *err);
int rec_local_interaction(struct rec_local *local, const struct interaction_event *event,
                          struct err *err);

/* A picture of the garden that nobody has looked at yet. Those that look alike do not meet in
 * an answer; of what was not looked at only the very same bytes are known to be alike. */
struct rec_unseen {
    char item_id[KEY_BYTES];
    uint64_t content; /* with time_ms: which of the pictures that had this key */
    int64_t time_ms;
};

/* The next one from *at on (0: the first), and moves *at past it. False: there is none. */
bool rec_local_next_unseen(struct rec_local *local, uint32_t *at,
                           struct rec_unseen *ret_unseen);
size_t rec_local_unseen_count(struct rec_local *local);

/* What it looks like; NULL: it has no look, and nobody need try again. Is left aside where
 * there is another picture under the key by now. */
void rec_local_look(struct rec_local *local, const struct rec_unseen *unseen,
                    const struct image_look *look);

/* Its bytes were not to be had. It is unseen again when its event comes again, and after a
 * start. */
void rec_local_look_later(struct rec_local *local, const struct rec_unseen *unseen);

/* Grows with each picture that was looked at. */
uint64_t rec_local_looks(struct rec_local *local);

/* The visitor's mood as garden.users has it last, into emotion_names, or -1. */
int rec_local_mood(struct rec_local *local, const char *user_id);

/* Takes out of an answer what must not be shown: pictures that are not in the garden now, are
 * of another mood or orientation than the query's, or look like one before them. Best first
 * stays.
 */
void rec_local_admit(struct rec_local *local, const struct rec_query *query,
                     struct rec_answer *answer);

/* How a policy stands to pictures that another one has shown (lib/rec/off_policy.h): the
 * probability that each would have got its place, the ones before it in the list having got
 * theirs, the estimate of its being liked, and the estimate of what this policy earns at that
 * place. Pictures that are not in the garden get probability 0. The visitor's own acts up to
 * now count.
 */
struct rec_judged {
    double probability, estimate, earns;
};
int rec_local_judge(struct rec_local *local, const struct rec_query *query,
                    const char *const *items, size_t count, struct rec_judged *ret_judged,
                    struct err *err);

/* Learns anew from all that is known, in the caller's thread and conf.als.threads others;
 * answers go on meanwhile. go_on as in rec_als_conf. ERR_TIMEOUT: it was ended; the model is as
 * it was. */
int rec_local_train(struct rec_local *local, bool (*go_on)(void *ctx, double done), void *ctx,
                    struct err *err);

/* The training that answers come from: the same for the same facts and settings. */
uint64_t rec_local_model_id(struct rec_local *local);

/* How many changes there were that training may have to know of, in all and up to the last
 * training. */
void rec_local_changes(struct rec_local *local, uint64_t *ret_now, uint64_t *ret_learnt);

/* The same as an engine; borrowed, ended with local. */
struct rec_engine *rec_local_engine(struct rec_local *local);

#endif
