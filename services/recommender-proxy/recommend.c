/* recommend.c - see recommend.h. */
#include "services/recommender-proxy/recommend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"

enum {
    FAILURES_MAX = 5,    /* in a row */
    LEFT_ALONE_MS = 3000 /* then */
};

static bool is_left_alone(const struct breaker *breaker)
{
    return atomic_load(&breaker->closed_until_ms) > clock_mono_ms();
}

static void note(struct breaker *breaker, bool worked)
{
    if (worked)
        atomic_store(&breaker->failures, 0);
    else if (atomic_fetch_add(&breaker->failures, 1) + 1 >= FAILURES_MAX)
        atomic_store(&breaker->closed_until_ms, clock_mono_ms() + LEFT_ALONE_MS);
}

static bool ask_remote(struct recommender *recommender, const struct rec_query *query,
                       struct rec_answer *answer, struct recommend_by *by)
{
    struct rec_engine *remote = recommender->remote;
    struct err err = {0};

    if (is_left_alone(&recommender->breaker)) {
        (void)snprintf(by->fallback, sizeof by->fallback,
                       "%s failed %d times in a row, and is asked again in a moment",
                       remote->name, FAILURES_MAX);
        return false;
    }
    if (remote->recommend(remote, query, clock_mono_ms() + recommender->conf->engine_ms, answer,
                          &err) < 0) {
        note(&recommender->breaker, false);
        (void)snprintf(by->fallback, sizeof by->fallback, "%s: %.150s", remote->name, err.text);
        return false;
    }
    note(&recommender->breaker, true);
    rec_local_admit(recommender->local, query, answer);
    return true;
}

static bool has(const struct rec_answer *answer, const char *item_id)
{
    for (size_t i = 0; i < answer->count; i++)
        if (strcmp(answer->results[i].item_id, item_id) == 0)
            return true;
    return false;
}

/* Fills up what a remote engine left open. The texts of more move into answer's storage. */
static int fill_up(struct recommender *recommender, const struct rec_query *query,
                   struct rec_answer *answer, struct err *err)
{
    struct rec_engine *local = rec_local_engine(recommender->local);
    struct rec_answer *more = calloc(1, sizeof *more);
    const char *old = answer->storage.data;
    const size_t size = answer->storage.size;
    int r =
        more ? local->recommend(local, query, 0, more, err) : err_set_nomem(err, "the answer");

    if (r == 0) {
        buf_append(&answer->storage, more->storage.data, more->storage.size);
        if (!buf_ok(&answer->storage))
            r = err_set_nomem(err, "the answer");
    }
    for (size_t i = 0; r == 0 && i < answer->count; i++)
        answer->results[i].item_id = answer->storage.data + (answer->results[i].item_id - old);
    for (size_t i = 0; r == 0 && i < more->count && answer->count < query->count; i++) {
        struct rec_result result = more->results[i];
        const char *moved = answer->storage.data + size;

        if (has(answer, result.item_id))
            continue;
        result.item_id = moved + (result.item_id - more->storage.data);
        if (result.why.like)
            result.why.like = moved + (result.why.like - more->storage.data);
        result.propensity = 0; /* places are not as it chose them */
        answer->results[answer->count++] = result;
    }
    if (more)
        rec_answer_done(more);
    free(more);
    return r;
}

int recommend(struct recommender *recommender, const struct rec_query *query,
              struct rec_answer *ret_answer, struct recommend_by *ret_by, struct err *err)
{
    struct rec_engine *local = rec_local_engine(recommender->local);
    const int64_t start = clock_mono_ns();
    int r = 0;

    *ret_by = (struct recommend_by){.engine = local->name};
    if (recommender->remote && ask_remote(recommender, query, ret_answer, ret_by)) {
        if (ret_answer->count)
            ret_by->engine = recommender->remote->name;
        if (ret_answer->count < query->count)
            r = fill_up(recommender, query, ret_answer, err);
    } else {
        r = local->recommend(local, query, 0, ret_answer, err);
    }
    if (*ret_by->fallback)
        metric_add(recommender->figures.fallbacks, 1);
    metric_add(recommender->figures.answers, 1);
    metric_observe(recommender->figures.seconds, (double)(clock_mono_ns() - start) / 1e9);
    return r;
}
