/* gateway_conditional_test.c - entity tags, dates and byte ranges, by the examples of RFC 9110.
 */
#include "gateway/conditional.h"

#include <stdint.h>

#include "tests/test.h"

TEST(etags_are_found_in_lists)
{
    CHECK(etag_is_listed("\"a\"", "\"a\""));
    CHECK(etag_is_listed("\"b\", \"a\"", "\"a\""));
    CHECK(etag_is_listed("W/\"a\"", "\"a\""));
    CHECK(etag_is_listed("\"with, comma\" , W/\"a\"", "\"a\""));
    CHECK(etag_is_listed("*", "\"a\""));
    CHECK(!etag_is_listed("\"ab\"", "\"a\""));
    CHECK(!etag_is_listed("a", "\"a\""));
    CHECK(!etag_is_listed("\"a", "\"a\""));
    CHECK(!etag_is_listed("", "\"a\""));
}

/* 784111777 is Sun, 06 Nov 1994 08:49:37 GMT. */
TEST(a_date_counts_only_without_etags)
{
    const char *date = "Sun, 06 Nov 1994 08:49:37 GMT";

    CHECK(is_not_modified(NULL, date, "\"a\"", 784111777));
    CHECK(is_not_modified(NULL, date, "\"a\"", 784111776));
    CHECK(!is_not_modified(NULL, date, "\"a\"", 784111778));
    CHECK(!is_not_modified(NULL, "yesterday", "\"a\"", 1));
    CHECK(!is_not_modified("\"b\"", date, "\"a\"", 784111777));
    CHECK(is_not_modified("\"a\"", "Sun, 06 Nov 1904 08:49:37 GMT", "\"a\"", 784111777));
    CHECK(!is_not_modified(NULL, NULL, "\"a\"", 0));
}

TEST(if_range_takes_strong_etags_and_exact_dates)
{
    CHECK(range_is_allowed(NULL, "\"a\"", 1));
    CHECK(range_is_allowed("\"a\"", "\"a\"", 1));
    CHECK(!range_is_allowed("\"b\"", "\"a\"", 1));
    CHECK(!range_is_allowed("W/\"a\"", "\"a\"", 1));
    CHECK(range_is_allowed("Sun, 06 Nov 1994 08:49:37 GMT", "\"a\"", 784111777));
    CHECK(!range_is_allowed("Sun, 06 Nov 1994 08:49:37 GMT", "\"a\"", 784111776));
}

static void check_part(const char *header, uint64_t size, uint64_t first, uint64_t count)
{
    uint64_t got_first = UINT64_MAX, got_count = 0;

    CHECK_INT(range_parse(header, size, &got_first, &got_count), ==, RANGE_PART);
    CHECK_INT(got_first, ==, first);
    CHECK_INT(got_count, ==, count);
}

TEST(ranges_are_read)
{
    check_part("bytes=0-499", 10000, 0, 500);
    check_part("bytes=500-999", 10000, 500, 500);
    check_part("bytes=-500", 10000, 9500, 500);
    check_part("bytes=9500-", 10000, 9500, 500);
    check_part("bytes=0-0", 10000, 0, 1);
    check_part("bytes=-1", 10000, 9999, 1);
    check_part("bytes=9000-99999999999999999999999999", 10000, 9000, 1000);
    check_part("bytes=-99999999999999999999999999", 10000, 0, 10000);
    check_part("Bytes=1-2", 10000, 1, 2);
}

TEST(ranges_after_the_end_are_outside)
{
    uint64_t first, count;

    CHECK_INT(range_parse("bytes=10000-", 10000, &first, &count), ==, RANGE_OUTSIDE);
    CHECK_INT(range_parse("bytes=10000-10001", 10000, &first, &count), ==, RANGE_OUTSIDE);
    CHECK_INT(range_parse("bytes=-0", 10000, &first, &count), ==, RANGE_OUTSIDE);
    CHECK_INT(range_parse("bytes=0-", 0, &first, &count), ==, RANGE_OUTSIDE);
    CHECK_INT(range_parse("bytes=99999999999999999999999-", 1, &first, &count), ==,
              RANGE_OUTSIDE);
}

TEST(what_is_no_single_range_means_the_whole)
{
    static const char *const headers[] = {
        "bytes=0-1,5-6", "bytes=5-1",  "bytes=", "bytes=-",   "bytes=a-b",  "items=0-1",
        "bytes=1",       "bytes=0 -1", "",       "bytes=--1", "bytes=1-2x",
    };
    uint64_t first, count;

    CHECK_INT(range_parse(NULL, 10, &first, &count), ==, RANGE_WHOLE);
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        CHECK_INT(range_parse(headers[i], 10, &first, &count), ==, RANGE_WHOLE);
}
