/* recommender_local_test.c - answers of the local engine: what comes, what never does, what a
 * visitor's own acts change at once, and why. */
#include <math.h>

#include "tests/unit/recommender_case.h"

enum { SPRING_PICTURES = 10, OTHERS = 20 };

#define SPRING "spring,sunny,day"

/* Ten pictures of spring and twenty of nothing, half of them portraits, two of another mood. */
static struct rec_local *small_garden(float exploration)
{
    struct rec_local *local = garden_new(exploration);

    for (int i = 0; i < SPRING_PICTURES; i++)
        garden_item(local, garden_key(SPRING, i));
    for (int i = 0; i < OTHERS; i++)
        garden_item(local, garden_key("", i));
    garden_item(local, "emotions/sad/a_1h.jpeg");
    garden_item(local, "emotions/sad/b_1v.jpeg");
    return local;
}

static bool all_have(const struct rec_answer *answer, size_t first, const char *part)
{
    for (size_t i = 0; i < first && i < answer->count; i++)
        if (!strstr(answer->results[i].item_id, part))
            return false;
    return answer->count > 0;
}

TEST(the_favourite_comes_first_and_the_mood_only)
{
    OWNED(rec_local) local = small_garden(0);
    const struct rec_answer *answer = ASK(local, .emotion = "happy/" SPRING);

    CHECK_INT(answer->count, ==, SPRING_PICTURES + OTHERS);
    CHECK(all_have(answer, SPRING_PICTURES, SPRING));
    CHECK(all_have(answer, 500, "emotions/happy/"));
    CHECK(answer->results[0].why.favorite > 0);
    CHECK(answer->results[SPRING_PICTURES].why.favorite == 0);
    CHECK_INT(ASK(local, .emotion = "sad/" SPRING)->count, ==, 2);
    CHECK_INT(ASK(local, .emotion = "angry")->count, ==, 0);
}

TEST(orientation_and_number_are_as_asked)
{
    OWNED(rec_local) local = small_garden(0);
    const struct rec_answer *answer = ASK(local, .orientation = 'v');

    CHECK_INT(answer->count, ==, (SPRING_PICTURES + OTHERS) / 2);
    CHECK(all_have(answer, 500, "v.jpeg"));
    answer = ASK(local, .orientation = 'h', .count = 7);
    CHECK_INT(answer->count, ==, 7);
    CHECK(all_have(answer, 500, "h.jpeg"));
    CHECK_INT(ASK(local, .count = 1)->count, ==, 1);
    CHECK_INT(ASK(local, .count = 100000)->count, ==, SPRING_PICTURES + OTHERS);
}

TEST(five_hundred_results_of_more)
{
    OWNED(rec_local) local = garden_new(0.1F);
    const struct rec_answer *answer;

    for (int i = 0; i < 1300; i++)
        garden_item(local, garden_key("", i));
    answer = ASK(local, .orientation = 'h', .count = 500);
    CHECK_INT(answer->count, ==, 500);
    for (size_t i = 0; i < answer->count; i++)
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(answer->results[i].item_id, answer->results[j].item_id) != 0);
}

TEST(strangers_get_a_good_answer)
{
    static const char *const users[] = {
        "", "nobody", "민지", "a/b c", "'; drop table", "%2F\"\\",
    };
    OWNED(rec_local) local = small_garden(0);

    for (size_t i = 0; i < sizeof users / sizeof *users; i++) {
        const struct rec_answer *answer =
            ASK(local, .user_id = users[i], .emotion = "happy/벚꽃,안개,\"never\" heard",
                .generation = "baby boomer", .gender = "other");

        CHECK_INT(answer->count, ==, SPRING_PICTURES + OTHERS);
        CHECK(answer->results[0].score > -10 && answer->results[0].propensity == 1);
    }
}

TEST(a_question_without_a_mood_is_refused)
{
    OWNED(rec_local) local = small_garden(0);
    static struct rec_answer answer;
    struct err err = {0};

    CHECK_INT(garden_ask(local, &(struct rec_query){.emotion = "glad/" SPRING}, &answer, &err),
              ==, ERR_INVALID);
    CHECK_HAS(err.text, "'glad/");
    rec_answer_done(&answer);
}

