/* ticker_test.c - a ticker calls at once, again and again, and not after its end. */
#include "lib/base/ticker.h"

#include <stdatomic.h>

#include "lib/base/clock.h"
#include "tests/test.h"

static void count(void *ctx)
{
    (void)atomic_fetch_add((atomic_int *)ctx, 1);
}

TEST(calls_again_and_again_until_the_end)
{
    struct err err = {0};
    atomic_int calls = 0;
    int at_end;
    struct ticker *ticker = ticker_start("test", 1, count, &calls, &err);

    CHECK_OK(err.code, err);
    while (atomic_load(&calls) < 5)
        ;
    ticker_free(ticker);
    at_end = atomic_load(&calls);
    CHECK_INT(atomic_load(&calls), ==, at_end);
}

TEST(ends_without_waiting_for_the_next_call)
{
    struct err err = {0};
    atomic_int calls = 0;
    int64_t start_ms = clock_mono_ms();
    struct ticker *ticker = ticker_start("test", 3600000, count, &calls, &err);

    CHECK_OK(err.code, err);
    while (atomic_load(&calls) < 1)
        ;
    ticker_free(ticker);
    CHECK_INT(atomic_load(&calls), ==, 1);
    CHECK(clock_mono_ms() - start_ms < 60000);
}
