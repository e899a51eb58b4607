#include "tests/support/rec_peers.h"

#include "tests/support/figure.h"
#include "tests/support/rec_models.h"

const char *const rec_method_names[REC_METHOD_COUNT] = {"popularity", "cosine", "tfidf",
                                                        "bm25",       "ease",   "ials"};

struct rec_peer {
    enum rec_method method;
    struct rec_rows
        popular; /* only .start is used: likes of item i are start[i + 1] - start[i] */
    struct rec_knn *knn;
    struct rec_ease *ease;
    struct rec_als *als;
};

static int fit(struct rec_peer *peer, const struct rec_peer_conf *conf,
               const struct rec_split *split, struct err *err)
{
    struct rec_matrix matrix = rec_split_matrix(split);

    switch (conf->method) {
    case REC_POPULARITY:
        return rec_rows_transpose(split, &peer->popular) < 0 ? err_set_nomem(err, "likes") : 0;
    case REC_EASE:
        if (split->items > REC_EASE_ITEMS_MAX)
            return err_set(err, ERR_INVALID, "EASE takes at most %d items, not %u",
                           REC_EASE_ITEMS_MAX, split->items);
        peer->ease = rec_ease_new(conf->lambda, split, err);
        break;
    case REC_IALS:
        peer->als = rec_als_train(&matrix, &conf->als, err);
        break;
    default:
        peer->knn = rec_knn_new(conf, split, err);
    }
    return err->code;
}

struct rec_peer *rec_peer_new(const struct rec_peer_conf *conf, const struct rec_split *split,
                              struct err *err)
{
    struct rec_peer *peer = calloc(1, sizeof *peer);

    if (!peer) {
        (void)err_set_nomem(err, "a recommender");
        return NULL;
    }
    peer->method = conf->method;
    if (fit(peer, conf, split, err) == 0)
        return peer;
    (void)err_wrap(err, "%s", rec_method_names[conf->method]);
    rec_peer_free(peer);
    return NULL;
}

void rec_peer_free(struct rec_peer *peer)
{
    if (!peer)
        return;
    rec_rows_done(&peer->popular);
    rec_knn_free(peer->knn);
    rec_ease_free(peer->ease);
    rec_als_free(peer->als);
    free(peer);
}

static void score_factors(const struct rec_als *als, const struct rec_split *split,
                          const size_t *asked, size_t count, float *ret_scores)
{
    float users[REC_BATCH * REC_FACTORS_MAX], weights[REC_FOLD_MAX];
    int factors = rec_als_factors(als);

    for (size_t k = 0; k < REC_FOLD_MAX; k++)
        weights[k] = 1;
    for (size_t i = 0; i < count; i++) {
        uint32_t user = split->asked[asked[i]];
        uint64_t first = split->train.start[user], size = split->train.start[user + 1] - first;

        if (size > REC_FOLD_MAX) {
            first += size - REC_FOLD_MAX;
            size = REC_FOLD_MAX;
        }
        rec_als_fold_in(als, split->train.items + first, weights, size,
                        users + i * (size_t)factors);
    }
    rec_factors_score(users, count, rec_als_items(als), split->items, factors, ret_scores);
}

void rec_peer_score(void *ctx, const struct rec_split *split, const size_t *asked, size_t count,
                    float *ret_scores)
{
    const struct rec_peer *peer = ctx;

    if (peer->als) {
        score_factors(peer->als, split, asked, count, ret_scores);
        return;
    }
    memset(ret_scores, 0, count * split->items * sizeof *ret_scores);
    for (size_t i = 0; i < count; i++) {
        uint64_t first = split->train.start[split->asked[asked[i]]];
        uint64_t size = split->train.start[split->asked[asked[i]] + 1] - first;
        const uint32_t *items = split->train.items + first;
        float *scores = ret_scores + i * split->items;

        for (uint32_t k = 0; peer->method == REC_POPULARITY && k < split->items; k++)
            scores[k] = (float)(peer->popular.start[k + 1] - peer->popular.start[k]);
        if (peer->knn)
            rec_knn_score(peer->knn, items, size, scores);
        if (peer->ease)
            rec_ease_score(peer->ease, items, size, scores);
    }
}

int rec_peer_try(const struct rec_peer_conf *conf, const struct rec_split *split,
                 uint32_t *ret_ranking, struct rec_metrics *ret_metrics, struct err *err)
{
    double start = figure_now_s(), seconds;
    OWNED(rec_peer) peer = rec_peer_new(conf, split, err);

    if (!peer)
        return err->code;
    seconds = figure_now_s() - start;
    if (rec_rank(split, rec_peer_score, peer, ret_ranking, err) < 0)
        return err->code;
    *ret_metrics = rec_judge(split, ret_ranking);
    ret_metrics->seconds = seconds;
    return 0;
}
