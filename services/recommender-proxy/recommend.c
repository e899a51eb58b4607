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

static void cut(struct rec_answer *answer, const struct rec_query *query)
{
    if (answer->count > query->count)
        answer->count = query->count;
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
    cut(answer, query);
    return true;
}

static void put_text(struct buf *storage, const char *text)
{
    buf_append(storage, text, strlen(text) + 1);
}

/* Moves the results' texts into a storage that is the answer's alone. */
static int own_texts(struct rec_answer *answer, struct err *err)
{
    struct buf storage = {0};
    const char *text;

    for (size_t i = 0; i < answer->count; i++) {
        put_text(&storage, answer->results[i].item_id);
        put_text(&storage, answer->results[i].why.like ? answer->results[i].why.like : "");
    }
    if (!buf_ok(&storage)) {
        buf_done(&storage);
        return err_set_nomem(err, "the answer");
    }
    buf_done(&answer->storage);
    answer->storage = storage;
    text = buf_text(&answer->storage);
    for (size_t i = 0; i < answer->count; i++) {
        answer->results[i].item_id = text;
        text += strlen(text) + 1;
        answer->results[i].why.like = *text ? text : NULL;
        text += strlen(text) + 1;
    }
    return 0;
}

/* Fills up what a remote engine left open, with nothing that is there already or looks so. */
static int fill_up(struct recommender *recommender, const struct rec_query *query,
                   struct rec_answer *answer, struct err *err)
{
    struct rec_engine *local = rec_local_engine(recommender->local);
    struct rec_answer *more = calloc(1, sizeof *more);
    int r;

    if (!more)
        return err_set_nomem(err, "the answer");
    r = local->recommend(local, query, 0, more, err);
    for (size_t i = 0; r == 0 && i < more->count && answer->count < REC_COUNT_MAX; i++) {
        answer->results[answer->count] = more->results[i];
        answer->results[answer->count++].propensity = 0; /* places are not as it chose them */
    }
    if (r == 0) {
        rec_local_admit(recommender->local, query, answer);
        cut(answer, query);
        r = own_texts(answer, err);
    }
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
