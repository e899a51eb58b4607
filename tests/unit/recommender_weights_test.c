/* recommender_weights_test.c - weights: planted ones are found, and few rows change nothing. */
#include <math.h>
#include <stdint.h>

#include "services/recommender-proxy/weights.h"
#include "tests/test.h"

enum { ROWS = 20000 };

static uint64_t state = 3;

static double uniform(void)
{
    state = state * 6364136223846793005 + 1442695040888963407;
    return (double)(state >> 33) / 2147483648.0;
}

/* Rows whose likes follow these weights. */
static struct weights_row *make_rows(const float *planted, size_t count)
{
    struct weights_row *rows = calloc(count, sizeof *rows);

    CHECK(rows);
    for (size_t r = 0; r < count; r++) {
        double score = -1;

        rows[r].offset = -1;
        for (int i = 0; i < FEATURES; i++) {
            rows[r].feature[i] = i == FEATURE_BASE ? 1 : (float)(uniform() * 2 - 1);
            score += (double)(planted[i] * rows[r].feature[i]);
        }
        rows[r].liked = uniform() < 1 / (1 + exp(-score));
    }
    return rows;
}

TEST(planted_weights_are_found)
{
    float planted[FEATURES] = {0.3F, 0.2F, 1.5F, 0.1F, 2, 0.5F, 1, 0.7F, 1.2F, 0.4F, 0.9F};
    struct weights_row *rows = make_rows(planted, ROWS);
    const struct weights learnt = weights_learn(rows, ROWS);

    for (int i = 0; i < FEATURES; i++)
        if (fabsf(learnt.of[i] - planted[i]) > 0.15F)
            TEST_FAIL("weight %d is %f, not %f", i, (double)learnt.of[i], (double)planted[i]);
    free(rows);
}

TEST(no_weight_but_the_base_is_below_zero)
{
    float planted[FEATURES] = {-0.8F, -1, -1, 1, 1, 1, 1, -2, -2, 1, 1};
    struct weights_row *rows = make_rows(planted, ROWS);
    const struct weights learnt = weights_learn(rows, ROWS);

    CHECK(learnt.of[FEATURE_BASE] < 0);
    for (int i = 1; i < FEATURES; i++)
        CHECK(learnt.of[i] >= 0);
    CHECK(learnt.of[FEATURE_POPULAR] < 0.05F && learnt.of[FEATURE_LIKED] < 0.05F);
    free(rows);
}

/* The slope of what is minimised, in double precision, without the pull to the default. */
static double slope(const struct weights_row *rows, const struct weights *weights, int feature)
{
    double sum = 0;

    for (size_t r = 0; r < ROWS; r++) {
        double score = (double)rows[r].offset;

        for (int i = 0; i < FEATURES; i++)
            score += (double)(weights->of[i] * rows[r].feature[i]);
        sum += (1 / (1 + exp(-score)) - rows[r].liked) * (double)rows[r].feature[feature];
    }
    return sum / ROWS;
}

/* A weight that is held at zero does not draw the others from where they fit best. */
TEST(features_that_say_the_same_do_not_spoil_each_other)
{
    float planted[FEATURES] = {0, 1.2F, 0, 0, 0, 0, 0, 0, -0.9F, 0, 0};
    struct weights_row *rows = make_rows(planted, ROWS);
    struct weights learnt;

    for (size_t r = 0; r < ROWS; r++) {
        float *feature = rows[r].feature, score;

        feature[FEATURE_LIKED] = feature[FEATURE_POPULAR] + 0.3F * feature[FEATURE_LIKED];
        score = planted[1] * feature[FEATURE_POPULAR] + planted[8] * feature[FEATURE_LIKED] - 1;
        rows[r].liked = uniform() < 1 / (1 + exp(-(double)score));
    }
    learnt = weights_learn(rows, ROWS);
    CHECK(learnt.of[FEATURE_LIKED] == 0);
    CHECK(slope(rows, &learnt, FEATURE_LIKED) > 0.001);
    CHECK(fabs(slope(rows, &learnt, FEATURE_POPULAR)) < 0.001);
    free(rows);
}

static bool is_default(const struct weights *weights)
{
    for (int i = 0; i < FEATURES; i++)
        if (weights->of[i] != weights_default.of[i])
            return false;
    return true;
}

TEST(few_rows_or_no_likes_keep_the_default)
{
    float planted[FEATURES] = {0.3F, 0.2F, 1.5F, 0.1F, 2, 0.5F, 1, 0.7F, 1.2F, 0.4F, 0.9F};
    struct weights_row *rows = make_rows(planted, 1000);
    struct weights learnt = weights_learn(rows, 200);

    CHECK(is_default(&learnt));
    learnt = weights_learn(rows, 1000);
    CHECK(!is_default(&learnt));
    for (size_t r = 0; r < 1000; r++)
        rows[r].liked = r < 20;
    learnt = weights_learn(rows, 1000);
    CHECK(is_default(&learnt));
    for (size_t r = 0; r < 1000; r++)
        rows[r].liked = true;
    learnt = weights_learn(rows, 1000);
    CHECK(is_default(&learnt));
    learnt = weights_learn(NULL, 0);
    CHECK(is_default(&learnt));
    free(rows);
}

/* A feature that none of the rows has: its weight stays what it was. */
TEST(what_the_rows_say_nothing_of_keeps_its_default)
{
    float planted[FEATURES] = {0.3F, 0.2F, 1.5F, 0.1F, 2, 0.5F, 1, 0.7F, 1.2F, 0.4F, 0.9F};
    struct weights_row *rows = make_rows(planted, 2000);
    struct weights learnt;

    for (size_t r = 0; r < 2000; r++)
        rows[r].feature[FEATURE_LIKED] = 0;
    learnt = weights_learn(rows, 2000);
    CHECK(fabsf(learnt.of[FEATURE_LIKED] - weights_default.of[FEATURE_LIKED]) < 1e-4F);
    free(rows);
}
