/* Bytes that grow, and a failure that is met once, at the end. */
#include "lib/base/buf.h"

#include <stdint.h>

#include "tests/test.h"

TEST(appended_parts_stand_in_order_with_a_nul_after_them)
{
    OWNED_VALUE(buf) b = {0};

    CHECK_STR(buf_text(&b), "");
    buf_append_str(&b, "one ");
    buf_append(&b, "t\0o", 3);
    buf_append_char(&b, '!');
    buf_printf(&b, " %d", 42);
    CHECK_INT(b.size, ==, 11);
    CHECK(memcmp(b.data, "one t\0o! 42", 12) == 0);
    CHECK(buf_ok(&b));
}

TEST(a_million_single_bytes_fit)
{
    OWNED_VALUE(buf) b = {0};

    for (int i = 0; i < 1000000; i++)
        buf_append_char(&b, (char)i);
    CHECK_INT(b.size, ==, 1000000);
    CHECK_INT((unsigned char)b.data[999999], ==, 999999 % 256);
}

TEST(too_much_fails_once_and_keeps_what_there_was)
{
    OWNED_VALUE(buf) b = {0};

    buf_append_str(&b, "kept");
    CHECK(buf_reserve(&b, SIZE_MAX / 2) == NULL);
    buf_append_str(&b, "ignored");
    CHECK(!buf_ok(&b));
    CHECK_STR(buf_text(&b), "kept");
    buf_clear(&b);
    buf_append_str(&b, "again");
    CHECK(buf_ok(&b));
    CHECK_STR(buf_text(&b), "again");
}

TEST(taken_bytes_belong_to_the_taker)
{
    struct buf b = {0};
    char *taken;

    buf_append_str(&b, "mine");
    taken = buf_take(&b);
    CHECK_STR(taken, "mine");
    CHECK(b.data == NULL && b.size == 0);
    free(taken);
}
