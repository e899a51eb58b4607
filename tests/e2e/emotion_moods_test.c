/* emotion_moods_test.c - what a visitor says wins: over what was seen before and after, in
 * every replica, over a crash; two processes with fake eyes, on both buses. */
#define TEST_SECONDS 120
#include "lib/base/clock.h"
#include "services/emotion/mood_publish.h"
#include "tests/support/emotion.h"
#include "tests/support/emotion_buses.h"
#include "tests/support/process.h"
#include "tests/test.h"

#define CORRECTED "emotion_corrections_total{analysed=\"happy\",chosen=\"sad\"}"
#define CHOSEN "emotion_corrections_total{analysed=\"none\",chosen=\"calm\"}"

/* What process i says stands; "" for 404. */
static void check_mood(struct eyes *eyes, int i, const char *user, const char *emotion)
{
    const int status = eyes_mood(eyes, i, "GET", user, NULL);
    char member[64];

    if (!*emotion) {
        CHECK_INT(status, ==, 404);
        return;
    }
    CHECK_INT(status, ==, 200);
    (void)snprintf(member, sizeof member, "\"emotion\":\"%s\"", emotion);
    CHECK_HAS(eyes_body(eyes), member);
}

TEST_ON_BOTH_BUSES(a_visitor_chooses_without_a_camera)
{
    OWNED_VALUE(buf) records = {0};

    eyes_start(eyes, 0, NULL);
    check_mood(eyes, 0, "a", "");
    CHECK_INT(eyes_mood(eyes, 0, "POST", "a", "{\"emotion\":\"calm\"}"), ==, 200);
    CHECK_HAS(eyes_body(eyes), "\"emotion\":\"calm\",\"generation\":null,\"gender\":null,"
                               "\"source\":\"visitor\",\"analysed\":null");
    check_mood(eyes, 0, "a", "calm");
    eyes_records(eyes, "a", &records);
    CHECK_STR(buf_text(&records), "visitor calm  ");
    CHECK(eyes_figure(eyes, 0, CHOSEN) == 1);
    CHECK_INT(eyes_mood(eyes, 0, "POST", "a",
                        "{\"emotion\":\"FEAR\",\"generation\":\"child\",\"gender\":\"Male\"}"),
              ==, 200);
    eyes_wait_record(eyes, "a", "visitor fear child Male");
    eyes_stop(eyes, 0);
}

TEST_ON_BOTH_BUSES(a_correction_wins_in_every_replica)
{
    eyes_start(eyes, 0, NULL);
    eyes_start(eyes, 1, NULL);
    CHECK_INT(eyes_look(eyes, 0, "/emotion", "b", "happy male"), ==, 200);
    check_mood(eyes, 1, "b", "happy");
    CHECK_INT(eyes_mood(eyes, 1, "POST", "b", "{\"emotion\":\"sad\"}"), ==, 200);
    CHECK_HAS(eyes_body(eyes), "\"generation\":\"young-adult\",\"gender\":\"Male\"");
    CHECK_HAS(eyes_body(eyes), "\"analysed\":\"happy\"");
    CHECK(eyes_figure(eyes, 1, CORRECTED) == 1);
    CHECK(eyes_figure(eyes, 0, CORRECTED) == 0); /* counted once */
    check_mood(eyes, 0, "b", "sad");
    CHECK_INT(eyes_look(eyes, 0, "/emotion", "b", "happy"), ==, 200); /* another picture */
    CHECK_HAS(eyes_body(eyes), "\"emotions\":\"SAD\"");
    CHECK_INT(eyes_look(eyes, 1, "/v1/faces", "b", "happy"), ==, 200);
    CHECK_HAS(eyes_body(eyes), "\"mood\":{\"emotion\":\"sad\"");
    eyes_wait_record(eyes, "b", "visitor sad young-adult Male");
    CHECK_INT(eyes_mood(eyes, 0, "POST", "b", "{\"emotion\":\"calm\"}"), ==, 200);
    check_mood(eyes, 1, "b", "calm");
    check_mood(eyes, 0, "b", "calm");
}

TEST_ON_BOTH_BUSES(a_correction_wins_over_an_analysis_in_flight)
{
    char words[300];
    int status;

    eyes_start(eyes, 0, NULL);
    eyes_start(eyes, 1, NULL);
    (void)snprintf(words, sizeof words, "happy until %s/go", eyes->conf.data);
    eyes_look_later(eyes, 0, "c", words, &status);
    eyes_wait_figure(eyes, 0, "emotion_pictures", 1);
    CHECK_INT(eyes_mood_meanwhile(eyes, 1, "POST", "c", "{\"emotion\":\"sad\"}"), ==, 200);
    folder_put(eyes->conf.data, "go", "", 0);
    eyes_wait(eyes, &status);
    CHECK_INT(status, ==, 200);
    check_mood(eyes, 0, "c", "sad");
    check_mood(eyes, 1, "c", "sad");
    eyes_wait_record(eyes, "c", "visitor sad young-adult Female");
}

