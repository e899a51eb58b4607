/* Text from strangers: UTF-8, percent-encoding, numbers. */
#include "lib/base/text.h"

#include "tests/test.h"

TEST(utf8_is_told_from_what_only_looks_like_it)
{
    static const char *const good[] = {
        "", "abc", "봄,맑음", "\xf0\x9f\x8c\xb8", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\xaf",
                                      "\xe0\x80\xaf",
                                      "\xed\xa0\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xf8\x88\x80\x80\x80",
                                      "\xe3\x81",
                                      "a\xff"};

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK(text_is_utf8(good[i], strlen(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!text_is_utf8(bad[i], strlen(bad[i])));
}

TEST(printable_characters_are_counted_to_the_first_other)
{
    char text[40];

    for (size_t at = 0; at < sizeof text; at++) {
        for (int c = 0; c < 256; c++) {
            memset(text, '~', sizeof text);
            text[at] = (char)c;
            CHECK_INT(text_printable(text, sizeof text), ==,
                      c >= 0x20 && c < 0x7f ? sizeof text : at);
        }
        CHECK_INT(text_printable(text, at), ==, at);
    }
}

TEST(a_key_survives_encoding_and_decoding)
{
    static const char key[] = "emotions/happy/봄 + 100%/a~b_c-d.jpeg";
    OWNED_VALUE(buf) encoded = {0};
    OWNED_VALUE(buf) decoded = {0};
    struct err err = {0};

    text_url_encode(&encoded, key, strlen(key), true);
    CHECK_STR(buf_text(&encoded), "emotions/happy/%EB%B4%84%20%2B%20100%25/a~b_c-d.jpeg");
    CHECK_OK(text_url_decode(&decoded, encoded.data, encoded.size, false, &err), err);
    CHECK_STR(buf_text(&decoded), key);
}

TEST(a_plus_is_a_space_only_where_asked)
{
    OWNED_VALUE(buf) b = {0};
    struct err err = {0};

    CHECK_OK(text_url_decode(&b, "a+b", 3, true, &err), err);
    CHECK_STR(buf_text(&b), "a b");
    buf_clear(&b);
    CHECK_OK(text_url_decode(&b, "a+b", 3, false, &err), err);
    CHECK_STR(buf_text(&b), "a+b");
}

TEST(broken_percent_encoding_is_refused)
{
    static const char *const bad[] = {"%", "%4", "a%zz", "%00"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        OWNED_VALUE(buf) b = {0};
        struct err err = {0};

        CHECK_INT(text_url_decode(&b, bad[i], strlen(bad[i]), false, &err), ==, ERR_INVALID);
        CHECK_HAS(err.text, "is not a percent-encoded byte");
    }
}

TEST(only_whole_numbers_in_range_are_numbers)
{
    struct err err = {0};
    int64_t n = 5;

    CHECK_OK(text_parse_int("-12", -20, 20, &n, &err), err);
    CHECK_INT(n, ==, -12);
    CHECK_INT(text_parse_int("12x", 0, 20, &n, &err), ==, ERR_INVALID);
    err_clear(&err);
    CHECK_INT(text_parse_int("", 0, 20, &n, &err), ==, ERR_INVALID);
    err_clear(&err);
    CHECK_INT(text_parse_int("99999999999999999999", 0, 20, &n, &err), ==, ERR_INVALID);
    CHECK_INT(n, ==, -12);
    CHECK_STR(err.text, "'99999999999999999999' is not a number from 0 to 20");
}

TEST(text_that_does_not_fit_is_not_cut)
{
    char out[4] = "old";

    CHECK_INT(text_copy(out, sizeof out, "four"), ==, -1);
    CHECK_STR(out, "old");
    CHECK_INT(text_copy(out, sizeof out, "abc"), ==, 0);
    CHECK_STR(out, "abc");
    CHECK(text_starts_with("abc", "ab") && !text_starts_with("a", "ab"));
    CHECK(text_ends_with("a.jpeg", ".jpeg") && !text_ends_with("g", "jpeg"));
}

TEST(bytes_are_shown_as_hex)
{
    char hex[9];

    text_hex("\x00\x7f\xab\xff", 4, hex);
    CHECK_STR(hex, "007fabff");
    CHECK_INT(text_hex_digit('F'), ==, 15);
    CHECK_INT(text_hex_digit('g'), ==, -1);
}
