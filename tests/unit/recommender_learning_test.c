/* recommender_learning_test.c - what the local engine learns from many visitors: the same from
 * the same facts, and what was planted. */
#include <math.h>

#include "tests/unit/recommender_case.h"

enum { PICTURES = 40, VISITORS = 300, ROUNDS = 6, SHOWN = 3, FACTS_MAX = 8000 };

#define SPRING "spring,sunny,day"
#define WINTER "winter,snowy,sunset"

/* One event, to be told in any order. */
struct fact {
    enum { ITEM, USER, ACT } kind;
    int number; /* of the picture or visitor */
    int item, shown[SHOWN];
    enum interaction_type type;
    int64_t time_ms;
};

static struct fact facts[FACTS_MAX];
static size_t fact_count;
static bool by_group = true; /* taste goes by the group; else nothing but likes tells of it */
static uint64_t state = 11;

static uint32_t below(uint32_t limit)
{
    state = state * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)(state >> 33) % limit;
}

/* Even ones are of spring, odd ones of winter. */
static const char *key_of(int item)
{
    return garden_key(item % 2 ? WINTER : SPRING, item / 2);
}

static const char *user_of(int visitor)
{
    return garden_name("visitor ", visitor);
}

/* Of those that are shown an adult man likes spring, an old woman winter. */
static void plan_visit(int visitor)
{
    for (int round = 0; round < ROUNDS; round++) {
        struct fact *fact = &facts[fact_count];

        *fact =
            (struct fact){.kind = ACT,
                          .number = visitor,
                          .type = INTERACTION_LIKE,
                          .time_ms = THEN + visitor * INT64_C(60000) + round * INT64_C(1000),
                          .item = -1};
        for (int i = 0; i < SHOWN; i++) {
            fact->shown[i] = (int)below(PICTURES);
            if (fact->item < 0 && fact->shown[i] % 2 == visitor % 2)
                fact->item = fact->shown[i];
        }
        if (fact->item < 0) {
            fact->item = fact->shown[0];
            fact->type = round % 2 ? INTERACTION_SKIP : INTERACTION_DISLIKE;
        }
        fact_count++;
    }
}

static void plan(void)
{
    fact_count = 0;
    for (int i = 0; i < PICTURES; i++)
        facts[fact_count++] = (struct fact){.kind = ITEM, .number = i};
    for (int visitor = 0; visitor < VISITORS; visitor++) {
        facts[fact_count++] = (struct fact){.kind = USER, .number = visitor};
        plan_visit(visitor);
    }
    for (int i = 0; i < PICTURES; i++) /* one who likes all there is */
        facts[fact_count++] = (struct fact){.kind = ACT,
                                            .number = VISITORS,
                                            .type = INTERACTION_LIKE,
                                            .item = i,
                                            .shown = {i, i, i},
                                            .time_ms = THEN + i * 7 % PICTURES * INT64_C(1000)};
    CHECK_INT(fact_count, <=, FACTS_MAX);
}

static void tell(struct rec_local *local, const struct fact *fact)
{
    const char *shown[SHOWN + 1] = {0};
    bool woman;

    switch (fact->kind) {
    case ITEM:
        garden_item(local, key_of(fact->number));
        break;
    case USER:
        woman = (by_group ? fact->number : fact->number / 2) % 2;
        garden_user(local, user_of(fact->number), woman ? "elder" : "adult",
                    woman ? "Female" : "Male");
        break;
    case ACT:
        for (int i = 0; i < SHOWN; i++)
            shown[i] = key_of(fact->shown[i]);
        garden_act_shown(local, user_of(fact->number), fact->type, key_of(fact->item),
                         fact->time_ms, shown);
        break;
    }
}

static void tell_all(struct rec_local *local)
{
    for (size_t i = 0; i < fact_count; i++)
        tell(local, &facts[i]);
}

static struct rec_local *learnt(float exploration)
{
    struct rec_local *local = garden_new(exploration);

    plan();
    tell_all(local);
    garden_train(local);
    return local;
}

static void shuffle(void)
{
    for (size_t i = fact_count; i > 1; i--) {
        const size_t other = below((uint32_t)i);
        const struct fact held = facts[i - 1];

        facts[i - 1] = facts[other];
        facts[other] = held;
    }
}

/* -- the same facts ------------------------------------------------------------------------ */

static void check_same_answers(struct rec_local *one, struct rec_local *other)
{
    static struct rec_answer held;

    for (int visitor = -6; visitor <= VISITORS; visitor += 3) {
        const struct rec_query query = {.user_id = visitor < 0 ? garden_name("nobody ", visitor)
                                                               : user_of(visitor),
                                        .emotion = visitor % 4 ? "happy" : "happy/" WINTER};
        const struct rec_answer *answer;
        struct err err = {0};

        CHECK_OK(garden_ask(one, &query, &held, &err), err);
        answer = garden_answer(other, query);
        CHECK_INT(answer->count, ==, held.count);
        for (size_t i = 0; i < held.count; i++) {
            const struct rec_result *a = &held.results[i], *b = &answer->results[i];

            CHECK_STR(a->item_id, b->item_id);
            CHECK(a->score == b->score && a->propensity == b->propensity);
            CHECK_STR(a->why.like ? a->why.like : "-", b->why.like ? b->why.like : "-");
        }
    }
    rec_answer_done(&held);
}

TEST(the_same_facts_in_any_order_give_the_same_answers_to_the_bit)
{
    OWNED(rec_local) one = learnt(0.2F);
    OWNED(rec_local) other = garden_new(0.2F);

    shuffle();
    tell_all(other);
    shuffle(); /* most of them a second time */
    for (size_t i = 0; i < fact_count * 3 / 4; i++)
        tell(other, &facts[i]);
    CHECK(rec_local_model_id(one) != rec_local_model_id(other));
    garden_train(other);
    CHECK(rec_local_model_id(one) == rec_local_model_id(other));
    check_same_answers(one, other);
}