TEST(what_is_removed_never_comes_and_what_is_put_again_does)
{
    OWNED(rec_local) local = small_garden(0);
    char key[160];

    (void)snprintf(key, sizeof key, "%s", garden_key(SPRING, 3));
    garden_act(local, "fan", INTERACTION_LIKE, key, THEN);
    for (int round = 0; round < 3; round++) {
        garden_remove(local, key);
        CHECK_INT(garden_place(ASK(local, .emotion = "happy/" SPRING), key), ==, -1);
        garden_train(local);
        CHECK_INT(garden_place(ASK(local, .user_id = "fan"), key), ==, -1);
        garden_act(local, "other", INTERACTION_LIKE, key, THEN + round); /* is taken */
        garden_item(local, key);
        CHECK_INT(garden_place(ASK(local, .user_id = "fan"), key), >=, 0);
        if (round == 1)
            garden_train(local);
        CHECK_INT(garden_place(ASK(local, .emotion = "happy/" SPRING), key), >=, 0);
    }
    garden_remove(local, "emotions/happy/never_there_h.jpeg");
    CHECK_INT(ASK(local, .user_id = "fan")->count, ==, SPRING_PICTURES + OTHERS);
}

TEST(pictures_of_the_pool_are_not_answered)
{
    OWNED(rec_local) local = small_garden(0);

    garden_item(local, "imgPool/happy/c_1h.jpeg");
    garden_act(local, "fan", INTERACTION_LIKE, "imgPool/happy/d_1h.jpeg", THEN);
    garden_act(local, "fan", INTERACTION_LIKE, "emotions/happy/not_there_yet_h.jpeg", THEN);
    garden_train(local);
    CHECK_INT(ASK(local, .user_id = "fan")->count, ==, SPRING_PICTURES + OTHERS);
}

TEST(pictures_that_came_after_the_training_are_answered)
{
    OWNED(rec_local) local = small_garden(0);

    garden_train(local);
    garden_item(local, garden_key(SPRING, 100));
    CHECK_INT(garden_place(ASK(local, .emotion = "happy/" SPRING), garden_key(SPRING, 100)), >=,
              0);
    CHECK_INT(garden_place(ASK(local, .emotion = "happy/" SPRING), garden_key(SPRING, 100)), <=,
              SPRING_PICTURES);
}

/* -- near-duplicates -- */

TEST(pictures_with_the_same_bytes_or_look_do_not_meet)
{
    OWNED(rec_local) local = garden_new(0);
    const struct rec_answer *answer;

    garden_item_at(local, "emotions/happy/a_1h.jpeg", THEN, "11");
    garden_item_at(local, "emotions/happy/a_2h.jpeg", THEN, "11");
    garden_item_at(local, "emotions/happy/a_3h.jpeg", THEN, "22");
    garden_item_at(local, "emotions/happy/a_4h.jpeg", THEN, "33");
    CHECK_INT(ASK(local, .count = 9)->count, ==, 3);
    CHECK(garden_look(local, "emotions/happy/a_3h.jpeg", (struct image_look){0xf0f0, 1}));
    CHECK(garden_look(local, "emotions/happy/a_4h.jpeg", (struct image_look){0xf0f1, 3}));
    CHECK(!garden_look(local, "emotions/happy/none_h.jpeg", (struct image_look){1, 1}));
    answer = ASK(local, .count = 9);
    CHECK_INT(answer->count, ==, 2);
    garden_remove(local, answer->results[0].item_id);
    CHECK_INT(ASK(local, .count = 9)->count, ==, 2); /* the other one comes in its place */
}

/* -- a visitor's own acts -- */

TEST(a_like_changes_the_next_answer_at_once)
{
    OWNED(rec_local) local = small_garden(0);

    for (int i = 0; i < 3; i++)
        garden_act(local, "fan", INTERACTION_LIKE, garden_key(SPRING, i), THEN + i);
    CHECK(all_have(ASK(local, .user_id = "fan"), 7, SPRING));
    CHECK(!all_have(ASK(local, .user_id = "other"), 7, SPRING));
}

