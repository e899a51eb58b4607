/* rec_models.h - the models behind rec_peers.h, one file each. Each adds the scores of one
 * user's items to ret_scores [items], which are zeros. */
#ifndef TESTS_SUPPORT_REC_MODELS_H
#define TESTS_SUPPORT_REC_MODELS_H

#include "tests/support/rec_peers.h"

struct rec_knn;
struct rec_knn *rec_knn_new(const struct rec_peer_conf *conf, const struct rec_split *split,
                            struct err *err);
void rec_knn_free(struct rec_knn *knn);
void rec_knn_score(const struct rec_knn *knn, const uint32_t *items, size_t count,
                   float *ret_scores);

struct rec_ease;
struct rec_ease *rec_ease_new(double lambda, const struct rec_split *split, struct err *err);
void rec_ease_free(struct rec_ease *ease);
void rec_ease_score(const struct rec_ease *ease, const uint32_t *items, size_t count,
                    float *ret_scores);

/* scores[u x items] of `count` users' factors, laid one after the other. */
void rec_factors_score(const float *users, size_t count, const float *items, size_t item_count,
                       int factors, float *ret_scores);

/* The rows turned: for each item its users, ascending. 0, or -1 without memory. */
int rec_rows_transpose(const struct rec_split *split, struct rec_rows *ret_rows);
void rec_rows_done(struct rec_rows *rows);

#endif
