/* recommender_ranking.c - who foretells best what is liked: our iALS and the local engine,
 * beside popularity, item-kNN and EASE, and implicit's ALS, BPR and item-kNN.
 *
 * Full ranking with a cut in time, as tests/support/rec_split.h says: the first 80 % of the
 * likes are learnt from. Everybody is tuned in the same way, on the last fifth of these, and
 * then trained on all of them. The data sets are two made-up ones (likes of topics; visitors of
 * a garden who were shown its pictures blindly, so that what is liked most is not what was
 * shown most), or the one that DATASET names: a folder with interactions.csv. */
#include <math.h>
#include <stdio.h>

#include "tests/support/figure.h"
#include "tests/support/process.h"
#include "tests/support/rec_engine.h"
#include "tests/support/rec_implicit.h"
#include "tests/support/rec_peers.h"
#include "tests/support/visitors.h"

enum { ASKED_MAX = 20000, VALID_MAX = 4000, VISITORS = 20000, ITEMS = 2048 };

static const char *const implicit_methods[] = {"als", "bpr", "cosine", "tfidf", "bm25"};
enum { IMPLICIT_METHODS = sizeof implicit_methods / sizeof *implicit_methods };

struct ranking {
    const char *data;
    struct rec_split *split, *valid;
    const char *folder;
    uint32_t *rows;
    double best_implicit; /* NDCG@10 */
    struct rec_als_conf tuned;
};

static void check(int r, const struct err *err)
{
    if (r < 0 || err->code < 0)
        give_up("recommender_ranking", err->text);
}

/* limit: the NDCG@10 that it has to reach, 0: none. */
static void print(const struct ranking *r, const char *method, const struct rec_metrics *m,
                  double limit, const char *params)
{
    char name[128];

    (void)snprintf(name, sizeof name, "ranking-%s-%s-ndcg10", r->data, method);
    figure(name, m->ndcg10, "ndcg", AT_LEAST, limit);
    (void)snprintf(name, sizeof name, "ranking-%s-%s-hr10", r->data, method);
    figure_seen(name, m->hr10, "of users");
    (void)snprintf(name, sizeof name, "ranking-%s-%s-recall20", r->data, method);
    figure_seen(name, m->recall20, "of likes");
    (void)fprintf(stderr, "  %s: %s, ndcg10 %.4f +- %.4f, trained in %.2f s with %s\n", r->data,
                  method, m->ndcg10, m->ndcg10_error, m->seconds, params);
}

static void run_implicit(struct ranking *r)
{
    char full[4096], valid[4096];
    struct err err = {0};

    (void)snprintf(full, sizeof full, "%s/full", r->folder);
    (void)snprintf(valid, sizeof valid, "%s/valid", r->folder);
    check(rec_split_write(r->split, full, &err), &err);
    check(rec_split_write(r->valid, valid, &err), &err);
    for (int i = 0; i < IMPLICIT_METHODS; i++) {
        OWNED_VALUE(buf) params = {0};
        struct rec_metrics m;
        char name[64];

        check(rec_implicit_try((const char *[]){implicit_methods[i], valid, NULL}, full,
                               r->split, &m, &params, &err),
              &err);
        (void)snprintf(name, sizeof name, "implicit-%s", implicit_methods[i]);
        print(r, name, &m, 0, buf_text(&params));
        if (m.ndcg10 > r->best_implicit)
            r->best_implicit = m.ndcg10;
    }
}

static void run_method(struct ranking *r, enum rec_method method)
{
    OWNED_VALUE(buf) params = {0};
    struct rec_peer_conf conf;
    struct rec_metrics m;
    struct err err = {0};

    if (method == REC_EASE && r->split->items > REC_EASE_ITEMS_MAX) {
        (void)fprintf(stderr, "  %s: EASE is left out: it takes at most %d items, not %u\n",
                      r->data, REC_EASE_ITEMS_MAX, r->split->items);
        return;
    }
    check(rec_tune(method, r->valid, &conf, &err), &err);
    check(rec_peer_try(&conf, r->split, r->rows, &m, &err), &err);
    rec_peer_describe(&conf, &params);
    print(r, rec_method_names[method], &m, method == REC_IALS ? r->best_implicit : 0,
          buf_text(&params));
    if (method == REC_IALS)
        r->tuned = conf.als;
}

