/* emotion_moods_test.c - what stands of a visitor, whatever order the records come in. */
#include "services/emotion/moods.h"

#include "proto/key.h"
#include "tests/test.h"

enum { VISIT_MS = 1000, MOST = 3, ANALYSIS = 'a', VISITOR = 'v', TOMBSTONE = 't' };

/* A record of the visitor "a": kind, time, emotion. */
struct record {
    int kind;
    int64_t time_ms;
    const char *emotion;
    const char *generation;
};

static void take(struct moods *moods, const char *user_id, const struct record *r)
{
    const struct user_event event = {.user_id = user_id,
                                     .generation = r->generation ? r->generation : "",
                                     .gender = "",
                                     .emotion = r->emotion ? r->emotion : "",
                                     .source = r->kind == VISITOR ? USER_SOURCE_VISITOR
                                                                  : USER_SOURCE_ANALYSIS,
                                     .timestamp_ms = r->time_ms};

    CHECK(moods_take(moods, user_id, r->kind == TOMBSTONE ? NULL : &event, r->time_ms));
}

/* "happy" and so on; "" where nothing is known. */
static const char *stands(struct moods *moods, const char *user_id, int64_t now_ms)
{
    struct mood mood;

    return moods_find(moods, user_id, now_ms, &mood) ? emotion_names[mood.emotion] : "";
}

static struct moods *make(void)
{
    struct err err = {0};
    struct moods *moods = moods_new(VISIT_MS, MOST, &err);

    CHECK(moods);
    return moods;
}

static const struct {
    const char *what;
    struct record records[3];
    const char *stands; /* at 500 */
    bool unsaid;
} cases[] = {
    {"an analysis", {{ANALYSIS, 100, "happy", 0}}, "happy", false},
    {"the last of two", {{ANALYSIS, 100, "happy", 0}, {ANALYSIS, 200, "sad", 0}}, "sad", 0},
    {"a choice", {{VISITOR, 100, "calm", 0}}, "calm", false},
    {"a correction", {{ANALYSIS, 100, "happy", 0}, {VISITOR, 200, "sad", 0}}, "sad", false},
    {"an analysis that was in flight",
     {{VISITOR, 200, "sad", 0}, {ANALYSIS, 100, "happy", 0}},
     "sad",
     true},
    {"an analysis after it",
     {{VISITOR, 200, "sad", 0}, {ANALYSIS, 300, "fear", 0}},
     "sad",
     true},
    {"what was said again",
     {{VISITOR, 200, "sad", 0}, {ANALYSIS, 300, "fear", 0}, {VISITOR, 200, "sad", 0}},
     "sad",
     false},
    {"the second correction",
     {{VISITOR, 200, "sad", 0}, {VISITOR, 300, "calm", 0}},
     "calm",
     false},
    {"an old one said again after it",
     {{VISITOR, 200, "sad", 0}, {VISITOR, 300, "calm", 0}, {VISITOR, 200, "sad", 0}},
     "calm",
     true},
    {"forgotten", {{VISITOR, 200, "sad", 0}, {TOMBSTONE, 300, NULL, NULL}}, "", false},
    {"an analysis that was in flight when it was forgotten",
     {{TOMBSTONE, 300, NULL, NULL}, {ANALYSIS, 200, "happy", 0}},
     "",
     true},
    {"a correction said again after it was forgotten",
     {{TOMBSTONE, 300, NULL, NULL}, {VISITOR, 200, "happy", 0}},
     "",
     true},
    {"a new picture after it",
     {{TOMBSTONE, 300, NULL, NULL}, {ANALYSIS, 400, "happy", 0}},
     "happy",
     false},
    {"an old tombstone said again",
     {{VISITOR, 400, "happy", 0}, {TOMBSTONE, 300, NULL, NULL}},
     "happy",
     true},
};

TEST(what_stands_follows_from_the_records)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED(moods) moods = make();
        struct mood mood;
        const char *unsaid;

        for (int j = 0; j < 3 && cases[i].records[j].kind; j++)
            take(moods, "a", &cases[i].records[j]);
        if (strcmp(stands(moods, "a", 500), cases[i].stands) != 0)
            TEST_FAIL("%s: %s stands", cases[i].what, stands(moods, "a", 500));
        unsaid = moods_unsaid(moods, &mood);
        if ((unsaid != NULL) != cases[i].unsaid)
            TEST_FAIL("%s: is%s to be said again", cases[i].what, unsaid ? "" : " not");
        if (unsaid && mood.forgotten != (cases[i].stands[0] == '\0'))
            TEST_FAIL("%s: the wrong thing is said again", cases[i].what);
        CHECK(!moods_unsaid(moods, &mood)); /* once */
    }
}

