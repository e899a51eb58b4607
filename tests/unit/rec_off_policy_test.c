/* rec_off_policy_test.c - off-policy estimates: one case by hand, one against a known truth. */
#include <math.h>

#include "lib/rec/off_policy.h"
#include "tests/test.h"

#define CHECK_NEAR(a, b, tolerance)                                   \
    do {                                                              \
        double a_ = (a), b_ = (b);                                    \
        if (!(fabs(a_ - b_) <= (tolerance)))                          \
            TEST_FAIL("%s is %.12g, not %s = %.12g", #a, a_, #b, b_); \
    } while (0)

static struct rec_off_policy_result judge(double clip, const struct rec_logged *acts,
                                          size_t count)
{
    struct rec_off_policy sums = {.clip = clip};
    struct rec_off_policy_result result;
    struct err err = {0};

    for (size_t i = 0; i < count; i++)
        CHECK_OK(rec_off_policy_add(&sums, &acts[i], &err), err);
    CHECK_OK(rec_off_policy_result(&sums, &result, &err), err);
    return result;
}

/* Weights 2, 0.5, 0, 4; rewards 1, 1, 1, 0. */
static const struct rec_logged by_hand[] = {
    {.propensity = 0.5,
     .target = 1,
     .reward = 1,
     .estimate_logged = 0.5,
     .estimate_target = 0.4},
    {.propensity = 0.5,
     .target = 0.25,
     .reward = 1,
     .estimate_logged = 1,
     .estimate_target = 0.4},
    {.propensity = 0.5, .target = 0, .reward = 1, .estimate_logged = 0, .estimate_target = 0.4},
    {.propensity = 0.25,
     .target = 1,
     .reward = 0,
     .estimate_logged = 0.25,
     .estimate_target = 0.4},
};

TEST(the_case_by_hand)
{
    struct rec_off_policy_result r = judge(0, by_hand, 4);

    /* w r: 2, 0.5, 0, 0, of mean 0.625 and squared deviations 2.6875 */
    CHECK_NEAR(r.ips.value, 0.625, 1e-12);
    CHECK_NEAR(r.ips.standard_error, sqrt(2.6875 / 3 / 4), 1e-12);
    /* 2.5 / 6.5; w (r - v): 2 * 8/13, 0.5 * 8/13, 0, -4 * 5/13 */
    CHECK_NEAR(r.snips.value, 5.0 / 13, 1e-12);
    CHECK_NEAR(r.snips.standard_error, sqrt(256 + 16 + 400) / 13 / 6.5, 1e-12);
    /* 0.4 + 2 * 0.5, 0.4, 0.4, 0.4 - 4 * 0.25: 1.4, 0.4, 0.4, -0.6 */
    CHECK_NEAR(r.dr.value, 0.4, 1e-12);
    CHECK_NEAR(r.dr.standard_error, sqrt(2.0 / 3 / 4), 1e-12);
    CHECK_NEAR(r.effective_sample_size, 6.5 * 6.5 / 20.25, 1e-12);
    CHECK_NEAR(r.mean_weight, 1.625, 1e-12);
    CHECK_NEAR(r.clipped_share, 0, 0);
    CHECK_INT(r.count, ==, 4);
}

TEST(weights_are_clipped_and_counted)
{
    struct rec_off_policy_result r = judge(1, by_hand, 4);

    CHECK_NEAR(r.clipped_share, 0.5, 0); /* 2 and 4 became 1 */
    CHECK_NEAR(r.ips.value, 1.5 / 4, 1e-12);
    CHECK_NEAR(r.snips.value, 1.5 / 2.5, 1e-12);
    CHECK_NEAR(r.dr.value, (0.9 + 0.4 + 0.4 + 0.15) / 4, 1e-12);
}

TEST(without_a_model_doubly_robust_is_ips)
{
    struct rec_logged acts[4];
    struct rec_off_policy_result r;

    for (int i = 0; i < 4; i++) {
        acts[i] = by_hand[i];
        acts[i].estimate_logged = acts[i].estimate_target = 0;
    }
    r = judge(0, acts, 4);
    CHECK_NEAR(r.dr.value, r.ips.value, 1e-12);
    CHECK_NEAR(r.dr.standard_error, r.ips.standard_error, 1e-12);
}

/* 0 to 1; the same sequence everywhere. */
static double chance(uint64_t *state)
{
    *state = *state * 6364136223846793005U + 1442695040888963407U;
    return (double)(*state >> 11) / 9007199254740992.0;
}

enum { ACTS = 5 };

/* A log of five acts with like rates 0.1 to 0.5, chosen evenly; the new policy prefers the
 * better ones, and earns 11/30. The model's estimates are all wrong by wrong. */
static void log_five(uint64_t seed, double wrong, struct rec_logged *ret_acts, int count)
{
    uint64_t state = seed;

    for (int i = 0; i < count; i++) {
        int act = (int)(chance(&state) * ACTS);

        ret_acts[i] = (struct rec_logged){
            .propensity = 1.0 / ACTS,
            .target = (act + 1) / 15.0,
            .reward = chance(&state) < (act + 1) * 0.1,
            .estimate_logged = (act + 1) * 0.1 + wrong,
            .estimate_target = 11.0 / 30 + wrong,
        };
    }
}

TEST(estimates_find_the_truth_within_their_errors)
{
    enum { COUNT = 20000, ROUNDS = 40 };
    static struct rec_logged acts[COUNT];
    int inside[3] = {0};

    for (int round = 0; round < ROUNDS; round++) {
        struct rec_off_policy_result r;

        log_five(1000 + (uint64_t)round, 0.2, acts, COUNT);
        r = judge(0, acts, COUNT);
        inside[0] += fabs(r.ips.value - 11.0 / 30) < 2 * r.ips.standard_error;
        inside[1] += fabs(r.snips.value - 11.0 / 30) < 2 * r.snips.standard_error;
        inside[2] += fabs(r.dr.value - 11.0 / 30) < 2 * r.dr.standard_error;
        CHECK_NEAR(r.mean_weight, 1, 0.03);
    }
    for (int i = 0; i < 3; i++) /* 95 % of them should be */
        CHECK_INT(inside[i], >=, ROUNDS * 85 / 100);
}

TEST(a_good_model_makes_the_estimate_surer)
{
    enum { COUNT = 20000 };
    static struct rec_logged acts[COUNT];
    struct rec_off_policy_result r;

    log_five(7, 0, acts, COUNT);
    r = judge(0, acts, COUNT);
    CHECK_NEAR(r.dr.value, 11.0 / 30, 0.02);
    CHECK(r.dr.standard_error < 0.92 * r.ips.standard_error);
}

TEST(what_is_no_probability_is_refused_and_not_counted)
{
    static const struct rec_logged wrong[] = {
        {.propensity = 0, .target = 0.5},
        {.propensity = -0.1, .target = 0.5},
        {.propensity = 1.5, .target = 0.5},
        {.propensity = NAN, .target = 0.5},
        {.propensity = 0.5, .target = 1.01},
        {.propensity = 0.5, .target = 0.5, .reward = INFINITY},
    };
    struct rec_off_policy sums = {0};
    struct rec_off_policy_result result;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct err err = {0};

        CHECK_INT(rec_off_policy_add(&sums, &wrong[i], &err), ==, ERR_INVALID);
    }
    CHECK_INT(sums.count, ==, 0);
    struct err err = {0};
    CHECK_INT(rec_off_policy_result(&sums, &result, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "propensity");
}

TEST(a_log_without_any_of_the_policys_acts_says_so)
{
    const struct rec_logged act = {.propensity = 0.5, .target = 0, .reward = 1};
    struct rec_off_policy sums = {0};
    struct rec_off_policy_result result;
    struct err err = {0};

    CHECK_OK(rec_off_policy_add(&sums, &act, &err), err);
    CHECK_INT(rec_off_policy_result(&sums, &result, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "exploration");
}
