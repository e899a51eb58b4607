/* recommender_crowd_test.c - what visitors of a kind have in common: a case computed by hand.
 */
#include <math.h>

#include "services/recommender-proxy/crowd.h"
#include "tests/test.h"

enum { FACTORS = 16, ITEMS = 4, ADULT = 5, CHILD = 2, MAN = 1, WOMAN = 2, HAPPY = 0, SAD = 7 };

static float vectors[ITEMS * FACTORS];
static struct facts_item of[ITEMS] = {{.picture = {.emotion = HAPPY}},
                                      {.picture = {.emotion = HAPPY}},
                                      {.picture = {.emotion = SAD}},
                                      {.picture = {.emotion = HAPPY}}};

static struct rec_als *make_als(void)
{
    const struct rec_als_conf conf = {.factors = FACTORS,
                                      .sweeps = 1,
                                      .unobserved = 0.1F,
                                      .regularisation = 0.01F,
                                      .frequency = 1,
                                      .threads = 1};
    struct err err = {0};
    struct rec_als *als;

    for (int i = 0; i < ITEMS; i++)
        vectors[i * FACTORS + i] = 1;
    als = rec_als_new(&conf, vectors, ITEMS, &err);
    CHECK(als);
    return als;
}

static void check_near(const float *got, const float *factors, double times)
{
    for (int k = 0; k < FACTORS; k++)
        CHECK(fabs((double)got[k] - times * (double)factors[k]) < 1e-5);
}

/* One man who liked a happy picture and was shown a sad one. Each mean starts with 25 of the
 * wider kind: everybody x / 26, the mood (x + 25 everybody) / 26, then generation and gender
 * added up, then both together. */
TEST(the_case_by_hand)
{
    static struct sample_row rows[] = {{.generation = ADULT, .gender = MAN}};
    static uint64_t row_start[] = {0, 2};
    static uint32_t col[] = {0, 2};
    static float weight[] = {1, -0.3F};
    const struct sample sample = {.rows = 1,
                                  .learnt = 1,
                                  .cols = ITEMS,
                                  .row = rows,
                                  .row_start = row_start,
                                  .col = col,
                                  .weight = weight,
                                  .entries = 2,
                                  .of = of};
    const double all = 1 / 26.0, mood = (1 + 25 * all) / 26, kind = (1 + 25 * mood) / 26,
                 both = (1 + 25 * (2 * kind - mood)) / 26;
    OWNED(rec_als) als = make_als();
    float x[FACTORS];
    struct crowd crowd;

    rec_als_fold_in(als, col, weight, 2, x);
    CHECK(x[0] > 0.5F);
    CHECK(crowd_learn(&crowd, als, &sample));
    check_near(crowd_mean(&crowd, HAPPY, ADULT, MAN), x, both);
    check_near(crowd_mean(&crowd, HAPPY, CHILD, WOMAN), x, mood);
    check_near(crowd_mean(&crowd, SAD, CHILD, WOMAN), x, all);
    crowd_done(&crowd);
}

/* Eighty children like one picture, eighty adults another. */
TEST(kinds_differ_and_who_is_not_known_is_between)
{
    enum { ROWS = 160 };
    static struct sample_row rows[ROWS];
    static uint64_t row_start[ROWS + 1];
    static uint32_t col[ROWS];
    static float weight[ROWS];
    const struct sample sample = {.rows = ROWS,
                                  .learnt = ROWS,
                                  .cols = ITEMS,
                                  .row = rows,
                                  .row_start = row_start,
                                  .col = col,
                                  .weight = weight,
                                  .entries = ROWS,
                                  .of = of};
    OWNED(rec_als) als = make_als();
    struct crowd crowd;
    const float *children, *adults, *unknown;

    for (uint32_t r = 0; r < ROWS; r++) {
        rows[r].generation = r % 2 ? CHILD : ADULT;
        row_start[r + 1] = r + 1;
        col[r] = r % 2;
        weight[r] = 1;
    }
    CHECK(crowd_learn(&crowd, als, &sample));
    children = crowd_mean(&crowd, HAPPY, CHILD, 0);
    adults = crowd_mean(&crowd, HAPPY, ADULT, 0);
    unknown = crowd_mean(&crowd, HAPPY, 0, 0);
    CHECK(children[1] > 2 * children[0] && adults[0] > 2 * adults[1]);
    CHECK(children[1] > unknown[1] && unknown[1] > adults[1]);
    CHECK(fabsf(unknown[0] - unknown[1]) < 0.01F);
    crowd_done(&crowd);
}

TEST(without_a_model_there_are_zeros)
{
    struct crowd crowd;

    CHECK(crowd_learn(&crowd, NULL, &(struct sample){0}));
    CHECK(crowd.factors == 1 && crowd_mean(&crowd, SAD, CHILD, WOMAN)[0] == 0);
    crowd_done(&crowd);
}
