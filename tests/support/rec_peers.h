/* rec_peers.h - what a recommender has to be better than, trained on a split: popularity,
 * item-kNN, EASE; and iALS of lib/rec, to be compared with them.
 *
 *   popularity  how many liked it
 *   cosine      sum over the user's items of the similarity, over those of which the item is
 * one of tfidf       the `neighbours` most similar. Similarity: product of the items' rows of
 * users, bm25        weighted. Cosine: 1, rows of length 1. TF-IDF: log(items) - log(1 + likes
 * of the user), rows of length 1. BM25: that times (k1 + 1) / (k1 (1 - b + b likes of the item
 * / their mean) + 1). ease        Steck, Embarrassingly Shallow Autoencoders for Sparse Data
 * (WWW 2019), in closed form: B = I - P / diag(P), P = (X'X + lambda I)^-1. By LAPACK, in
 * doubles: at most REC_EASE_ITEMS_MAX items (8 bytes for each pair of them) ials lib/rec/als.h;
 * a user's factors folded in from its last REC_FOLD_MAX items */
#ifndef TESTS_SUPPORT_REC_PEERS_H
#define TESTS_SUPPORT_REC_PEERS_H

#include "lib/base/buf.h"
#include "lib/rec/als.h"
#include "tests/support/rec_split.h"

enum { REC_EASE_ITEMS_MAX = 8000 };

enum rec_method {
    REC_POPULARITY,
    REC_COSINE,
    REC_TFIDF,
    REC_BM25,
    REC_EASE,
    REC_IALS,
    REC_METHOD_COUNT
};

extern const char *const rec_method_names[REC_METHOD_COUNT];

struct rec_peer_conf {
    enum rec_method method;
    int neighbours; /* item-kNN */
    double k1, b;   /* bm25 */
    double lambda;  /* ease */
    struct rec_als_conf als;
};

struct rec_peer;

/* ERR_INVALID where there are more items than the method takes. */
struct rec_peer *rec_peer_new(const struct rec_peer_conf *conf, const struct rec_split *split,
                              struct err *err);
void rec_peer_free(struct rec_peer *peer);
DEFINE_OWNED(rec_peer)

/* A rec_scorer; ctx is a struct rec_peer *, trained on this split. */
void rec_peer_score(void *ctx, const struct rec_split *split, const size_t *asked, size_t count,
                    float *ret_scores);

/* Trains and ranks; seconds of the result are those of training. */
int rec_peer_try(const struct rec_peer_conf *conf, const struct rec_split *split,
                 uint32_t *ret_ranking, struct rec_metrics *ret_metrics, struct err *err);

/* Of a small grid (in rec_tune.c) the parameters with the best NDCG@10 on valid, tried one
 * after the other: those of the first kind with the defaults of the others, and so on. */
int rec_tune(enum rec_method method, const struct rec_split *valid,
             struct rec_peer_conf *ret_conf, struct err *err);

/* "factors=64 unobserved=0.1 ...": what of conf the method uses. */
void rec_peer_describe(const struct rec_peer_conf *conf, struct buf *out);

#endif