TEST(when_it_learnt_before_makes_no_difference)
{
    OWNED(rec_local) one = learnt(0);
    OWNED(rec_local) other = garden_new(0);

    for (size_t i = 0; i < fact_count; i++) {
        tell(other, &facts[i]);
        if (i % 500 == 7)
            garden_train(other);
    }
    garden_train(other);
    check_same_answers(one, other);
}

/* What compaction drops from garden.items, a restart never hears of. */
TEST(a_picture_that_came_and_went_unseen_leaves_no_trace)
{
    OWNED(rec_local) one = learnt(0);
    OWNED(rec_local) other = garden_new(0);

    for (int i = 1000; i < 1010; i++) {
        garden_item(other, key_of(i));
        garden_remove(other, key_of(i));
    }
    tell_all(other);
    garden_train(other);
    CHECK(rec_local_model_id(one) == rec_local_model_id(other));
    check_same_answers(one, other);
}

TEST(any_other_fact_gives_another_model)
{
    OWNED(rec_local) local = learnt(0);
    uint64_t before = rec_local_model_id(local);

    garden_train(local);
    CHECK(rec_local_model_id(local) == before);
    garden_act(local, user_of(1), INTERACTION_SKIP, key_of(0), THEN + 100 * DAY_MS);
    garden_train(local);
    CHECK(rec_local_model_id(local) != before);
}

static bool never(void *ctx, double done)
{
    (void)ctx;
    return done < 0;
}

TEST(a_training_that_is_ended_changes_nothing)
{
    OWNED(rec_local) local = learnt(0);
    const uint64_t before = rec_local_model_id(local);
    uint64_t now, known;
    struct err err = {0};

    garden_item(local, key_of(1000));
    CHECK_INT(rec_local_train(local, never, NULL, &err), ==, ERR_TIMEOUT);
    CHECK(rec_local_model_id(local) == before);
    rec_local_changes(local, &now, &known);
    CHECK(now > known);
    garden_train(local);
    rec_local_changes(local, &now, &known);
    CHECK(now == known);
}

/* -- what was planted ---------------------------------------------------------------------- */

/* How many of the first ten are of this season. */
static int of_season(const struct rec_answer *answer, const char *season)
{
    int count = 0;

    for (size_t i = 0; i < 10 && i < answer->count; i++)
        count += strstr(answer->results[i].item_id, season) != NULL;
    return count;
}

TEST(a_new_visitor_gets_what_their_group_likes)
{
    OWNED(rec_local) local = learnt(0);

    CHECK_INT(of_season(ASK(local, .generation = "adult", .gender = "Male"), "spring"), >=, 9);
    CHECK_INT(of_season(ASK(local, .generation = "elder", .gender = "Female"), "winter"), >=,
              9);
    CHECK_INT(of_season(ASK(local, .generation = "adult"), "spring"), >=, 9);
    CHECK_INT(of_season(ASK(local, .gender = "Female"), "winter"), >=, 9);
    /* Of somebody who is known by garden.users nothing need be said. */
    garden_user(local, "new", "elder", "Female");
    CHECK_INT(of_season(ASK(local, .user_id = "new"), "winter"), >=, 9);
}

/* At once, without another training. */
TEST(a_visitors_own_likes_change_their_answer)
{
    OWNED(rec_local) local = NULL;

    by_group = false;
    local = learnt(0);
    for (int i = 0; i < 3; i++)
        garden_act(local, "w", INTERACTION_LIKE, key_of(2 * i + 1), THEN + 400 * DAY_MS + i);
    for (int i = 0; i < 3; i++)
        garden_act(local, "s", INTERACTION_LIKE, key_of(2 * i), THEN + 400 * DAY_MS + i);
    CHECK_INT(of_season(ASK(local, .user_id = "w"), "winter"), >=, 9);
    CHECK_INT(of_season(ASK(local, .user_id = "s"), "spring"), >=, 9);
}

TEST(what_is_shown_and_not_liked_comes_down)
{
    OWNED(rec_local) local = garden_new(0);
    const struct rec_answer *answer;

    for (int i = 0; i < PICTURES; i++)
        garden_item(local, garden_key("", i));
    for (int visitor = 0; visitor < 100; visitor++) {
        const char *shown[] = {garden_key("", 0), garden_key("", 1), NULL};

        garden_act_shown(local, user_of(visitor), INTERACTION_LIKE, shown[0], THEN + visitor,
                         shown);
    }
    garden_train(local);
    answer = ASK(local, .user_id = "nobody");
    CHECK_INT(garden_place(answer, garden_key("", 0)), ==, 0);
    CHECK_INT(garden_place(answer, garden_key("", 1)), ==, PICTURES - 1);
}

TEST(little_is_no_reason_not_to_answer)
{
    OWNED(rec_local) local = garden_new(0);

    garden_train(local);
    CHECK_INT(ASK(local, .user_id = "a")->count, ==, 0);
    garden_item(local, key_of(0));
    CHECK_INT(ASK(local, .user_id = "a")->count, ==, 1);
    garden_train(local);
    CHECK_INT(ASK(local, .user_id = "a")->count, ==, 1);
    garden_act(local, "a", INTERACTION_LIKE, key_of(0), THEN);
    garden_train(local);
    CHECK_INT(ASK(local, .user_id = "a")->count, ==, 1);
    CHECK_INT(ASK(local, .user_id = "a", .emotion = "sad")->count, ==, 0);
}
