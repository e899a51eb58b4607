/* visitors_test.c - the made-up visitors are what their header says they are: figures that are
 * measured on them mean something. */
#include <math.h>

#include "tests/support/random.h"
#include "tests/support/visitors.h"
#include "tests/test.h"

static const struct visitors_conf small = {
    .items = 1024, .seed = 5, .start_ms = 1767225600000, .days = 60};

static struct visitors *garden(void)
{
    struct err err = {0};
    struct visitors *v = visitors_new(&small, &err);

    if (!v)
        TEST_FAIL("%s", err.text);
    return v;
}

struct tally {
    const struct visitors *v;
    uint64_t rounds, likes, acts, skips, hash;
    int64_t last_ms;
};

static void count_act(void *ctx, const struct interaction_event *event)
{
    struct tally *t = ctx;

    t->acts++;
    t->skips += event->type == INTERACTION_SKIP;
    CHECK_INT(event->impression_count, ==, VISITORS_SHOWN);
    CHECK_INT(event->propensity_count, ==, VISITORS_SHOWN);
    for (const char *c = event->item_id; *c; c++)
        t->hash = t->hash * 31 + (unsigned char)*c;
}

static void count_round(void *ctx, const struct visitors_round *round)
{
    struct tally *t = ctx;

    t->rounds++;
    CHECK(round->shown[0] != round->shown[1] && round->shown[1] != round->shown[2]);
    for (int i = 0; i < VISITORS_SHOWN; i++) {
        t->likes += round->liked[i];
        CHECK_INT(visitors_item_mood(t->v, round->shown[i]), ==, round->visit->mood);
        CHECK(visitors_item(t->v, round->shown[i])->timestamp_ms <= round->time_ms);
    }
    if (round->number == 0)
        CHECK(round->time_ms >= t->last_ms);
    t->last_ms = round->number == 0 ? round->time_ms : t->last_ms;
    visitors_acts(t->v, round, count_act, t);
}

static struct tally run(enum visitors_policy policy)
{
    OWNED(visitors) v = garden();
    struct tally t = {.v = v};
    struct err err = {0};

    CHECK_OK(
        visitors_log(v,
                     &(struct visitors_log){
                         .policy = policy, .count = 3000, .on_round = count_round, .ctx = &t},
                     &err),
        err);
    return t;
}

TEST(blindly_shown_pictures_are_liked_at_the_base_rate)
{
    struct tally t = run(VISITORS_UNIFORM);

    CHECK(fabs((double)t.likes / (double)(3 * t.rounds) - VISITORS_BASE_RATE) < 0.015);
    CHECK_INT(t.skips + t.likes, ==, t.acts);
    CHECK_INT(t.rounds, >, 3000 * 5);
}

TEST(popular_pictures_are_liked_more)
{
    struct tally blind = run(VISITORS_UNIFORM), popular = run(VISITORS_POPULAR);

    CHECK((double)popular.likes / (double)popular.rounds >
          1.15 * (double)blind.likes / (double)blind.rounds);
}

TEST(the_same_seed_is_the_same_log)
{
    CHECK(run(VISITORS_POPULAR).hash == run(VISITORS_POPULAR).hash);
}

static double logit(double p)
{
    return log(p / (1 - p));
}

/* Of the log-odds within a mood: how much of their variance remains where the visitor's group
 * or the picture stays the same is what its header says. */
TEST(shares_of_the_variance_are_as_documented)
{
    enum { PAIRS = 20000 };
    OWNED(visitors) v = garden();
    struct random random = random_of(3, 0);
    double sum = 0, squares = 0, by_item = 0, by_visit = 0;

    for (int i = 0; i < PAIRS; i++) {
        struct visit one, other;
        uint32_t item, another;
        double z, of_item, of_visit;

        visitors_visit(v, (uint64_t)i, 0, &one);
        for (uint64_t k = 100000 + (uint64_t)i;;
             k += PAIRS) { /* another one of the same mood */
            visitors_visit(v, k, 0, &other);
            if (other.mood == one.mood)
                break;
        }
        item = random_below(&random, small.items / 8) * 8 + (uint32_t)one.mood;
        another = random_below(&random, small.items / 8) * 8 + (uint32_t)one.mood;
        z = logit(visitors_chance(v, &one, item));
        of_item = logit(visitors_chance(v, &other, item));
        of_visit = logit(visitors_chance(v, &one, another));
        sum += z;
        squares += z * z;
        by_item += z * of_item;
        by_visit += z * of_visit;
    }
    double mean = sum / PAIRS, variance = squares / PAIRS - mean * mean;

    printf("# deviation %.2f; shared by all who see a picture %.2f, by all that a visitor sees "
           "%.2f\n",
           sqrt(variance), (by_item / PAIRS - mean * mean) / variance,
           (by_visit / PAIRS - mean * mean) / variance);
    CHECK(sqrt(variance) > 1.3 && sqrt(variance) < 1.8);
    /* Quality, and what the groups' tastes have in common. */
    CHECK((by_item / PAIRS - mean * mean) / variance > 0.2);
    CHECK((by_item / PAIRS - mean * mean) / variance < 0.5);
    /* Visitors differ in what they like, hardly in how much. */
    CHECK((by_visit / PAIRS - mean * mean) / variance < 0.25);
}

TEST(a_garden_that_is_too_small_is_refused)
{
    struct err err = {0};

    CHECK(!visitors_new(&(struct visitors_conf){.items = 100, .days = 1}, &err));
    CHECK_HAS(err.text, "too small");
}
