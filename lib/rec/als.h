/* als.h - matrix factorisation of implicit feedback by alternating least squares (iALS).
 *
 * Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback Datasets (ICDM 2008);
 * regularisation that grows with how much is known of a row, and its importance, as Rendle et
 * al., Revisiting the Performance of iALS on Item Recommendation Benchmarks (RecSys 2022).
 * Minimised over users x and items y:
 *
 *   sum over entries  |w| (p - x.y)^2        p = 1 where w > 0, else 0
 * + unobserved * sum over all pairs (x.y)^2
 * + sum over rows x   lambda |x|^2         and over columns y likewise, with
 *   lambda = regularisation * (entries + unobserved * other side's size)^frequency
 *
 * Each half step is solved exactly. The result depends on the matrix and the conf alone: not on
 * the number of threads, nor on the processor's mood. */
#ifndef LIB_REC_ALS_H
#define LIB_REC_ALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/rec/interactions.h"

enum { REC_FACTORS_MAX = 256 };

/* What to begin with: frequency 1; unobserved 10 to 20 times the share of pairs that have an
 * entry; regularisation so that a row with the average number of entries has about 3 in front
 * of its |x|^2, that is 3 / (entries / rows + unobserved * cols). From 10 on little is left but
 * what everybody likes. 5 to 8 sweeps are enough. */
struct rec_als_conf {
    int factors; /* a multiple of 16, at most REC_FACTORS_MAX */
    int sweeps;  /* over users and items */
    float unobserved;
    float regularisation;
    float frequency; /* 0 to 1: how much more those are held back of whom much is known */
    int threads;     /* 0: every core that the process may use */
    uint64_t seed;
    bool (*go_on)(void *ctx, double done); /* after each half sweep; false ends it: ERR_TIMEOUT.
                                              NULL: none */
    void *ctx;
};

struct rec_als; /* items' factors, and what folding in needs; users' factors are not kept */

/* NULL: ERR_INVALID names what is wrong with conf or matrix, ERR_NOMEM, ERR_TIMEOUT. */
struct rec_als *rec_als_train(const struct rec_matrix *matrix, const struct rec_als_conf *conf,
                              struct err *err);
void rec_als_free(struct rec_als *als);
DEFINE_OWNED(rec_als)

/* From what rec_als_items gave before, copied: a model that was kept in a file. items is [count
 * x conf->factors]. */
struct rec_als *rec_als_new(const struct rec_als_conf *conf, const float *items, uint32_t count,
                            struct err *err);

int rec_als_factors(const struct rec_als *als);
uint32_t rec_als_item_count(const struct rec_als *als);

/* [item_count x factors], borrowed. An item that no entry names has zeros. */
const float *rec_als_items(const struct rec_als *als);

/* The factors of a user from entries as in a matrix's row (columns need not ascend): what a
 * half step would give. Without entries: zeros. count is at most REC_FOLD_MAX. Allocates
 * nothing, but takes from the stack: 50 KiB with 64 factors, up to 800 KiB with 256.
 * Thread-safe. Weights beyond what floats can hold give zeros. */
enum { REC_FOLD_MAX = 1024 };
void rec_als_fold_in(const struct rec_als *als, const uint32_t *items, const float *weights,
                     size_t count, float *ret_user);

#endif
