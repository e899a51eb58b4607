/* prompt_test.c - brackets weigh, long prompts become chunks, and what is no weight is text. */
#include "services/generator-gpu/prompt.h"

#include <limits.h>
#include <math.h>
#include <unistd.h>

#include "tests/support/clip_vocabulary.h"
#include "tests/test.h"

enum { START = 49406, END = 49407, TOKENS = 75 };

/* Read once for each test. */
static const struct tokenizer *clip(void)
{
    static struct tokenizer *tokenizer;
    char merges[PATH_MAX];
    struct err err = {0};

    if (!tokenizer) {
        char folder[] = "/tmp/prompt-test.XXXXXX", path[64];

        CHECK(mkdtemp(folder));
        clip_vocabulary_write(folder);
        (void)snprintf(path, sizeof path, "%s/merges.txt", folder);
        CHECK(symlink(realpath(CLIP_FOLDER "/merges.txt", merges), path) == 0);
        tokenizer = tokenizer_open(folder, &err);
        (void)unlink(path);
        (void)snprintf(path, sizeof path, "%s/vocab.json", folder);
        (void)unlink(path);
        (void)rmdir(folder);
    }
    if (!tokenizer)
        TEST_FAIL("%s", err.text);
    return tokenizer;
}

static struct prompt read_prompt(const struct tokenizer *tokenizer, const char *text)
{
    struct prompt prompt = {0};
    struct err err = {0};

    CHECK_OK(prompt_read(&prompt, tokenizer, text, &err), err);
    return prompt;
}

/* The weighted text has the tokens of plain, with these weights. */
static void check_weights(const char *text, const char *plain, const double *weights,
                          size_t weight_count)
{
    const struct tokenizer *tokenizer = clip();
    OWNED_VALUE(prompt) prompt = read_prompt(tokenizer, text);
    OWNED_VALUE(buf) shown = {0};
    struct err err = {0};
    int32_t *ids = NULL;
    int count = tokenizer_encode(tokenizer, plain, strlen(plain), &ids, &err);

    CHECK_OK(count, err);
    if (prompt.tokens != weight_count || count != (int)weight_count)
        TEST_FAIL("'%s' has %zu tokens and '%s' %d, not %zu", text, prompt.tokens, plain, count,
                  weight_count);
    for (int i = 0; i < count; i++) {
        if (prompt.ids[i + 1] != ids[i] || fabs(prompt.weights[i + 1] - weights[i]) > 1e-6)
            TEST_FAIL("'%s': token %d is %d times %g, not %d times %g", text, i,
                      prompt.ids[i + 1], (double)prompt.weights[i + 1], ids[i], weights[i]);
    }
    free(ids);
    prompt_plain(text, &shown);
    CHECK_STR(buf_text(&shown), plain);
}