TEST(what_was_met_comes_later_and_what_was_disliked_last)
{
    OWNED(rec_local) local = small_garden(0);
    char first[160];
    const struct rec_answer *answer;

    (void)snprintf(first, sizeof first, "%s", ASK(local, .user_id = "a")->results[0].item_id);
    garden_act(local, "a", INTERACTION_VIEW, first, THEN);
    CHECK_INT(garden_place(ASK(local, .user_id = "a"), first), >, 0);
    CHECK_INT(garden_place(ASK(local, .user_id = "b"), first), ==, 0);
    garden_act(local, "a", INTERACTION_DISLIKE, first, THEN + 1000);
    answer = ASK(local, .user_id = "a");
    CHECK_INT(garden_place(answer, first), ==, SPRING_PICTURES + OTHERS - 1);
    CHECK(answer->results[answer->count - 1].why.met < 0);
}

TEST(who_is_forgotten_is_a_stranger_again)
{
    OWNED(rec_local) local = small_garden(0);
    struct err err = {0};
    OWNED_VALUE(buf) before = {0};
    const struct rec_answer *answer = ASK(local, .user_id = "a");

    for (size_t i = 0; i < answer->count; i++)
        buf_append_str(&before, answer->results[i].item_id);
    for (int i = 0; i < 3; i++)
        garden_act(local, "a", INTERACTION_LIKE, garden_key(SPRING, i), THEN + i);
    CHECK_OK(rec_local_forget(local, "a", THEN + 5000, &err), err);
    garden_act(local, "a", INTERACTION_LIKE, garden_key(SPRING, 1), THEN + 1); /* told again */
    answer = ASK(local, .user_id = "a");
    for (size_t i = 0, at = 0; i < answer->count; i++) {
        const char *id = answer->results[i].item_id;

        CHECK(strncmp(buf_text(&before) + at, id, strlen(id)) == 0);
        at += strlen(id);
    }
    CHECK_INT(rec_local_mood(local, "a"), ==, -1);
    garden_act(local, "a", INTERACTION_LIKE, garden_key(SPRING, 1), THEN + 9000);
    CHECK(ASK(local, .user_id = "a")->results[0].why.liked != 0);
}

TEST(a_visitors_mood_is_the_last_one)
{
    OWNED(rec_local) local = small_garden(0);

    CHECK_INT(rec_local_mood(local, "a"), ==, -1);
    garden_act(local, "a", INTERACTION_LIKE, garden_key(SPRING, 1), THEN);
    CHECK_INT(rec_local_mood(local, "a"), ==, -1);
    garden_user(local, "a", "adult", "Male");
    CHECK_STR(emotion_names[rec_local_mood(local, "a")], "happy");
}

/* -- why -- */

static void check_sums(const struct rec_answer *answer)
{
    for (size_t i = 0; i < answer->count; i++) {
        const struct rec_why *why = &answer->results[i].why;
        const double sum = (double)why->mood + (double)why->favorite + (double)why->group +
                           (double)why->liked + (double)why->popular + (double)why->fresh +
                           (double)why->met;

        CHECK(fabs(sum - answer->results[i].score) < 1e-4);
        CHECK(i == 0 || answer->results[i].score <= answer->results[i - 1].score + 0.02);
    }
}

/* Half of the visitors like even pictures of spring, half odd ones. */
static void learn_two_tastes(struct rec_local *local)
{
    for (int visitor = 0; visitor < 60; visitor++) {
        garden_user(local, garden_name("v", visitor), "adult", "Male");
        for (int i = visitor % 2; i < OTHERS; i += 4 - 2 * (visitor % 3 == 0))
            garden_act(local, garden_name("v", visitor), INTERACTION_LIKE, garden_key("", i),
                       THEN + i);
    }
    garden_train(local);
}