/* With the same parameters as iALS alone. */
static void run_engine(struct ranking *r)
{
    struct rec_local_conf conf = rec_local_defaults;
    struct rec_metrics m;
    struct err err = {0};

    conf.als = r->tuned;
    conf.exploration = 0;
    check(rec_engine_try(&conf, r->split, r->rows, &m, &err), &err);
    print(r, "engine", &m, r->best_implicit, "the same");
}

static void run(const char *data, const struct rec_dataset *dataset)
{
    struct err err = {0};
    OWNED(rec_split) split = rec_split_new(dataset, 0.8, 1, ASKED_MAX, &err);
    OWNED(rec_split) valid = split ? rec_split_new(dataset, 0.64, 0.8, VALID_MAX, &err) : NULL;
    struct ranking r = {.data = data, .split = split, .valid = valid, .folder = folder_new()};

    if (!split || !valid)
        give_up(data, err.text);
    r.rows = malloc((split->asked_count + 1) * REC_TOP * sizeof *r.rows);
    if (!r.rows || split->asked_count == 0 || valid->asked_count == 0)
        give_up(data, "nobody in it liked something before and after the cut");
    (void)fprintf(stderr, "%s: %u users, %u items, %zu likes, %zu users asked\n", data,
                  dataset->users, dataset->items, dataset->count, split->asked_count);
    run_implicit(&r);
    for (int method = 0; method < REC_METHOD_COUNT; method++)
        run_method(&r, method);
    run_engine(&r);
    free(r.rows);
}

/* -- the visitors' likes ------------------------------------------------------------------- */

static void take_round(void *ctx, const struct visitors_round *round)
{
    struct err err = {0};

    for (int i = 0; i < VISITORS_SHOWN; i++)
        if (round->liked[i])
            check(rec_dataset_add(ctx,
                                  &(struct rec_like){(uint32_t)round->visit->visitor,
                                                     round->shown[i], round->time_ms},
                                  &err),
                  &err);
}

static struct rec_dataset *visitors_likes(double scale)
{
    const struct visitors_conf conf = {
        .items = ITEMS, .seed = 1, .start_ms = 1767225600000, .days = 60};
    uint64_t count = (uint64_t)(scale * VISITORS);
    struct err err = {0};
    OWNED(visitors) v = visitors_new(&conf, &err);
    struct rec_dataset *dataset = rec_dataset_empty((uint32_t)count, ITEMS, &err);

    check(0, &err);
    check(visitors_log(v,
                       &(struct visitors_log){.policy = VISITORS_UNIFORM,
                                              .count = count,
                                              .on_round = take_round,
                                              .ctx = dataset},
                       &err),
          &err);
    return dataset;
}

int main(void)
{
    const char *dir = getenv("DATASET");
    double scale = figure_scale();
    struct err err = {0};

    if (dir && *dir) {
        OWNED(rec_dataset) dataset = rec_dataset_read(dir, &err);

        check(0, &err);
        run("dataset", dataset);
        return 0;
    }
    OWNED(rec_dataset)
    topics = rec_dataset_new(&(struct rec_dataset_conf){.users = (uint32_t)(15000 * scale),
                                                        .items = (uint32_t)(3000 * sqrt(scale)),
                                                        .mean = 25,
                                                        .topics = 32,
                                                        .seed = 1},
                             &err);
    check(0, &err);
    run("topics", topics);

    OWNED(rec_dataset) likes = visitors_likes(scale);
    run("visitors", likes);
    return 0;
}
