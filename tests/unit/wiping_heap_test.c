#include "lib/base/wiping_heap.h"

#include "tests/test.h"

enum { SIZE = 600, HEAD = 16 /* glibc's own links, in memory that is free */ };

/* Bytes of value at a place whose memory may be given back by now. */
static size_t count_of(const volatile char *bytes, char value)
{
    size_t count = 0;

    for (size_t i = HEAD; i < SIZE; i++)
        count += bytes[i] == value;
    return count;
}

static void skip_without(void)
{
#ifdef WIPING_HEAP_OFF
    SKIP("the sanitizer's heap");
#endif
}

TEST(what_is_given_back_is_zeroed)
{
    char *memory = malloc(SIZE);
    const volatile char *volatile place = memory; /* the compiler shall not follow it */

    skip_without();
    CHECK(memory);
    memset(memory, 'x', SIZE);
    CHECK_INT(count_of(place, 'x'), ==, SIZE - HEAD);
    free(memory);
    CHECK_INT(count_of(place, 'x'), ==, 0);
    CHECK_INT(count_of(place, 0), ==, SIZE - HEAD);
}

TEST(what_grows_keeps_its_bytes_and_leaves_none_behind)
{
    char *memory = malloc(SIZE), *larger;
    const volatile char *volatile place = memory; /* the compiler shall not follow it */

    skip_without();
    CHECK(memory);
    memset(memory, 'x', SIZE);
    larger = realloc(memory, (size_t)100 * SIZE);
    CHECK(larger);
    CHECK_INT(count_of(larger, 'x'), ==, SIZE - HEAD);
    CHECK(larger != place);
    CHECK_INT(count_of(place, 'x'), ==, 0);
    free(larger);
}

TEST(realloc_keeps_its_corner_cases)
{
    char *memory = realloc(NULL, SIZE);

    skip_without();
    CHECK(memory);
    memset(memory, 'x', SIZE);
    memory = realloc(memory, SIZE / 2);
    CHECK(memory);
    for (size_t i = 0; i < SIZE / 2; i++)
        CHECK_INT(memory[i], ==, 'x');
    free(memory);
    free(NULL);
}
