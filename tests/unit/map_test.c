/* Any bytes find their value again. */
#include "lib/base/map.h"

#include "tests/test.h"

static void count_down(void *ctx, const void *key, size_t key_size, void *value)
{
    (void)key;
    (void)key_size;
    (void)value;
    --*(int *)ctx;
}

TEST(entries_are_found_replaced_and_removed)
{
    OWNED(map) m = map_new();
    int one = 1, two = 2;

    CHECK(map_get(m, "a", 1) == NULL);
    CHECK_INT(map_put(m, "a\0b", 3, &one), ==, 0);
    CHECK(map_get(m, "a\0b", 3) == &one);
    CHECK(map_get(m, "a\0c", 3) == NULL);
    CHECK_INT(map_put(m, "a\0b", 3, &two), ==, 0);
    CHECK(map_get(m, "a\0b", 3) == &two);
    CHECK_INT(map_count(m), ==, 1);
    CHECK(map_remove(m, "a\0b", 3) == &two);
    CHECK(map_remove(m, "a\0b", 3) == NULL);
    CHECK_INT(map_count(m), ==, 0);
}

TEST(a_hundred_thousand_entries_are_each_seen_once)
{
    OWNED(map) m = map_new();
    int left = 100000;
    static int value;

    for (int i = 0; i < left; i++)
        CHECK_INT(map_put(m, &i, sizeof i, &value), ==, 0);
    CHECK_INT(map_count(m), ==, left);
    map_each(m, count_down, &left);
    CHECK_INT(left, ==, 0);
}
