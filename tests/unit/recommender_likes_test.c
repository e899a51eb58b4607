/* recommender_likes_test.c - a garden of which likes are known and nothing else: a visitor's
 * own taste counts in their answers, and not only what everybody likes. */
#include "tests/support/rec_engine.h"
#include "tests/test.h"

static void score_popular(void *ctx, const struct rec_split *split, const size_t *asked,
                          size_t count, float *ret_scores)
{
    (void)asked;
    for (size_t i = 0; i < count; i++)
        memcpy(ret_scores + i * split->items, ctx, split->items * sizeof *ret_scores);
}

static double popularity_ndcg(const struct rec_split *split, uint32_t *ranking)
{
    float *likes = calloc(split->items, sizeof *likes);
    struct err err = {0};

    CHECK(likes != NULL);
    for (uint64_t k = 0; k < split->train.start[split->users]; k++)
        likes[split->train.items[k]]++;
    CHECK_OK(rec_rank(split, score_popular, likes, ranking, &err), err);
    free(likes);
    return rec_judge(split, ranking).ndcg10;
}

TEST(taste_counts_where_only_likes_are_known)
{
    const struct rec_dataset_conf made = {
        .users = 3000, .items = 1200, .mean = 25, .topics = 32, .seed = 1};
    struct err err = {0};
    OWNED(rec_dataset) dataset = rec_dataset_new(&made, &err);
    OWNED(rec_split) split = dataset ? rec_split_new(dataset, 0.8, 1, 0, &err) : NULL;
    struct rec_local_conf conf = rec_local_defaults;
    struct rec_metrics metrics;
    uint32_t *ranking;
    double popular;

    CHECK(split != NULL);
    ranking = calloc(split->asked_count * REC_TOP, sizeof *ranking);
    CHECK(ranking != NULL);
    popular = popularity_ndcg(split, ranking);
    conf.als.unobserved = 0.3F; /* what recommender_ranking finds for such likes */
    conf.als.regularisation = 10;
    conf.als.frequency = 0;
    conf.exploration = 0;
    CHECK_OK(rec_engine_try(&conf, split, ranking, &metrics, &err), err);
    if (!(metrics.ndcg10 >= 1.25 * popular))
        TEST_FAIL("NDCG@10 is %.4f, that of popularity %.4f", metrics.ndcg10, popular);
    free(ranking);
}
