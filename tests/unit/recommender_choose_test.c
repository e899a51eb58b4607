/* recommender_choose_test.c - the order of an answer: best first, chance as it is told, and no
 * two that look the same. */
#include <math.h>

#include "services/recommender-proxy/choose.h"
#include "tests/test.h"

enum { DRAWS = 20000, MANY = 400, PLACES = 12 };

static uint64_t random_state = 5;

static uint64_t random_64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state;
}

struct candidate {
    float score;
    bool new;
    uint64_t tie;
};

static struct choose_look looks[MANY]; /* of the candidates; zeroed: nothing is known of them */

static struct choose_look look_of(const void *ctx, uint32_t place)
{
    (void)ctx;
    return looks[place];
}

static bool is_new(const void *ctx, uint32_t place)
{
    return ((const struct candidate *)ctx)[place].new;
}

static size_t pick(const struct candidate *candidates, uint32_t count, float exploration,
                   uint64_t seed, struct choose_place *places, size_t wanted)
{
    const struct choose_conf conf = {.exploration = exploration,
                                     .seed = seed,
                                     .look = look_of,
                                     .ctx = candidates,
                                     .places = count};
    struct best best[MANY];
    uint32_t new[MANY];
    struct choose_from from = {
        .best = best, .new = exploration > 0 ? new : NULL, .is_new = is_new};
    float scores[MANY];
    uint64_t ties[MANY];
    bool ok = false;
    size_t filled;

    for (uint32_t i = 0; i < count; i++) {
        scores[i] = candidates[i].score;
        ties[i] = candidates[i].tie;
        if (candidates[i].new)
            new[from.new_count++] = i;
    }
    from.best_count = best_find(
        scores, ties, count, choose_reach(wanted) < MANY ? choose_reach(wanted) : MANY, best);
    best_sort(best, from.best_count, ties);
    filled = choose(&from, &conf, places, wanted, &ok);
    CHECK(ok);
    return filled;
}

TEST(without_exploration_the_best_come_first)
{
    struct candidate candidates[MANY] = {0};
    struct choose_place places[MANY + 1];

    for (uint32_t i = 0; i < MANY; i++) {
        candidates[i] = (struct candidate){
            .score = (float)(random_64() % 50), .new = i % 2, .tie = random_64()};
        looks[i] = (struct choose_look){.look = {random_64(), random_64()}, .known = true};
    }
    CHECK_INT(pick(candidates, MANY, 0, 1, places, MANY + 1), ==, MANY);
    for (size_t i = 0; i < MANY; i++)
        CHECK(places[i].propensity == 1 && !places[i].explored);
    for (size_t i = 1; i < MANY; i++) {
        const struct candidate *a = &candidates[places[i - 1].place],
                               *b = &candidates[places[i].place];

        CHECK(a->score > b->score || (a->score == b->score && a->tie < b->tie));
    }
    CHECK_INT(pick(candidates, MANY, 0, 1, places, 3), ==, 3);
    CHECK_INT(pick(candidates, 2, 0, 1, places, 9), ==, 2);
    CHECK_INT(pick(candidates, 0, 0, 1, places, 9), ==, 0);
    CHECK_INT(pick(candidates, MANY, 0, 1, places, 0), ==, 0);
}

TEST(the_best_of_many_are_found_and_what_is_not_asked_for_is_not)
{
    float scores[MANY];
    uint64_t ties[MANY];
    struct best best[MANY];

    for (uint32_t i = 0; i < MANY; i++) {
        scores[i] = i % 7 == 0 ? -INFINITY : (float)(random_64() % 90);
        ties[i] = random_64();
    }
    for (size_t most = 0; most < MANY / 2; most = most * 3 + 1) {
        const size_t count = best_find(scores, ties, MANY, most, best);
        size_t above = 0;

        CHECK_INT(count, ==, most);
        best_sort(best, count, ties);
        for (size_t i = 1; i < count; i++)
            CHECK(best_is_before(&best[i - 1], &best[i], ties));
        for (uint32_t i = 0; i < MANY && count > 0; i++) {
            const struct best one = {scores[i], i};

            above += best_is_before(&one, &best[count - 1], ties);
        }
        CHECK(count == 0 || above == count - 1);
    }
    CHECK_INT(best_find(scores, ties, MANY, MANY, best), ==, MANY - (MANY + 6) / 7);
}

TEST(exploring_always_shows_all_new_ones_first)
{
    struct candidate candidates[10] = {0};
    struct choose_place places[10];

    for (uint32_t i = 0; i < 10; i++)
        candidates[i] = (struct candidate){.score = (float)i, .new = i < 4, .tie = i + 1};
    for (uint64_t seed = 0; seed < 50; seed++) {
        CHECK_INT(pick(candidates, 10, 1, seed, places, 10), ==, 10);
        for (size_t i = 0; i < 4; i++) {
            CHECK(candidates[places[i].place].new);
            CHECK(fabsf(places[i].propensity - 1 / (float)(4 - i)) < 1e-6F);
        }
        for (size_t i = 4; i < 10; i++)
            CHECK(places[i].place == 13 - i && places[i].propensity == 1);
    }
}

TEST(without_new_ones_there_is_nothing_to_explore)
{
    struct candidate candidates[5] = {0};
    struct choose_place places[5];

    for (uint32_t i = 0; i < 5; i++)
        candidates[i] = (struct candidate){.score = (float)i, .tie = i};
    CHECK_INT(pick(candidates, 5, 0.5F, 3, places, 5), ==, 5);
    for (size_t i = 0; i < 5; i++)
        CHECK(places[i].place == 4 - i && places[i].propensity == 1);
}

