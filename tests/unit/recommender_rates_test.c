/* recommender_rates_test.c - how much more pictures are liked than others, and by whom: a case
 * computed by hand. */
#include <math.h>

#include "services/recommender-proxy/rates.h"
#include "tests/test.h"

enum { ADULT = 5, MAN = 1, WOMAN = 2 };

/* A (spring) was liked by both men and shown to the woman; B was shown to one man and to her.
 */
static struct sample_row rows[] = {
    {.generation = ADULT, .gender = MAN}, {.gender = MAN}, {.gender = WOMAN}};
static uint64_t row_start[] = {0, 2, 3, 5};
static uint32_t cols[] = {0, 1, 0, 0, 1};
static float weights[] = {1, -0.3F, 1, -0.3F, -1};
static struct facts_item items[] = {
    {.picture = {.orientation = 'h', .garden = true, .favorite = {.trait = {1}}}},
    {.picture = {.orientation = 'h', .garden = true}}};

static struct sample make_sample(void)
{
    return (struct sample){.rows = 3,
                           .cols = 2,
                           .learnt = 3,
                           .row = rows,
                           .row_start = row_start,
                           .col = cols,
                           .weight = weights,
                           .entries = 5,
                           .of = items};
}

static void near(const char *what, float got, double want)
{
    if (fabs((double)got - want) > 2e-6)
        TEST_FAIL("%s is %.7f, not %.7f", what, (double)got, want);
}

/* mood: (2 + 10 * 0.15) / (5 + 10). Of A 3 * 0.2333 = 0.7 likes are expected: spring's effect
 * is log(22 / 20.7), that of no season log(20 / 20.4667). Weather, time and orientation, which
 * both share, follow with what is expected then; the pictures' own effects with 6 instead of
 * 20, a group's kinds with 30, its pictures with 8. */
TEST(the_case_by_hand)
{
    const struct sample sample = make_sample();
    struct rates rates;

    CHECK(rates_learn(&rates, &sample));
    near("the mood", rates.mood[0], 3.5 / 15);
    near("another mood", rates.mood[1], 0.15);
    near("spring", rates.kind[0][TRAIT_SEASON][1], 0.0609087531);
    near("no season", rates.kind[0][TRAIT_SEASON][0], -0.0230652729);
    near("no weather", rates.kind[0][TRAIT_WEATHER][0], 0.0370418655);
    near("no time", rates.kind[0][TRAIT_TIME][0], 0.0349081383);
    near("landscape", rates.kind[0][TRAITS][1], 0.0328280648);
    near("A", rates.item[0], 0.3243686516);
    near("B", rates.item[1], 0.0006858674);
    near("spring to men", rates.group_kind[0][GENERATIONS + MAN][TRAIT_SEASON][1],
         0.0432509407);
    near("A to men", rates.group[GENERATIONS + MAN], 0.2785303173);
    near("B to men", rates.group[RATE_GROUPS + GENERATIONS + MAN], 0.0619740276);
    near("A to those of unknown generation", rates.group[0], 0);
    CHECK(rates.group[GENERATIONS + WOMAN] < 0);
    rates_done(&rates);
}

TEST(a_picture_that_the_sample_does_not_know_has_its_kinds_effects)
{
    const struct sample sample = make_sample();
    const struct picture spring = {.orientation = 'h', .favorite = {.trait = {1}}};
    const struct picture winter = {.orientation = 'h', .favorite = {.trait = {4}}};
    struct rates rates;

    CHECK(rates_learn(&rates, &sample));
    near("spring", rates_item(&rates, &spring),
         0.0609087531 + 0.0370418655 + 0.0349081383 + 0.0328280648);
    near("winter", rates_item(&rates, &winter), 0.0370418655 + 0.0349081383 + 0.0328280648);
    CHECK(rates_group(&rates, &spring, GENERATIONS + MAN) >
          rates_group(&rates, &winter, GENERATIONS + MAN));
    rates_done(&rates);
}

TEST(rows_that_are_held_back_teach_nothing)
{
    struct sample sample = make_sample();
    struct rates rates;

    sample.learnt = 0;
    CHECK(rates_learn(&rates, &sample));
    near("the mood", rates.mood[0], 0.15);
    near("A", rates.item[0], 0);
    rates_done(&rates);
}

/* Data sets without impressions: all pictures were as likely to be seen. */
TEST(where_nobody_said_what_was_shown_likes_alone_count)
{
    static float likes[] = {1, 1, 1, 1, 1};
    struct sample sample = make_sample();
    struct rates rates;

    sample.weight = likes;
    CHECK(rates_learn(&rates, &sample));
    CHECK(rates.mood[0] > 0.1F && rates.mood[0] < 0.2F);
    CHECK(rates.item[0] > rates.item[1]);
    rates_done(&rates);
}
