/* rec_split.h - a data set cut in two at a point in time: what recommenders learn from, and
 * what they should foretell. And how well they do.
 *
 * The cut is one point in time for all (as an operator meets it: the future of everybody is
 * unknown), such that the share `train` of the likes is before it. To be foretold are the likes
 * from there until the share `until`: of users who liked something before the cut, of items
 * that somebody liked before it, that the user had not liked before. Everything that the user
 * liked before is left out of the ranking, and every other item is in it (full ranking, no
 * sampled negatives). */
#ifndef TESTS_SUPPORT_REC_SPLIT_H
#define TESTS_SUPPORT_REC_SPLIT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/rec/interactions.h"
#include "tests/support/rec_dataset.h"

enum { REC_TOP = 20 };
#define REC_NONE UINT32_MAX

struct rec_rows { /* items of each, ascending, each once */
    uint64_t *start;
    uint32_t *items;
};

struct rec_split {
    uint32_t users, items;
    struct rec_rows train; /* a row for each user */
    uint32_t *asked;       /* users who have something to be foretold, ascending */
    size_t asked_count;
    struct rec_rows test; /* a row for each of asked */
};

/* asked_max: no more users than this, evenly chosen; 0: all. */
struct rec_split *rec_split_new(const struct rec_dataset *dataset, double train, double until,
                                size_t asked_max, struct err *err);
void rec_split_free(struct rec_split *split);
DEFINE_OWNED(rec_split)

/* The training part as lib/rec takes it, all weights 1; borrowed. */
struct rec_matrix rec_split_matrix(const struct rec_split *split);

/* Writes and reads the arrays to a folder, made when missing: shape.u64, train_rows.u64,
 * train_cols.u32, asked.u32, test_rows.u64, test_cols.u32; in the machine's byte order. */
int rec_split_write(const struct rec_split *split, const char *folder, struct err *err);
struct rec_split *rec_split_read(const char *folder, struct err *err);

/* A ranking: asked_count rows of REC_TOP items, best first, REC_NONE where there is no more. */

/* Scores of all items for users (indices into asked, count of them, at most REC_BATCH): higher
 * is better, -INFINITY is never shown; ret_scores is [count x items]. From several threads at
 * once. */
enum { REC_BATCH = 8 };
typedef void rec_scorer(void *ctx, const struct rec_split *split, const size_t *asked,
                        size_t count, float *ret_scores);

/* The best of each, without what the user liked before; ties: the lower item first. */
int rec_rank(const struct rec_split *split, rec_scorer *scorer, void *ctx,
             uint32_t *ret_ranking, struct err *err);

/* Reads a ranking that another program wrote (uint32s). */
int rec_ranking_read(const struct rec_split *split, const char *path, uint32_t *ret_ranking,
                     struct err *err);

/* Means over the asked users. ndcg10: sum of 1 / log2(place + 1) of theirs in the first 10,
 * over what the best ranking would have. */
struct rec_metrics {
    double hr10; /* those with at least one of theirs in the first 10 */
    double ndcg10;
    double recall20;     /* theirs in the first 20, over how many they are, at most 20 */
    double ndcg10_error; /* standard error over users */
    double seconds, cpu_s, peak_mb; /* of training, where it was measured */
};

struct rec_metrics rec_judge(const struct rec_split *split, const uint32_t *ranking);

#endif
