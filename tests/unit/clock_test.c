/* Times as they are written in events and in HTTP. */
#include "lib/base/clock.h"

#include "tests/test.h"

static int64_t parsed(const char *text)
{
    struct err err = {0};
    int64_t ms = 0;

    CHECK_OK(clock_parse_rfc3339(text, &ms, &err), err);
    return ms;
}

TEST(rfc3339_is_written_and_read_back)
{
    char text[CLOCK_TEXT];

    clock_format_rfc3339(1777885687123, text);
    CHECK_STR(text, "2026-05-04T09:08:07.123Z");
    CHECK_INT(parsed(text), ==, 1777885687123);
    clock_format_rfc3339(-1, text);
    CHECK_STR(text, "1969-12-31T23:59:59.999Z");
}

TEST(what_object_stores_write_is_read)
{
    CHECK_INT(parsed("2026-05-04T09:08:07Z"), ==, 1777885687000);
    CHECK_INT(parsed("2026-05-04T09:08:07.1Z"), ==, 1777885687100);
    CHECK_INT(parsed("2026-05-04T09:08:07.123456789Z"), ==, 1777885687123);
    CHECK_INT(parsed("2026-05-04T18:08:07+09:00"), ==, 1777885687000);
    CHECK_INT(parsed("2026-05-04T05:38:07-03:30"), ==, 1777885687000);
}

TEST(what_is_no_time_is_refused)
{
    static const char *const bad[] = {"",
                                      "yesterday",
                                      "2026-05-04",
                                      "2026-13-04T09:08:07Z",
                                      "2026-05-04T09:08:07",
                                      "2026-05-04T25:08:07Z",
                                      "2026-05-04T09:08:07Zx",
                                      "2026-05-04T09:08:07+9"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        int64_t ms;

        CHECK_INT(clock_parse_rfc3339(bad[i], &ms, &err), ==, ERR_INVALID);
        CHECK_HAS(err.text, "is not an RFC 3339 time");
    }
}

TEST(http_dates_are_written_and_read_back)
{
    char text[CLOCK_TEXT];
    struct err err = {0};
    int64_t ms;

    clock_format_http(1777885687123, text);
    CHECK_STR(text, "Mon, 04 May 2026 09:08:07 GMT");
    CHECK_OK(clock_parse_http(text, &ms, &err), err);
    CHECK_INT(ms, ==, 1777885687000);
    CHECK_INT(clock_parse_http("Mon, 04 Xyz 2026 09:08:07 GMT", &ms, &err), ==, ERR_INVALID);
}
