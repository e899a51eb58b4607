/* rec_tune.c - a small grid for each method; see rec_peers.h. As many tries as
 * tools/recommender-peers/peer.py has for a method of the same kind. */
#include <stdio.h>

#include "tests/support/rec_peers.h"

enum { VALUES_MAX = 5, AXES_MAX = 2, ROUNDS_MAX = 3 };

enum parameter {
    NOTHING,
    NEIGHBOURS,
    K1,
    B,
    LAMBDA,
    UNOBSERVED,
    REGULARISATION,
    FACTORS,
    SWEEPS
};

/* All combinations of the axes are tried in each round. */
struct axis {
    enum parameter parameter;
    int count;
    double values[VALUES_MAX];
};

struct grid {
    struct axis rounds[ROUNDS_MAX][AXES_MAX];
};

static const struct grid grids[REC_METHOD_COUNT] = {
    [REC_COSINE] = {{{{NEIGHBOURS, 5, {20, 50, 100, 200, 500}}}}},
    [REC_TFIDF] = {{{{NEIGHBOURS, 5, {20, 50, 100, 200, 500}}}}},
    [REC_BM25] = {{{{NEIGHBOURS, 5, {20, 50, 100, 200, 500}}},
                   {{K1, 3, {1.2, 10, 100}}, {B, 2, {0.75, 0.2}}}}},
    [REC_EASE] = {{{{LAMBDA, 5, {30, 100, 300, 1000, 3000}}}}},
    [REC_IALS] = {{{{UNOBSERVED, 3, {0.1, 0.3, 1}}, {REGULARISATION, 4, {1, 3, 10, 30}}},
                   {{FACTORS, 3, {64, 32, 128}}},
                   {{SWEEPS, 2, {12, 24}}}}},
};

static const struct rec_peer_conf start = {
    .neighbours = 50,
    .k1 = 1.2,
    .b = 0.75,
    .lambda = 300,
    .als = {.factors = 64,
            .sweeps = 12,
            .unobserved = 0.1F,
            .regularisation = 3,
            .frequency = 0,
            .threads = 2,
            .seed = 1},
};

static void set(struct rec_peer_conf *conf, enum parameter parameter, double value)
{
    switch (parameter) {
    case NOTHING:
        break;
    case NEIGHBOURS:
        conf->neighbours = (int)value;
        break;
    case K1:
        conf->k1 = value;
        break;
    case B:
        conf->b = value;
        break;
    case LAMBDA:
        conf->lambda = value;
        break;
    case UNOBSERVED:
        conf->als.unobserved = (float)value;
        break;
    case REGULARISATION:
        conf->als.regularisation = (float)value;
        break;
    case FACTORS:
        conf->als.factors = (int)value;
        break;
    case SWEEPS:
        conf->als.sweeps = (int)value;
        break;
    }
}

struct tuning {
    const struct rec_split *valid;
    uint32_t *ranking;
    struct rec_peer_conf best;
    double ndcg;
};

static int try_one(struct tuning *t, const struct rec_peer_conf *conf, struct err *err)
{
    struct rec_metrics metrics;

    if (rec_peer_try(conf, t->valid, t->ranking, &metrics, err) < 0)
        return err->code;
    if (metrics.ndcg10 > t->ndcg) {
        t->ndcg = metrics.ndcg10;
        t->best = *conf;
    }
    return 0;
}

static int try_round(struct tuning *t, const struct axis axes[AXES_MAX], struct err *err)
{
    const struct rec_peer_conf from = t->best;

    for (int i = 0; i < axes[0].count; i++)
        for (int j = 0; j < (axes[1].count ? axes[1].count : 1); j++) {
            struct rec_peer_conf conf = from;

            set(&conf, axes[0].parameter, axes[0].values[i]);
            set(&conf, axes[1].parameter, axes[1].values[j]);
            if (try_one(t, &conf, err) < 0)
                return err->code;
        }
    return 0;
}

int rec_tune(enum rec_method method, const struct rec_split *valid,
             struct rec_peer_conf *ret_conf, struct err *err)
{
    struct tuning t = {.valid = valid, .best = start, .ndcg = -1};

    t.best.method = method;
    t.ranking = malloc((valid->asked_count + 1) * REC_TOP * sizeof *t.ranking);
    if (!t.ranking)
        (void)err_set_nomem(err, "rankings");
    for (int round = 0; round < ROUNDS_MAX && err->code == 0; round++)
        (void)try_round(&t, grids[method].rounds[round], err);
    free(t.ranking);
    if (err->code == 0)
        *ret_conf = t.best;
    return err->code;
}

void rec_peer_describe(const struct rec_peer_conf *conf, struct buf *out)
{
    const struct rec_als_conf *als = &conf->als;

    switch (conf->method) {
    case REC_BM25:
        buf_printf(out, "k1=%g b=%g ", conf->k1, conf->b); /* fallthrough */
    case REC_COSINE:
    case REC_TFIDF:
        buf_printf(out, "neighbours=%d", conf->neighbours);
        break;
    case REC_EASE:
        buf_printf(out, "lambda=%g", conf->lambda);
        break;
    case REC_IALS:
        buf_printf(out, "factors=%d sweeps=%d unobserved=%g regularisation=%g frequency=%g",
                   als->factors, als->sweeps, (double)als->unobserved,
                   (double)als->regularisation, (double)als->frequency);
        break;
    default:
        break;
    }
}