#define WEIGHS(text, plain, ...)                                  \
    check_weights((text), (plain), (const double[]){__VA_ARGS__}, \
                  sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

TEST(brackets_weigh)
{
    WEIGHS("a (cat)", "a cat", 1, 1.1);
    WEIGHS("a ((cat))", "a cat", 1, 1.21);
    WEIGHS("a (cat:1.3) sits", "a cat sits", 1, 1.3, 1);
    WEIGHS("a (cat: 2.5) sits", "a cat sits", 1, 2.5, 1);
    WEIGHS("a (cat : .5 ) sits", "a cat  sits", 1, .5, 1);
    WEIGHS("[dog] cat", "dog cat", 1 / 1.1, 1);
    WEIGHS("(a [dog] cat:2)", "a dog cat", 2, 2 / 1.1, 2);
    WEIGHS("((a) cat:0.5)", "a cat", .55, .5);
    WEIGHS("(a:+1.5) cat", "a cat", 1.5, 1);
}

TEST(what_is_not_closed_weighs_to_the_end)
{
    WEIGHS("a (cat sits", "a cat sits", 1, 1.1, 1.1);
    WEIGHS("a [cat", "a cat", 1, 1 / 1.1);
    WEIGHS("((a) cat", "a cat", 1.21, 1.1);
    WEIGHS("(a [cat) sits]", "a cat sits", 1.1, 1, 1 / 1.1);
}

TEST(what_is_no_weight_is_text)
{
    WEIGHS("a) cat", "a) cat", 1, 1, 1);
    WEIGHS("a] cat", "a] cat", 1, 1, 1);
    WEIGHS("cat:1.3", "cat:1.3", 1, 1, 1, 1, 1);
    WEIGHS("cat:1.3)", "cat:1.3)", 1, 1, 1, 1, 1, 1);
    WEIGHS("(a:b)", "a:b", 1.1, 1.1, 1.1);
    WEIGHS("(a:1.2:3)", "a:1.2", 3, 3, 3, 3, 3);
    WEIGHS("(a:1.2.3)", "a:1.2.3", 1.1, 1.1, 1.1, 1.1, 1.1, 1.1, 1.1);
    WEIGHS("(a:.)", "a:.", 1.1, 1.1, 1.1);
    WEIGHS("(a:1e9)", "a:1e9", 1.1, 1.1, 1.1, 1.1, 1.1);
    WEIGHS("[a:2] cat", "a:2 cat", 1 / 1.1, 1 / 1.1, 1 / 1.1, 1);
    WEIGHS("a BREAK cat", "a BREAK cat", 1, 1, 1);
}

TEST(empty_brackets_are_nothing)
{
    check_weights("", "", NULL, 0);
    check_weights("()", "", NULL, 0);
    check_weights("[](:2)", "", NULL, 0);
    WEIGHS("a () cat", "a  cat", 1, 1);
}

TEST(a_backslash_makes_brackets_text)
{
    WEIGHS("a \\(cat\\)", "a (cat)", 1, 1, 1, 1);
    WEIGHS("\\[a\\]", "[a]", 1, 1, 1);
    WEIGHS("(a \\) cat:2)", "a ) cat", 2, 2, 2);
    WEIGHS("a\\\\b", "a\\b", 1, 1, 1);
    WEIGHS("a \\cat\\", "a cat", 1, 1);
}

TEST(weights_have_limits)
{
    WEIGHS("(a:-1) cat", "a cat", -1, 1);
    WEIGHS("(a:0) cat", "a cat", 0, 1);
    WEIGHS("(a:1000) cat", "a cat", 10, 1);
    WEIGHS("(a:-99999999999999999999) cat", "a cat", -10, 1);
    WEIGHS("((((((((((((((((((((((((((((((a", "a", 10);
    WEIGHS("((((a:999999):999999):999999):0.0000000000001)", "a", 1e-7);
}

TEST(knows_whether_something_weighs)
{
    const struct tokenizer *tokenizer = clip();
    OWNED_VALUE(prompt) plain = read_prompt(tokenizer, "a \\(cat\\) (:3)");
    OWNED_VALUE(prompt) one = read_prompt(tokenizer, "a (cat:1.0)");
    OWNED_VALUE(prompt) weighted = read_prompt(tokenizer, "a (cat)");

    CHECK(!plain.weighted);
    CHECK(!one.weighted);
    CHECK(weighted.weighted);
}

TEST(huge_nesting_is_refused)
{
    const struct tokenizer *tokenizer = clip();
    OWNED_VALUE(buf) plain = {0};
    struct prompt prompt;
    struct err err = {0};
    char text[4097];

    memset(text, '(', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK_INT(prompt_read(&prompt, tokenizer, text, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, "more than 256 brackets open at once");
    prompt_plain(text, &plain);
    CHECK_STR(buf_text(&plain), text);
}

static void repeat(struct buf *out, const char *text, int times)
{
    buf_clear(out);
    for (int i = 0; i < times; i++)
        buf_append_str(out, text);
}

TEST(long_prompts_become_chunks)
{
    const struct tokenizer *tokenizer = clip();
    OWNED_VALUE(buf) text = {0};

    repeat(&text, "cat ", TOKENS);
    {
        OWNED_VALUE(prompt) prompt = read_prompt(tokenizer, buf_text(&text));

        CHECK_INT(prompt.chunks, ==, 1);
        CHECK_INT(prompt.tokens, ==, TOKENS);
        CHECK_INT(prompt.ids[0], ==, START);
        CHECK_INT(prompt.ids[TOKENS], ==, prompt.ids[1]);
        CHECK_INT(prompt.ids[PROMPT_CHUNK - 1], ==, END);
    }
    buf_append_str(&text, "(dog:1.5)");
    {
        OWNED_VALUE(prompt) prompt = read_prompt(tokenizer, buf_text(&text));
        const int32_t *second = prompt.ids + PROMPT_CHUNK;

        CHECK_INT(prompt.chunks, ==, 2);
        CHECK_INT(prompt.ids[PROMPT_CHUNK - 1], ==, END);
        CHECK_INT(second[0], ==, START);
        CHECK_INT(second[1], ==, 1929);
        CHECK(prompt.weights[PROMPT_CHUNK + 1] == 1.5F);
        CHECK_INT(second[2], ==, END);
        CHECK_INT(second[PROMPT_CHUNK - 1], ==, END);
        CHECK(prompt.weights[PROMPT_CHUNK + 2] == 1);
    }
}

TEST(ten_thousand_tokens_fit_and_not_many_more)
{
    const struct tokenizer *tokenizer = clip();
    OWNED_VALUE(buf) text = {0};
    struct prompt refused;
    struct err err = {0};

    repeat(&text, "cat ", PROMPT_CHUNKS_MAX * TOKENS);
    {
        OWNED_VALUE(prompt) prompt = read_prompt(tokenizer, buf_text(&text));

        CHECK_INT(prompt.chunks, ==, PROMPT_CHUNKS_MAX);
    }
    buf_append_str(&text, "cat");
    CHECK_INT(prompt_read(&refused, tokenizer, buf_text(&text), &err), ==, ERR_TOO_LARGE);
    CHECK_HAS(err.text, "the prompt has 10051 tokens, and 10050 is the limit");
}

TEST(pads_with_empty_chunks)
{
    const struct tokenizer *tokenizer = clip();
    OWNED_VALUE(prompt) prompt = read_prompt(tokenizer, "(cat)");
    struct err err = {0};

    CHECK_OK(prompt_pad(&prompt, tokenizer, 3, &err), err);
    CHECK_INT(prompt.chunks, ==, 3);
    CHECK_INT(prompt.tokens, ==, 1);
    CHECK_INT(prompt.ids[1], ==, 2368);
    CHECK_INT(prompt.ids[2L * PROMPT_CHUNK], ==, START);
    CHECK_INT(prompt.ids[2 * PROMPT_CHUNK + 1], ==, END);
    CHECK(prompt.weights[3 * PROMPT_CHUNK - 1] == 1);
    CHECK_OK(prompt_pad(&prompt, tokenizer, 2, &err), err);
    CHECK_INT(prompt.chunks, ==, 3);
}

TEST(refuses_invalid_text)
{
    const struct tokenizer *tokenizer = clip();
    struct prompt prompt;
    struct err err = {0};

    CHECK_INT(prompt_read(&prompt, tokenizer, "(\xc3)", &err), ==, ERR_INVALID);
    CHECK_STR(err.text, "the prompt is not valid UTF-8");
}
