/* recommender_recent_test.c - what was shown to whom, and with which propensities. */
#include "services/recommender-proxy/recent.h"
#include "tests/test.h"

enum { VISITORS = 60000 };

static struct recent *new_recent(void)
{
    struct err err = {0};
    struct recent *recent = recent_new(&err);

    CHECK(recent);
    return recent;
}

struct range {
    int first;
    size_t count;
    double propensity;
};

/* An answer of these pictures. */
static void note(struct recent *recent, const char *user, const char *asked, const char *id,
                 struct range range)
{
    static struct rec_answer answer;
    static char keys[REC_COUNT_MAX][32];

    for (size_t i = 0; i < range.count; i++) {
        (void)snprintf(keys[i], sizeof keys[i], "emotions/happy/%d.jpeg", range.first + (int)i);
        answer.results[i] =
            (struct rec_result){.item_id = keys[i], .propensity = range.propensity};
    }
    answer.count = range.count;
    recent_note(recent, user, asked, id, &answer);
}

static double find(struct recent *recent, const char *user, int picture)
{
    char key[32];
    const char *items[] = {key};
    struct recent_question question;
    double propensity = -1;

    (void)snprintf(key, sizeof key, "emotions/happy/%d.jpeg", picture);
    (void)recent_find(recent, user, items, 1, &propensity, &question);
    return propensity;
}

TEST(what_was_shown_is_found_with_its_question)
{
    OWNED(recent) recent = new_recent();
    const char *const items[] = {"emotions/happy/2.jpeg", "emotions/happy/99.jpeg",
                                 "emotions/happy/1.jpeg"};
    double propensities[3];
    struct recent_question question;

    note(recent, "민지", "happy/spring", "r-1", (struct range){1, 3, 0.25});
    CHECK_INT(recent_find(recent, "민지", items, 3, propensities, &question), ==, 2);
    CHECK(propensities[0] == 0.25 && propensities[1] == 0 && propensities[2] == 0.25);
    CHECK_STR(question.asked, "happy/spring");
    CHECK_STR(question.recommendation_id, "r-1");
    CHECK_INT(recent_find(recent, "other", items, 3, propensities, &question), ==, 0);
    CHECK(propensities[0] == 0 && *question.asked == '\0');
}

TEST(answers_to_one_question_add_up_and_another_question_starts_anew)
{
    OWNED(recent) recent = new_recent();

    note(recent, "a", "happy", "", (struct range){0, 3, 0.5});   /* landscape */
    note(recent, "a", "happy", "", (struct range){100, 3, 0.5}); /* portrait */
    note(recent, "a", "happy", "", (struct range){2, 1, 0.75});
    CHECK(find(recent, "a", 0) == 0.5 && find(recent, "a", 102) == 0.5);
    CHECK(find(recent, "a", 2) == 0.75);
    note(recent, "a", "sad", "", (struct range){200, 1, 1});
    CHECK(find(recent, "a", 0) == 0 && find(recent, "a", 200) == 1);
    note(recent, "a", "sad", "r-2", (struct range){300, 1, 1});
    CHECK(find(recent, "a", 200) == 0 && find(recent, "a", 300) == 1);
}

TEST(the_last_answers_are_remembered_however_many_came_before)
{
    OWNED(recent) recent = new_recent();

    for (int i = 0; i < 20; i++)
        note(recent, "a", "happy", "", (struct range){i * 100, 100, 0.5});
    for (int i = 1800; i < 2000; i++)
        CHECK(find(recent, "a", i) == 0.5);
    CHECK(find(recent, "a", 0) == 0);
}

TEST(older_visitors_make_room)
{
    OWNED(recent) recent = new_recent();
    int known = 0;

    for (int i = 0; i < VISITORS; i++) {
        char user[32];

        (void)snprintf(user, sizeof user, "u%d", i);
        note(recent, user, "happy", "", (struct range){i, 1, 0.5});
    }
    for (int i = 0; i < VISITORS; i++) {
        char user[32];

        (void)snprintf(user, sizeof user, "u%d", i);
        known += find(recent, user, i) == 0.5;
        CHECK(i < VISITORS - 200 || find(recent, user, i) == 0.5);
    }
    CHECK_INT(known, >=, 10000);
    CHECK_INT(known, <, VISITORS / 2);
}

TEST(what_is_too_long_is_left_out)
{
    OWNED(recent) recent = new_recent();
    char asked[2 * RECENT_ASKED];

    memset(asked, 'x', sizeof asked);
    asked[sizeof asked - 1] = '\0';
    note(recent, "a", asked, asked, (struct range){1, 1, 0.5});
    note(recent, "a", asked, asked, (struct range){2, REC_COUNT_MAX, 0.5});
    CHECK(find(recent, "a", 2) == 0.5);
}
