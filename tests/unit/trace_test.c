/* trace_test.c - trace ids go on, start anew and are written as W3C Trace Context asks. */
#include "lib/trace/trace.h"

#include <ctype.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/mman.h>

#include "tests/test.h"

#define ID "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN "00f067aa0ba902b7"

static bool goes_on(const char *text)
{
    struct trace trace;

    trace_continue(&trace, text, strlen(text));
    return strcmp(trace.trace_id, ID) == 0;
}

TEST(a_trace_goes_on_under_a_span_of_our_own)
{
    struct trace trace;
    char text[TRACE_PARENT];

    trace_continue(&trace, "00-" ID "-" SPAN "-01", 55);
    CHECK_STR(trace.trace_id, ID);
    CHECK(strcmp(trace.span_id, SPAN) != 0);
    CHECK_INT(strlen(trace.span_id), ==, 16);
    CHECK(trace.sampled);
    trace_format(&trace, text);
    CHECK_INT(strlen(text), ==, 55);
    CHECK(strncmp(text, "00-" ID "-", 36) == 0);
    CHECK_STR(text + 52, "-01");
}

TEST(not_sampled_stays_so)
{
    struct trace trace;
    char text[TRACE_PARENT];

    trace_continue(&trace, "00-" ID "-" SPAN "-00", 55);
    CHECK(!trace.sampled);
    trace_format(&trace, text);
    CHECK_STR(text + 52, "-00");
    trace_continue(&trace, "00-" ID "-" SPAN "-fe", 55); /* other flags do not count */
    CHECK(!trace.sampled);
    trace_continue(&trace, "00-" ID "-" SPAN "-03", 55);
    CHECK(trace.sampled);
}

TEST(what_is_no_traceparent_starts_a_trace)
{
    static const char *const texts[] = {
        "",
        "00",
        "00-" ID "-" SPAN "-0",
        "00-" ID "-" SPAN "-01-",
        "00-" ID "-" SPAN "-01x",
        "00-" ID "-" SPAN "-0g",
        "0-" ID "-" SPAN "-011",
        "ff-" ID "-" SPAN "-01",
        "FF-" ID "-" SPAN "-01",
        "00_" ID "-" SPAN "-01",
        "00-" ID "_" SPAN "-01",
        "00-" ID "-" SPAN "_01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01",
        "00-00000000000000000000000000000000-" SPAN "-01",
        "00-" ID "-0000000000000000-01",
        "00-" ID "-00F067AA0BA902B7-01",
        "cc-" ID "-" SPAN "-01x",
    };
    struct trace trace;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (goes_on(texts[i]))
            TEST_FAIL("taken for a traceparent: %s", texts[i]);
    trace_continue(&trace, NULL, 0);
    CHECK_INT(strlen(trace.trace_id), ==, 32);
    CHECK(trace.sampled);
}

TEST(later_versions_may_say_more)
{
    CHECK(goes_on("01-" ID "-" SPAN "-01"));
    CHECK(goes_on("cc-" ID "-" SPAN "-01-what-the-future-brings"));
}

TEST(a_text_without_end_is_read_no_further)
{
    char text[64] = "00-" ID "-" SPAN "-01-more";
    struct trace trace;

    trace_continue(&trace, text, 55);
    CHECK_STR(trace.trace_id, ID);
    trace_continue(&trace, text, 54);
    CHECK(strcmp(trace.trace_id, ID) != 0);
}

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

enum { TRACES = 20000, EACH = TRACES / 2 };

static void *start_many(void *ctx)
{
    char(*ids)[33] = ctx;

    for (int i = 0; i < EACH; i++) {
        struct trace trace;

        trace_start(&trace);
        memcpy(ids[i], trace.trace_id, sizeof ids[i]);
    }
    return NULL;
}

TEST(ids_are_hex_and_never_the_same)
{
    static char ids[TRACES][33];
    pthread_t threads[2];

    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, start_many, ids[(size_t)i * EACH]), ==, 0);
    for (int i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    for (int i = 0; i < TRACES; i++)
        CHECK_INT(strspn(ids[i], "0123456789abcdef"), ==, 32);
    qsort(ids, TRACES, sizeof *ids, compare);
    for (int i = 1; i < TRACES; i++)
        CHECK(strcmp(ids[i - 1], ids[i]) != 0);
}

TEST(a_forked_process_has_other_ids)
{
    struct trace *childs =
        mmap(NULL, sizeof *childs, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct trace ours;
    pid_t child;

    trace_start(&ours); /* the random bytes are fetched in advance */
    child = fork();
    if (child == 0) {
        trace_start(childs);
        _exit(0);
    }
    CHECK_INT(waitpid(child, NULL, 0), ==, child);
    trace_start(&ours);
    CHECK_INT(strlen(childs->trace_id), ==, 32);
    CHECK(strcmp(childs->trace_id, ours.trace_id) != 0);
}