TEST(the_same_seed_chooses_the_same_and_more_places_go_on)
{
    struct candidate candidates[50] = {0};
    struct choose_place few[10], many[30];

    for (uint32_t i = 0; i < 50; i++)
        candidates[i] = (struct candidate){
            .score = (float)(random_64() % 100), .new = i % 3 == 0, .tie = i};
    CHECK_INT(pick(candidates, 50, 0.4F, 9, few, 10), ==, 10);
    CHECK_INT(pick(candidates, 50, 0.4F, 9, many, 30), ==, 30);
    for (size_t i = 0; i < 10; i++)
        CHECK(few[i].place == many[i].place && few[i].propensity == many[i].propensity);
}

/* How often each candidate comes to place 1 and, after each first one, to place 2, next to what
 * is told: within five standard deviations. */
static void check_chances(const struct candidate *candidates, uint32_t count, float exploration)
{
    double first[8] = {0}, told_first[8] = {0}, second[8][8] = {{0}}, told_second[8][8] = {{0}};

    for (uint64_t seed = 0; seed < DRAWS; seed++) {
        struct choose_place places[2];

        CHECK_INT(pick(candidates, count, exploration, seed * 977, places, 2), ==, 2);
        first[places[0].place]++;
        told_first[places[0].place] = (double)places[0].propensity;
        second[places[0].place][places[1].place]++;
        told_second[places[0].place][places[1].place] = (double)places[1].propensity;
    }
    for (uint32_t i = 0; i < count; i++) {
        double sum = 0, p = told_first[i];

        CHECK(fabs(first[i] - DRAWS * p) <= 5 * sqrt(DRAWS * p * (1 - p)) + 1e-9);
        for (uint32_t j = 0; j < count && first[i] > 200; j++) {
            p = told_second[i][j];
            sum += p;
            CHECK(fabs(second[i][j] - first[i] * p) <= 5 * sqrt(first[i] * p * (1 - p)) + 1e-3);
        }
        CHECK(first[i] <= 200 || fabs(sum - 1) < 1e-5);
    }
}

TEST(chances_are_as_they_are_told)
{
    const struct candidate some_new[] = {
        {.score = 5, .tie = 1},
        {.score = 4, .tie = 2, .new = true},
        {.score = 3, .tie = 3},
        {.score = 2, .tie = 4, .new = true},
        {.score = 1, .tie = 5, .new = true},
    };
    const struct candidate best_new[] = {
        {.score = 5, .tie = 1, .new = true}, {.score = 4, .tie = 2}, {.score = 3, .tie = 3}};

    check_chances(some_new, 5, 0.3F);
    check_chances(some_new, 5, 0.9F);
    check_chances(best_new, 3, 0.3F);
}

/* 1 and 3 are the same picture; what is left after one of them is told without the other. */
TEST(chances_are_as_they_are_told_with_near_duplicates)
{
    const struct candidate candidates[] = {
        {.score = 5, .tie = 1},
        {.score = 4, .tie = 2, .new = true},
        {.score = 3, .tie = 3},
        {.score = 2, .tie = 4, .new = true},
        {.score = 1, .tie = 5, .new = true},
    };
    const struct candidate only_new_is_near[] = {
        {.score = 5, .tie = 1},
        {.score = 4, .tie = 2, .new = true},
        {.score = 3, .tie = 3},
    };

    looks[1].content = looks[3].content = 9;
    check_chances(candidates, 5, 0.5F);
    looks[3].content = 0;
    looks[0].content = 9;
    check_chances(only_new_is_near, 3, 0.5F);
}

TEST(the_same_picture_never_comes_twice)
{
    struct candidate candidates[MANY] = {0};
    struct choose_place places[PLACES];

    for (uint32_t i = 0; i < MANY; i++) {
        const struct image_look look = {UINT64_C(0x0123456789abcdef) * (i % 20 + 1),
                                        UINT64_C(0x9e3779b97f4a7c15) * (i % 20 + 1)};

        candidates[i] =
            (struct candidate){.score = (float)(random_64() % 9), .new = i % 4 == 0, .tie = i};
        looks[i] =
            (struct choose_look){.content = i % 3 ? 0 : i % 60 + 1,
                                 .look = {look.light ^ (UINT64_C(7) << i % 60), look.colour},
                                 .known = i % 5 != 0};
    }
    for (uint64_t seed = 0; seed < 200; seed++) {
        const size_t count = pick(candidates, MANY, 0.3F, seed, places, PLACES);

        CHECK_INT(count, ==, PLACES);
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < i; j++) {
                CHECK(places[i].place != places[j].place);
                CHECK(!choose_is_near(&looks[places[i].place], &looks[places[j].place]));
            }
    }
}

TEST(pictures_are_near_by_content_or_by_look)
{
    const struct choose_look a = {.content = 5, .look = {0xff, 0}, .known = true};
    struct choose_look b = {.content = 5};

    CHECK(choose_is_near(&a, &b));
    b = (struct choose_look){.look = {0xff, 0}};
    CHECK(!choose_is_near(&a, &b)); /* its look is not known */
    b.known = true;
    b.look = (struct image_look){0xff ^ 0x7ff00, 0x7ff};
    CHECK(choose_is_near(&a, &b));
    b.look = (struct image_look){0xff ^ 0x7ff00, 0xfff};
    CHECK(!choose_is_near(&a, &b));
    CHECK(!choose_is_near(&(struct choose_look){0}, &(struct choose_look){0}));
}
