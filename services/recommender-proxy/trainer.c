/* trainer.c - see trainer.h. A training takes all that is known into account, so the last one
 * after a while of quiet does not depend on when the others were. */
#include "services/recommender-proxy/trainer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "services/recommender-proxy/snapshot.h"

enum {
    LOOK_MS = 200,
    REST = 10 /* times as long as a training took is the time to the next one, at least */
};

struct trainer {
    struct trainer_conf conf;
    pthread_t thread;
    bool started;
    atomic_bool stop, ready;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int64_t next_ms;                 /* clock_mono_ms: no training before */
    uint64_t written, written_looks; /* what the snapshot has */
};

static bool go_on(void *ctx, double done)
{
    struct trainer *trainer = ctx;

    (void)done;
    return !atomic_load(&trainer->stop);
}

static void write_snapshot(struct trainer *trainer)
{
    struct rec_local *local = trainer->conf.recommender->local;
    struct follow_offsets *offsets = calloc(INTAKE_TOPICS, sizeof *offsets);
    struct err err = {0};
    const uint64_t looks = rec_local_looks(local);
    uint64_t now, learnt;

    rec_local_changes(local, &now, &learnt);
    if (!offsets || (now == trainer->written && looks == trainer->written_looks)) {
        free(offsets);
        return;
    }
    intake_at(trainer->conf.intake, offsets);
    if (rec_snapshot_write(local, trainer->conf.snapshot, offsets, &err) < 0) {
        trouble_set(trainer->conf.trouble, "the snapshot: %s", err.text);
        log_warn("the snapshot: %s; a start will read the topics from their beginning",
                 err.text);
    } else {
        trouble_clear(trainer->conf.trouble);
        trainer->written = now;
        trainer->written_looks = looks;
    }
    free(offsets);
}

static void note(struct trainer *trainer, int64_t took_ms)
{
    struct recommender *recommender = trainer->conf.recommender;
    const int64_t rest_ms = took_ms * REST, least_ms = recommender->conf->train_s * 1000;
    uint64_t now, learnt;

    trainer->next_ms = clock_mono_ms() + (rest_ms > least_ms ? rest_ms : least_ms);
    rec_local_changes(recommender->local, &now, &learnt);
    metric_add(recommender->figures.trainings, 1);
    metric_set(recommender->figures.training_seconds, (double)took_ms / 1000);
    metric_set(recommender->figures.learnt_changes, (double)learnt);
    log_info("trained in %lld ms", (long long)took_ms);
}

static void train(struct trainer *trainer)
{
    const int64_t start_ms = clock_mono_ms();
    struct err err = {0};

    if (rec_local_train(trainer->conf.recommender->local, go_on, trainer, &err) == 0) {
        note(trainer, clock_mono_ms() - start_ms);
        write_snapshot(trainer);
        atomic_store(&trainer->ready, true);
    } else if (!atomic_load(&trainer->stop)) {
        log_warn("training: %s; answers go on with what was learnt before", err.text);
        trainer->next_ms = clock_mono_ms() + trainer->conf.recommender->conf->train_s * 1000;
        atomic_store(&trainer->ready, true);
    }
}

static void look(struct trainer *trainer)
{
    uint64_t now, learnt;

    if (!intake_is_whole(trainer->conf.intake))
        return;
    rec_local_changes(trainer->conf.recommender->local, &now, &learnt);
    if (now == learnt || (!atomic_load(&trainer->ready) && trainer->conf.restored))
        atomic_store(&trainer->ready, true); /* what is new is learnt while it answers */
    else if (clock_mono_ms() >= trainer->next_ms)
        train(trainer);
}

static void *run(void *arg)
{
    struct trainer *trainer = arg;

    (void)pthread_setname_np(pthread_self(), "trainer");
    while (!atomic_load(&trainer->stop)) {
        struct timespec until;

        look(trainer);
        (void)clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += LOOK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_mutex_lock(&trainer->lock);
        if (!atomic_load(&trainer->stop))
            (void)pthread_cond_timedwait(&trainer->wake, &trainer->lock, &until);
        (void)pthread_mutex_unlock(&trainer->lock);
    }
    if (intake_is_whole(trainer->conf.intake))
        write_snapshot(trainer);
    return NULL;
}

struct trainer *trainer_start(const struct trainer_conf *conf, struct err *err)
{
    struct trainer *trainer = calloc(1, sizeof *trainer);

    if (!trainer) {
        (void)err_set_nomem(err, "the trainer");
        return NULL;
    }
    trainer->conf = *conf;
    (void)pthread_mutex_init(&trainer->lock, NULL);
    (void)pthread_cond_init(&trainer->wake, NULL);
    if (pthread_create(&trainer->thread, NULL, run, trainer) == 0) {
        trainer->started = true;
        return trainer;
    }
    (void)err_set_nomem(err, "the trainer");
    trainer_free(trainer);
    return NULL;
}

void trainer_free(struct trainer *trainer)
{
    if (!trainer)
        return;
    if (trainer->started) {
        (void)pthread_mutex_lock(&trainer->lock);
        atomic_store(&trainer->stop, true);
        (void)pthread_cond_signal(&trainer->wake);
        (void)pthread_mutex_unlock(&trainer->lock);
        (void)pthread_join(trainer->thread, NULL);
    }
    (void)pthread_cond_destroy(&trainer->wake);
    (void)pthread_mutex_destroy(&trainer->lock);
    free(trainer);
}

bool trainer_is_ready(struct trainer *trainer)
{
    return atomic_load(&trainer->ready);
}