/* As a replica would that had not heard of the correction. */
static void publish_analysis(struct eyes *eyes, const char *user, const char *emotion)
{
    const struct user_event event = {.user_id = eyes_user(eyes, user),
                                     .generation = "adult",
                                     .gender = "Male",
                                     .emotion = emotion,
                                     .source = USER_SOURCE_ANALYSIS,
                                     .timestamp_ms = clock_wall_ms()};
    struct err err = {0};

    CHECK_OK(mood_publish(eyes->bus, &event, NULL, &err), err);
}

TEST_ON_BOTH_BUSES(an_analysis_that_slips_in_is_said_against)
{
    eyes_start(eyes, 0, NULL);
    eyes_start(eyes, 1, NULL);
    CHECK_INT(eyes_mood(eyes, 0, "POST", "d", "{\"emotion\":\"sad\"}"), ==, 200);
    publish_analysis(eyes, "d", "happy");
    check_mood(eyes, 0, "d", "sad");
    check_mood(eyes, 1, "d", "sad");
    eyes_wait_record(eyes, "d", "visitor sad adult Male");
}

TEST_ON_BOTH_BUSES(a_crash_forgets_nothing)
{
    eyes_start(eyes, 0, NULL);
    CHECK_INT(eyes_look(eyes, 0, "/emotion", "e", "happy"), ==, 200);
    CHECK_INT(eyes_mood(eyes, 0, "POST", "e", "{\"emotion\":\"sad\"}"), ==, 200);
    eyes_kill(eyes, 0);
    publish_analysis(eyes, "e", "fear"); /* of one that died before it could mend it */
    eyes_start(eyes, 0, NULL);
    check_mood(eyes, 0, "e", "sad");
    CHECK_INT(eyes_look(eyes, 0, "/emotion", "e", "happy"), ==, 200);
    CHECK_HAS(eyes_body(eyes), "\"emotions\":\"SAD\"");
    eyes_wait_record(eyes, "e", "visitor sad young-adult Female");
}

TEST_ON_BOTH_BUSES(a_visitor_is_forgotten)
{
    char words[300];
    int status;

    eyes_start(eyes, 0, NULL);
    eyes_start(eyes, 1, NULL);
    CHECK_INT(eyes_look(eyes, 0, "/emotion", "f", "happy"), ==, 200);
    (void)snprintf(words, sizeof words, "happy until %s/go", eyes->conf.data);
    eyes_look_later(eyes, 0, "f", words, &status);
    eyes_wait_figure(eyes, 0, "emotion_pictures", 1);
    CHECK_INT(eyes_mood_meanwhile(eyes, 1, "DELETE", "f", NULL), ==, 204);
    folder_put(eyes->conf.data, "go", "", 0);
    eyes_wait(eyes, &status); /* it gets its answer, but nothing is published */
    CHECK_INT(status, ==, 200);
    eyes_wait_record(eyes, "f", ", -"); /* each replica may say it again */
    check_mood(eyes, 0, "f", "");
    check_mood(eyes, 1, "f", "");
    CHECK_INT(eyes_look(eyes, 0, "/emotion", "f", "calm"), ==, 200); /* and comes back */
    check_mood(eyes, 1, "f", "calm");
}

TEST_ON_BOTH_BUSES(a_visit_ends)
{
    eyes_set(eyes, "EMOTION_VISIT_S=1");
    eyes_start(eyes, 0, NULL);
    CHECK_INT(eyes_mood(eyes, 0, "POST", "g", "{\"emotion\":\"sad\"}"), ==, 200);
    while (eyes_mood(eyes, 0, "GET", "g", NULL) == 200)
        CHECK_HAS(eyes_body(eyes), "sad");
    CHECK_INT(eyes_look(eyes, 0, "/emotion", "g", "happy"), ==, 200);
    CHECK_HAS(eyes_body(eyes), "\"emotions\":\"HAPPY\"");
}

TEST(what_is_no_mood_is_refused)
{
    static const struct {
        const char *body, *says;
    } cases[] = {
        {"", "nothing where JSON"},
        {"[]", "no JSON object"},
        {"{}", "emotion is missing"},
        {"{\"emotion\":7}", "emotion is"},
        {"{\"emotion\":\"joyful\"}", "must be one of happy"},
        {"{\"emotion\":\"sad\",\"gender\":\"female\"}", "must be one of Male, Female"},
        {"{\"emotion\":\"sad\",\"generation\":\"boomer\"}", "must be one of toddler"},
    };
    struct eyes eyes;

    eyes_prepare(&eyes, NULL);
    eyes_start(&eyes, 0, NULL);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CHECK_INT(eyes_mood(&eyes, 0, "POST", "h", cases[i].body), ==, 400);
        CHECK_STR(eyes_header(&eyes, "content-type"), "application/problem+json");
        CHECK_HAS(eyes_body(&eyes), cases[i].says);
    }
    CHECK_INT(eyes_mood(&eyes, 0, "PUT", "h", "{}"), ==, 405);
    check_mood(&eyes, 0, "h", "");
    eyes_done(&eyes);
}
