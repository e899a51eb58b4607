/* test.h - TEST, CHECK_* and a main. Included once by each test program.
 *
 *   build/tests/unit/err_test          run all of it
 *   build/tests/unit/err_test wrap     run the tests whose name contains "wrap"
 *
 * Each test is a process of its own with a time limit (TEST_SECONDS, which a file may define
 * before it includes this), so a crash or a hang fails one test and not the rest. Output is
 * TAP. SKIP(why) ends a test that cannot run here. */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef TEST_SECONDS
#define TEST_SECONDS 60
#endif

enum { TEST_SKIPPED = 77 };

struct test {
    const char *name;
    void (*fn)(void);
    struct test *next;
};

static struct test *test_list, **test_tail = &test_list;

#define TEST(name_)                                                 \
    static void name_(void);                                        \
    __attribute__((constructor)) static void register_##name_(void) \
    {                                                               \
        static struct test t = {#name_, name_, NULL};               \
        *test_tail = &t;                                            \
        test_tail = &t.next;                                        \
    }                                                               \
    static void name_(void)

#define TEST_FAIL(...) \
    (printf("# %s:%d: ", __FILE__, __LINE__), printf(__VA_ARGS__), puts(""), exit(1))

#define SKIP(why) (printf("# skipped: %s\n", why), exit(TEST_SKIPPED))

#define CHECK(cond) ((cond) ? (void)0 : TEST_FAIL("%s is false", #cond))

#define CHECK_INT(a, op, b)                                                  \
    do {                                                                     \
        long long a_ = (long long)(a), b_ = (long long)(b);                  \
        if (!(a_ op b_))                                                     \
            TEST_FAIL("%s %s %s is false: %lld, %lld", #a, #op, #b, a_, b_); \
    } while (0)

#define CHECK_STR(a, b)                                        \
    do {                                                       \
        const char *a_ = (a), *b_ = (b);                       \
        if (strcmp(a_, b_) != 0)                               \
            TEST_FAIL("%s is \"%s\", not \"%s\"", #a, a_, b_); \
    } while (0)

/* The call returned 0 or more; prints err.text where it did not. */
#define CHECK_OK(call, err_)                                              \
    do {                                                                  \
        long long r_ = (long long)(call);                                 \
        if (r_ < 0)                                                       \
            TEST_FAIL("%s failed with %lld: %s", #call, r_, (err_).text); \
    } while (0)

/* text contains part. */
#define CHECK_HAS(text, part)                                         \
    do {                                                              \
        const char *t_ = (text), *p_ = (part);                        \
        if (!strstr(t_, p_))                                          \
            TEST_FAIL("%s is \"%s\", without \"%s\"", #text, t_, p_); \
    } while (0)

static int test_run(const struct test *t)
{
    int status = 0;
    pid_t child;

    (void)fflush(stdout);
    child = fork();
    if (child == 0) {
        alarm(TEST_SECONDS);
        t->fn();
        exit(0); /* not _exit: the leak check runs at exit */
    }
    (void)waitpid(child, &status, 0);
    if (WIFSIGNALED(status))
        printf("# %s: %s\n", t->name, strsignal(WTERMSIG(status)));
    return status;
}

int main(int argc, char **argv)
{
    int count = 0, failed = 0;

    for (const struct test *t = test_list; t; t = t->next) {
        int status, skipped;

        if (argc > 1 && !strstr(t->name, argv[1]))
            continue;
        status = test_run(t);
        skipped = WIFEXITED(status) && WEXITSTATUS(status) == TEST_SKIPPED;
        printf("%s %d - %s%s\n", status && !skipped ? "not ok" : "ok", ++count, t->name,
               skipped ? " # SKIP" : "");
        failed += status && !skipped;
    }
    printf("1..%d\n", count);
    return failed != 0 || count == 0; /* nothing run is not a pass */
}

#endif
