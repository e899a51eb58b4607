/* page_fill_test.c - pages that are filled in. */
#include "gateway/page_fill.h"

#include "gateway/share_words.h"
#include "tests/test.h"

static const struct page_value values[] = {
    {"name", "<a href=\"x\">'&"}, {"yes", "1"}, {"empty", ""}, {"none", NULL}};

static void fill(const char *page, const char *expected)
{
    OWNED_VALUE(buf) out = {0};

    page_fill(&out, page, strlen(page), values, sizeof values / sizeof *values);
    CHECK_STR(buf_text(&out), expected);
}

TEST(values_are_escaped)
{
    fill("[{{name}}]", "[&lt;a href=&quot;x&quot;&gt;&#39;&amp;]");
    fill("{{yes}}{{yes}}", "11");
    fill("{{unknown}}{{none}}", "");
}

TEST(parts_are_left_out_where_there_is_no_value)
{
    fill("a{{?yes}}b{{yes}}{{/yes}}c", "ab1c");
    fill("a{{?empty}}b{{?yes}}c{{/yes}}{{/empty}}d", "ad");
    fill("a{{?none}}b{{/none}}c{{?unknown}}d{{/unknown}}", "ac");
    fill("a{{?yes}}b{{?empty}}c{{/empty}}d{{/yes}}e", "abde");
}

TEST(what_is_no_mark_stays)
{
    fill("", "");
    fill("{ {x} }} {", "{ {x} }} {");
    fill("a {{name", "a {{name");
    fill("a{{?empty}}b", "a");
}

TEST(a_search_key_in_words)
{
    struct share_words words;

    share_words("happy", &words);
    CHECK_STR(words.emotion, "happy");
    CHECK_STR(words.mood[SHARE_KO], "행복");
    CHECK_STR(words.favourite[SHARE_EN], "");
    share_words("sad/winter,snowy,the-middle-of-the-night", &words);
    CHECK_STR(words.mood[SHARE_EN], "Sad");
    CHECK_STR(words.favourite[SHARE_EN], "winter, snow, midnight");
    CHECK_STR(words.favourite[SHARE_KO], "겨울, 눈, 한밤");
    share_words("calm/바다,,autumn", &words);
    CHECK_STR(words.favourite[SHARE_EN], "바다, autumn");
}

/* The longest that a key can hold. */
TEST(a_long_favourite_is_whole)
{
    char key[1024] = "calm/";
    struct share_words words;

    for (size_t at = 5; at + 4 < sizeof key; at += 4)
        memcpy(key + at, "바,", 5);
    share_words(key, &words);
    CHECK_HAS(words.favourite[SHARE_EN] + strlen(words.favourite[SHARE_EN]) - 3, "바");
}