TEST(a_correction_ends_with_the_visit)
{
    OWNED(moods) moods = make();

    take(moods, "a", &(struct record){VISITOR, 100, "sad", NULL});
    CHECK_STR(stands(moods, "a", 1099), "sad");
    take(moods, "a", &(struct record){ANALYSIS, 1099, "happy", NULL});
    CHECK_STR(stands(moods, "a", 1099), "sad");
    take(moods, "a", &(struct record){ANALYSIS, 1100, "happy", NULL});
    CHECK_STR(stands(moods, "a", 1100), "happy");
    CHECK_STR(stands(moods, "a", 2100), "");
    CHECK_INT(moods_count(moods), ==, 0);
}

TEST(an_analysis_is_published_as_what_stands_after_it)
{
    OWNED(moods) moods = make();
    struct user_event event = {.user_id = "a",
                               .generation = "adult",
                               .gender = "Male",
                               .emotion = "happy",
                               .source = USER_SOURCE_ANALYSIS,
                               .timestamp_ms = 150};
    struct user_event merged = event;

    CHECK(moods_merge(moods, &merged)); /* nothing is known */
    CHECK_STR(merged.emotion, "happy");
    take(moods, "a", &(struct record){VISITOR, 100, "sad", "elder"});
    CHECK(moods_merge(moods, &merged));
    CHECK_STR(merged.emotion, "sad");
    CHECK_STR(merged.generation, "elder"); /* also the visitor's */
    CHECK_STR(merged.gender, "Male");      /* of which they said nothing */
    CHECK_STR(merged.source, "visitor");
    CHECK_INT(merged.timestamp_ms, ==, 100);
    take(moods, "a", &(struct record){TOMBSTONE, 160, NULL, NULL});
    merged = event;
    CHECK(!moods_merge(moods, &merged));
    CHECK_STR(merged.emotion, "happy");
    merged.timestamp_ms = 161;
    CHECK(moods_merge(moods, &merged));
}

TEST(a_correction_knows_what_was_analysed)
{
    OWNED(moods) moods = make();
    struct mood mood;

    take(moods, "a", &(struct record){ANALYSIS, 100, "happy", "adult"});
    take(moods, "a", &(struct record){VISITOR, 200, "sad", NULL});
    CHECK(moods_find(moods, "a", 300, &mood));
    CHECK(mood.by_visitor);
    CHECK_STR(emotion_names[mood.analysed], "happy");
    take(moods, "a", &(struct record){ANALYSIS, 250, "fear", "child"});
    CHECK(moods_find(moods, "a", 300, &mood));
    CHECK_STR(emotion_names[mood.analysed], "fear");
    CHECK_STR(mood.generation, "child"); /* the visitor had left it open */
    take(moods, "b", &(struct record){VISITOR, 200, "sad", NULL});
    CHECK(moods_find(moods, "b", 300, &mood));
    CHECK_INT(mood.analysed, ==, -1);
}

TEST(a_word_is_later_than_all_that_is_known)
{
    OWNED(moods) moods = make();

    CHECK_INT(moods_time(moods, "a", 50), ==, 50);
    take(moods, "a", &(struct record){VISITOR, 100, "sad", NULL});
    CHECK_INT(moods_time(moods, "a", 50), ==, 101);
    CHECK_INT(moods_time(moods, "a", 200), ==, 200);
}

TEST(the_table_is_bounded)
{
    OWNED(moods) moods = make();
    char id[2] = "a";

    for (int i = 0; i < 10; i++, id[0]++)
        take(moods, id, &(struct record){ANALYSIS, 100, "sad", NULL});
    CHECK_INT(moods_count(moods), ==, MOST);
    CHECK_STR(stands(moods, "a", 200), "");
    CHECK_STR(stands(moods, "j", 200), "sad");
    take(moods, "h", &(struct record){ANALYSIS, 150, "calm", NULL}); /* heard of again */
    take(moods, "k", &(struct record){ANALYSIS, 150, "calm", NULL});
    take(moods, "l", &(struct record){ANALYSIS, 150, "calm", NULL});
    CHECK_STR(stands(moods, "h", 200), "calm");
    CHECK_STR(stands(moods, "j", 200), "");
}

TEST(what_could_not_be_said_again_is_tried_again)
{
    OWNED(moods) moods = make();
    struct mood mood;

    take(moods, "a", &(struct record){VISITOR, 200, "sad", NULL});
    take(moods, "a", &(struct record){ANALYSIS, 300, "fear", NULL});
    CHECK_STR(moods_unsaid(moods, &mood), "a");
    moods_still_unsaid(moods, "a");
    moods_still_unsaid(moods, "gone");
    CHECK_STR(moods_unsaid(moods, &mood), "a");
    CHECK_INT(mood.time_ms, ==, 200);
    CHECK(!moods_unsaid(moods, &mood));
}
