/* rec_local.c - see rec_local.h: facts, the model that was learnt from them, and answers.
 *
 * One lock for reading and writing guards facts and model. Training reads the facts a while at
 * a time, learns without the lock, and takes it for a moment to put the new model in place. */
#include "services/recommender-proxy/rec_local.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "services/recommender-proxy/rec_local_parts.h"

const struct rec_local_conf rec_local_defaults = {
    .als = {.factors = 64,
            .sweeps = 8,
            .frequency = 1, /* unobserved and regularisation: by what is known (model.c) */
            .seed = 1},
    .exploration = 0.1F,
    .exploration_age_ms = INT64_C(30) * 86400000,
    .shown = 0.3F,
    .skip = 0.5F,
    .dislike = 1,
};

struct sample_conf rec_local_weights(const struct rec_local_conf *conf)
{
    return (struct sample_conf){
        .shown = conf->shown, .skip = conf->skip, .dislike = conf->dislike};
}

static bool put_item(struct rec_local *local, struct model *model, uint32_t number)
{
    return model_put(model, number, intern_hash(local->facts.item_ids, number),
                     &local->facts.items[number]);
}

static int put_model(struct rec_local *local, struct model *model, struct err *err)
{
    struct model *old;
    bool ok = true;

    (void)pthread_rwlock_wrlock(&local->lock);
    for (uint32_t i = 0; i < intern_count(local->facts.item_ids) && ok; i++)
        if (local->facts.items[i].live)
            ok = put_item(local, model, i);
        else
            model_take_off(model, i, local->facts.items[i].picture.emotion);
    old = local->model;
    local->model = ok ? model : old;
    (void)pthread_rwlock_unlock(&local->lock);
    model_free(ok ? old : model);
    return ok ? 0 : err_set_nomem(err, "what is learnt");
}

int rec_local_train(struct rec_local *local, bool (*go_on)(void *ctx, double done), void *ctx,
                    struct err *err)
{
    const struct sample_conf weights = rec_local_weights(&local->conf);
    struct rec_als_conf als = local->conf.als;
    struct sample sample;
    struct model *model;
    uint64_t changes, unused;
    int r;

    als.go_on = go_on;
    als.ctx = ctx;
    (void)pthread_mutex_lock(&local->training);
    rec_local_changes(local, &changes, &unused);
    if (!sample_take(&sample, &local->facts, &local->lock, &weights)) {
        (void)pthread_mutex_unlock(&local->training);
        return err_set_nomem(err, "what is learnt from");
    }
    model = model_learn(&sample, &als, err);
    r = model ? put_model(local, model, err) : err->code;
    sample_done(&sample);
    if (r == 0)
        atomic_store(&local->learnt, changes);
    (void)pthread_mutex_unlock(&local->training);
    return r;
}

void rec_local_changes(struct rec_local *local, uint64_t *ret_now, uint64_t *ret_learnt)
{
    (void)pthread_rwlock_rdlock(&local->lock);
    *ret_now = local->facts.changes;
    (void)pthread_rwlock_unlock(&local->lock);
    *ret_learnt = atomic_load(&local->learnt);
}

uint64_t rec_local_model_id(struct rec_local *local)
{
    uint64_t id;

    (void)pthread_rwlock_rdlock(&local->lock);
    id = local->model->id;
    (void)pthread_rwlock_unlock(&local->lock);
    return id;
}

/* -- events -- */

int rec_local_item(struct rec_local *local, const struct item_event *event, struct err *err)
{
    uint32_t number;
    int r;

    (void)pthread_rwlock_wrlock(&local->lock);
    r = facts_put_item(&local->facts, event, err);
    if (r == 0) {
        number = intern_find(local->facts.item_ids, event->item_id);
        if (!put_item(local, local->model, number))
            r = err_set_nomem(err, "a picture");
    }
    (void)pthread_rwlock_unlock(&local->lock);
    return r;
}

int rec_local_remove(struct rec_local *local, const char *item_id, struct err *err)
{
    uint32_t number;
    int r;

    (void)pthread_rwlock_wrlock(&local->lock);
    r = facts_remove_item(&local->facts, item_id, err);
    number = intern_find(local->facts.item_ids, item_id);
    if (r == 0 && number != INTERN_NONE)
        model_take_off(local->model, number, local->facts.items[number].picture.emotion);
    (void)pthread_rwlock_unlock(&local->lock);
    return r;
}

int rec_local_user(struct rec_local *local, const struct user_event *event, struct err *err)
{
    int r;

    (void)pthread_rwlock_wrlock(&local->lock);
    r = facts_put_user(&local->facts, event, err);
    (void)pthread_rwlock_unlock(&local->lock);
    return r;
}

int rec_local_forget(struct rec_local *local, const char *user_id, int64_t time_ms,
                     struct err *err)
{
    int r;

    (void)pthread_rwlock_wrlock(&local->lock);
    r = facts_forget_user(&local->facts, user_id, time_ms, err);
    (void)pthread_rwlock_unlock(&local->lock);
    return r;
}

int rec_local_interaction(struct rec_local *local, const struct interaction_event *event,
                          struct err *err)
{
    int r;

    (void)pthread_rwlock_wrlock(&local->lock);
    r = facts_act(&local->facts, event, err);
    (void)pthread_rwlock_unlock(&local->lock);
    return r;
}

int rec_local_mood(struct rec_local *local, const char *user_id)
{
    const struct facts_visitor *visitor;
    int emotion;

    (void)pthread_rwlock_rdlock(&local->lock);
    visitor = facts_visitor(&local->facts, user_id);
    emotion = visitor ? visitor->emotion - 1 : -1;
    (void)pthread_rwlock_unlock(&local->lock);
    return emotion;
}

/* -- life -- */

static int recommend(struct rec_engine *engine, const struct rec_query *query,
                     int64_t deadline_ms, struct rec_answer *ret_answer, struct err *err)
{
    struct rec_local *local = (struct rec_local *)engine;
    int r;

    (void)deadline_ms; /* it takes a fraction of a millisecond */
    (void)pthread_rwlock_rdlock(&local->lock);
    r = rec_local_rank(local, query, ret_answer, err);
    (void)pthread_rwlock_unlock(&local->lock);
    return r;
}

static void free_engine(struct rec_engine *engine)
{
    rec_local_free((struct rec_local *)engine);
}

struct rec_local *rec_local_new(const struct rec_local_conf *conf, struct err *err)
{
    struct rec_local *local = calloc(1, sizeof *local);

    if (!local || !facts_init(&local->facts)) {
        free(local);
        (void)err_set_nomem(err, "the local engine");
        return NULL;
    }
    local->engine =
        (struct rec_engine){.name = "local", .recommend = recommend, .free = free_engine};
    local->conf = *conf;
    (void)pthread_rwlock_init(&local->lock, NULL);
    (void)pthread_mutex_init(&local->training, NULL);
    if (rec_local_train(local, NULL, NULL, err) == 0)
        return local;
    rec_local_free(local);
    return NULL;
}

void rec_local_free(struct rec_local *local)
{
    if (!local)
        return;
    facts_done(&local->facts);
    model_free(local->model);
    (void)pthread_rwlock_destroy(&local->lock);
    (void)pthread_mutex_destroy(&local->training);
    free(local);
}

struct rec_engine *rec_local_engine(struct rec_local *local)
{
    return &local->engine;
}
