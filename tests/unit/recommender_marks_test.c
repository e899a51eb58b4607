/* recommender_marks_test.c - the last word on each picture, whatever came first and how often,
 * in bounded memory. */
#include "services/recommender-proxy/marks.h"
#include "tests/test.h"

enum { MANY = 3 * MARKS_MAX };

struct client_act {
    uint32_t item, time;
    enum mark_act act;
};

static uint64_t seed = 1;

static uint32_t below(uint32_t limit)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(seed >> 33) % limit;
}

static void shuffle(struct client_act *acts, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        const size_t other = below((uint32_t)i);
        const struct client_act held = acts[i - 1];

        acts[i - 1] = acts[other];
        acts[other] = held;
    }
}

static void take(struct marks *marks, const struct client_act *acts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        CHECK(marks_take(marks, acts[i].item, acts[i].act, acts[i].time));
}

static void check_same(const struct marks *a, const struct marks *b)
{
    CHECK_INT(a->count, ==, b->count);
    CHECK_INT(memcmp(a->marks, b->marks, a->count * sizeof *a->marks), ==, 0);
}

static void check_any_order(uint32_t items, uint32_t times, size_t count)
{
    struct client_act *acts = calloc(count, sizeof *acts);
    struct marks first = {0};

    CHECK(acts);
    for (size_t i = 0; i < count; i++)
        acts[i] = (struct client_act){below(items), 1 + below(times), (enum mark_act)below(4)};
    take(&first, acts, count);
    for (int round = 0; round < 8; round++) {
        struct marks other = {0};

        shuffle(acts, count);
        take(&other, acts, count / 2);
        shuffle(acts, count);
        take(&other, acts, count);
        check_same(&other, &first);
        marks_done(&other);
    }
    marks_done(&first);
    free(acts);
}

TEST(any_order_and_repetition_gives_the_same)
{
    check_any_order(10, 8, 60);
    check_any_order(300, 1000, 2000);
}

TEST(also_where_there_are_more_pictures_than_are_kept)
{
    check_any_order(2 * MARKS_MAX, 100000, MANY);
    check_any_order(2 * MARKS_MAX, 300, MANY); /* many at the same moment */
}

TEST(the_last_word_holds)
{
    struct marks marks = {0};

    CHECK(marks_take(&marks, 7, MARK_LIKE, 10));
    CHECK(mark_is_like(marks_find(&marks, 7)));
    CHECK(marks_take(&marks, 7, MARK_DISLIKE, 9));
    CHECK(mark_is_like(marks_find(&marks, 7)));
    CHECK(marks_take(&marks, 7, MARK_DISLIKE, 10));
    CHECK(!mark_is_like(marks_find(&marks, 7)));
    CHECK(marks_take(&marks, 7, MARK_SHOWN, 20));
    CHECK(marks_take(&marks, 8, MARK_SHOWN, 20));
    CHECK(marks_find(&marks, 7)->verdict == 10 && marks_find(&marks, 7)->shown == 20);
    CHECK(!marks_find(&marks, 8)->verdict && !marks_find(&marks, 8)->skipped);
    CHECK(marks_find(&marks, 6) == NULL && marks_find(&marks, 9) == NULL);
    marks_done(&marks);
}

TEST(what_was_done_before_is_forgotten_and_stays_so)
{
    const struct client_act acts[] = {
        {1, 10, MARK_LIKE}, {1, 30, MARK_SHOWN}, {2, 5, MARK_SKIP},   {2, 30, MARK_SHOWN},
        {3, 20, MARK_LIKE}, {4, 21, MARK_LIKE},  {5, 9, MARK_DISLIKE}};
    const size_t count = sizeof acts / sizeof *acts;

    for (size_t before = 0; before <= count; before++) {
        struct marks marks = {0};

        take(&marks, acts, before);
        marks_forget(&marks, 20);
        marks_forget(&marks, 3);
        take(&marks, acts + before, count - before);
        take(&marks, acts, count);
        CHECK_INT(marks.count, ==, 3);
        CHECK(!mark_is_like(marks_find(&marks, 1)) && marks_find(&marks, 1)->shown == 30);
        CHECK(!marks_find(&marks, 2)->skipped);
        CHECK(mark_is_like(marks_find(&marks, 4)));
        marks_done(&marks);
    }
}

TEST(of_more_pictures_the_last_ones_are_kept)
{
    struct marks marks = {0};

    for (uint32_t i = 0; i < 20000; i++)
        CHECK(marks_take(&marks, i * 7 % 20000, MARK_LIKE, i + 1));
    CHECK_INT(marks.count, ==, MARKS_MAX);
    CHECK(marks_find(&marks, 19000 * 7 % 20000) != NULL);
    CHECK(marks_find(&marks, 18999 * 7 % 20000) == NULL);
    marks_done(&marks);
}

TEST(a_million_acts_take_no_more_room)
{
    struct marks marks = {0};

    for (uint32_t i = 0; i < 1000000; i++)
        CHECK(marks_take(&marks, below(MARKS_MAX + 20), (enum mark_act)below(4), i / 3 + 1));
    CHECK_INT(marks.count, <=, MARKS_MAX);
    CHECK_INT(marks.room, <=, 2 * MARKS_MAX);
    marks_done(&marks);
}

TEST(times_that_cannot_be_are_at_the_ends)
{
    CHECK_INT(mark_time(INT64_MIN / 2), ==, 1);
    CHECK_INT(mark_time(0), ==, 1);
    CHECK_INT(mark_time(INT64_MAX), ==, UINT32_MAX);
    CHECK_INT(mark_time(1700000000000), <, mark_time(1700000000000 + MARK_UNIT_MS));
}