TEST(the_parts_of_why_add_up_to_the_score)
{
    OWNED(rec_local) local = small_garden(0);

    check_sums(ASK(local, .user_id = "a"));
    learn_two_tastes(local);
    garden_act(local, "a", INTERACTION_LIKE, garden_key("", 2), THEN);
    garden_act(local, "a", INTERACTION_SKIP, garden_key("", 3), THEN);
    check_sums(ASK(local, .user_id = "a", .emotion = "happy/" SPRING, .generation = "adult"));
    check_sums(ASK(local, .user_id = "v7"));
}

TEST(the_reason_is_one_of_the_visitors_likes)
{
    OWNED(rec_local) local = small_garden(0);
    const struct rec_answer *answer;
    int reasons = 0;

    learn_two_tastes(local);
    garden_act(local, "a", INTERACTION_LIKE, garden_key("", 2), THEN);
    garden_act(local, "a", INTERACTION_DISLIKE, garden_key("", 4), THEN);
    answer = ASK(local, .user_id = "a");
    for (size_t i = 0; i < answer->count; i++) {
        const struct rec_result *result = &answer->results[i];

        if (!result->why.like)
            continue;
        CHECK_STR(result->why.like, garden_key("", 2));
        CHECK(strcmp(result->item_id, result->why.like) != 0);
        reasons++;
    }
    CHECK_INT(reasons, >, 0);
    answer = ASK(local, .user_id = "nobody");
    for (size_t i = 0; i < answer->count; i++)
        CHECK(answer->results[i].why.like == NULL);
}

/* -- exploration -- */

TEST(new_pictures_are_shown_by_chance_and_it_is_told)
{
    OWNED(rec_local) local = small_garden(0.3F);
    int explored = 0, places = 0;

    for (int i = 0; i < 5; i++)
        garden_item_at(local, garden_key("", 100 + i), clock_wall_ms() - DAY_MS, "");
    for (int visitor = 0; visitor < 300; visitor++) {
        const struct rec_answer *answer =
            ASK(local, .user_id = garden_name("v", visitor), .count = 3);

        for (size_t i = 0; i < answer->count; i++) {
            const struct rec_result *result = &answer->results[i];

            CHECK(result->propensity > 0 && result->propensity <= 1);
            if (result->why.explored) {
                CHECK(strstr(result->item_id, "/10") != NULL);
                CHECK(result->propensity <= 0.3 / 2);
            }
            explored += result->why.explored;
            places++;
        }
    }
    CHECK_INT(explored, >, places / 10);
    CHECK_INT(explored, <, places * 4 / 10);
}

TEST(the_same_visitor_gets_the_same_until_something_happens)
{
    OWNED(rec_local) local = small_garden(0.5F);
    char first[4096] = "", second[4096] = "", third[4096] = "";
    char *const texts[] = {first, second, third};

    for (int i = 0; i < 10; i++)
        garden_item_at(local, garden_key("", 100 + i), clock_wall_ms() - DAY_MS, "");
    for (int round = 0; round < 3; round++) {
        const struct rec_answer *answer;

        if (round == 2)
            garden_act(local, "a", INTERACTION_VIEW, "emotions/sad/a_1h.jpeg", THEN);
        answer = ASK(local, .user_id = "a");
        for (size_t i = 0; i < answer->count; i++)
            (void)strncat(texts[round], answer->results[i].item_id, 100);
    }
    CHECK_STR(first, second);
    CHECK(strcmp(first, third) != 0);
}

/* -- much -- */

TEST(ten_thousand_acts_of_one_visitor_are_as_good_as_a_few)
{
    OWNED(rec_local) local = small_garden(0);

    for (int i = 0; i < 10000; i++)
        garden_act(local, "eager", i % 2 ? INTERACTION_LIKE : INTERACTION_VIEW,
                   garden_key(i % 3 ? "" : SPRING, i), THEN + i * INT64_C(300));
    garden_train(local);
    CHECK_INT(ASK(local, .user_id = "eager")->count, ==, SPRING_PICTURES + OTHERS);
    CHECK_INT(ASK(local, .user_id = "other")->count, ==, SPRING_PICTURES + OTHERS);
}
