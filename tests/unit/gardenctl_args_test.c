/* How gardenctl reads its arguments. */
#include "gardenctl/args.h"

#include "tests/test.h"

static const struct args_option options[] = {
    {"--pool", NULL, "a flag"},
    {"--emotion", "E", "has a value"},
};

static int parse(struct args *args, int argc, const char *const *argv, struct err *err)
{
    static char *copy[16];

    memcpy((void *)copy, (const void *)argv, (size_t)argc * sizeof *argv);
    return args_parse(args, options, 2, argc, copy, err);
}

TEST(options_and_words_come_in_any_order)
{
    const char *const argv[] = {"first", "--emotion", "happy", "second", "--pool"};
    struct args args;
    struct err err = {0};

    CHECK_OK(parse(&args, 5, argv, &err), err);
    CHECK_STR(args_get(&args, "--emotion"), "happy");
    CHECK(args_has(&args, "--pool"));
    CHECK_INT(args.word_count, ==, 2);
    CHECK_STR(args.words[0], "first");
    CHECK_STR(args.words[1], "second");
}

TEST(a_value_may_follow_an_equals_sign_and_be_empty)
{
    const char *const argv[] = {"--emotion=calm=x"}, *const empty[] = {"--emotion="};
    struct args args;
    struct err err = {0};

    CHECK_OK(parse(&args, 1, argv, &err), err);
    CHECK_STR(args_get(&args, "--emotion"), "calm=x");
    CHECK(!args_has(&args, "--pool"));
    CHECK_OK(parse(&args, 1, empty, &err), err);
    CHECK_STR(args_get(&args, "--emotion"), "");
}

TEST(two_dashes_end_the_options)
{
    const char *const argv[] = {"--", "--pool", "-"};
    struct args args;
    struct err err = {0};

    CHECK_OK(parse(&args, 3, argv, &err), err);
    CHECK(!args_has(&args, "--pool"));
    CHECK_INT(args.word_count, ==, 2);
    CHECK_STR(args.words[0], "--pool");
}

static void check_refused(int argc, const char *const *argv, const char *reason)
{
    struct args args;
    struct err err = {0};

    CHECK_INT(parse(&args, argc, argv, &err), ==, ERR_INVALID);
    CHECK_HAS(err.text, reason);
}

TEST(wrong_options_are_named)
{
    check_refused(1, (const char *const[]){"--nope"}, "no option --nope");
    check_refused(1, (const char *const[]){"--poo"}, "no option --poo");
    check_refused(1, (const char *const[]){"--emotion"}, "needs a value");
    check_refused(1, (const char *const[]){"--pool=1"}, "takes no value");
    check_refused(2, (const char *const[]){"--pool", "--pool"}, "twice");
}
