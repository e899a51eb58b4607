/* recommender_recommend_test.c - answers whatever a remote engine says: garbage, too little,
 * near-duplicates, nothing at all. */
#include "services/recommender-proxy/recommend.h"
#include "tests/unit/recommender_case.h"

enum { PICTURES = 12 };

/* The remote engine: what it answers next. */
static struct fake {
    struct rec_engine engine; /* first */
    const char *items[20];
    int fails; /* an ERR_, or 0 */
    int asked;
    int64_t left_ms; /* until the deadline */
} fake;

static int fake_recommend(struct rec_engine *engine, const struct rec_query *query,
                          int64_t deadline_ms, struct rec_answer *ret_answer, struct err *err)
{
    (void)engine;
    (void)query;
    fake.asked++;
    fake.left_ms = deadline_ms - clock_mono_ms();
    ret_answer->count = 0;
    if (fake.fails)
        return err_set(err, fake.fails, "it is on fire");
    while (fake.items[ret_answer->count]) {
        ret_answer->results[ret_answer->count] = (struct rec_result){
            .item_id = fake.items[ret_answer->count], .score = 1, .propensity = 0.5};
        ret_answer->count++;
    }
    (void)snprintf(ret_answer->recommendation_id, sizeof ret_answer->recommendation_id, "r-1");
    return 0;
}

static struct recommender_conf conf = {.engine_ms = 300};
static struct recommender recommender = {.conf = &conf};
static struct rec_answer answer;
static struct recommend_by by;

static void prepare(void)
{
    fake.engine = (struct rec_engine){.name = "gorse", .recommend = fake_recommend};
    recommender.local = garden_new(0);
    recommender.remote = &fake.engine;
    recommender.figures.answers = metric_counter("answers_total", "Answers.", NULL);
    recommender.figures.fallbacks = metric_counter("fallbacks_total", "Fallbacks.", NULL);
    recommender.figures.seconds = metric_histogram(
        "answer_seconds", "Time.", NULL, metric_seconds_bounds, metric_seconds_bound_count);
    for (int i = 0; i < PICTURES; i++)
        garden_item(recommender.local, garden_key("", i));
    garden_item_at(recommender.local, "emotions/happy/twin_1h.jpeg", THEN, "same");
    garden_item_at(recommender.local, "emotions/happy/twin_2h.jpeg", THEN, "same");
    garden_item(recommender.local, "emotions/sad/a_1h.jpeg");
}

static void done(void)
{
    rec_answer_done(&answer);
    rec_local_free(recommender.local);
}

static void ask(char orientation, size_t count)
{
    const struct rec_query query = {.user_id = "u",
                                    .emotion = "happy",
                                    .generation = "",
                                    .gender = "",
                                    .orientation = orientation,
                                    .count = count};
    struct err err = {0};

    CHECK_OK(recommend(&recommender, &query, &answer, &by, &err), err);
    for (size_t i = 0; i < answer.count; i++)
        for (size_t j = 0; j < i; j++)
            CHECK(strcmp(answer.results[i].item_id, answer.results[j].item_id) != 0);
    CHECK(garden_place(&answer, "emotions/happy/twin_1h.jpeg") < 0 ||
          garden_place(&answer, "emotions/happy/twin_2h.jpeg") < 0);
}

static void answers(const char *const *items)
{
    memset(fake.items, 0, sizeof fake.items);
    for (int i = 0; items[i]; i++)
        fake.items[i] = items[i];
}

#define ANSWERS(...) answers((const char *const[]){__VA_ARGS__, NULL})

TEST(what_it_names_comes_first_in_its_order)
{
    prepare();
    ANSWERS("emotions/happy/5v.jpeg", "emotions/happy/2h.jpeg", "emotions/happy/7v.jpeg");
    ask(0, 3);
    CHECK_INT(answer.count, ==, 3);
    CHECK_STR(answer.results[0].item_id, "emotions/happy/5v.jpeg");
    CHECK_STR(answer.results[2].item_id, "emotions/happy/7v.jpeg");
    CHECK(answer.results[0].propensity == 0.5);
    CHECK_STR(by.engine, "gorse");
    CHECK_STR(by.fallback, "");
    CHECK_STR(answer.recommendation_id, "r-1");
    CHECK_INT(fake.left_ms, <=, 300);
    CHECK_INT(fake.left_ms, >, 200);
    ask(0, 2); /* fewer than it names */
    CHECK_INT(answer.count, ==, 2);
    done();
}

TEST(what_must_not_be_shown_is_left_out_whoever_named_it)
{
    prepare();
    garden_remove(recommender.local, "emotions/happy/4h.jpeg");
    ANSWERS("emotions/happy/4h.jpeg", "emotions/sad/a_1h.jpeg", "imgPool/happy/x_1h.jpeg",
            "garbage", "", "emotions/happy/5v.jpeg", "emotions/happy/2h.jpeg",
            "emotions/happy/2h.jpeg", "emotions/happy/twin_1h.jpeg",
            "emotions/happy/twin_2h.jpeg");
    ask('h', 2);
    CHECK_INT(answer.count, ==, 2);
    CHECK_STR(answer.results[0].item_id, "emotions/happy/2h.jpeg");
    CHECK_STR(answer.results[1].item_id, "emotions/happy/twin_1h.jpeg");
    CHECK_STR(by.engine, "gorse");
    done();
}

TEST(what_is_missing_is_filled_up)
{
    prepare();
    garden_act(recommender.local, "u", INTERACTION_LIKE, "emotions/happy/3v.jpeg", THEN);
    ANSWERS("emotions/happy/twin_2h.jpeg", "emotions/happy/2h.jpeg");
    ask(0, 500);
    CHECK_INT(answer.count, ==, PICTURES + 1);
    CHECK_STR(answer.results[0].item_id, "emotions/happy/twin_2h.jpeg");
    CHECK_STR(answer.results[1].item_id, "emotions/happy/2h.jpeg");
    CHECK(answer.results[0].propensity == 0.5);
    for (size_t i = 2; i < answer.count; i++)
        CHECK(answer.results[i].propensity == 0); /* it is not known */
    CHECK_STR(by.engine, "gorse");
    CHECK_STR(by.fallback, "");
    done();
}

TEST(where_nothing_of_it_can_be_shown_the_local_one_answers)
{
    prepare();
    ANSWERS("garbage", "emotions/happy/never_h.jpeg");
    ask(0, 5);
    CHECK_INT(answer.count, ==, 5);
    CHECK_STR(by.engine, "local");
    answers((const char *const[]){NULL});
    ask(0, 5);
    CHECK_INT(answer.count, ==, 5);
    CHECK_STR(by.engine, "local");
    done();
}

TEST(one_that_fails_is_told_of_and_the_local_one_answers)
{
    static const int failures[] = {ERR_TIMEOUT, ERR_UNAVAILABLE, ERR_REMOTE};

    prepare();
    for (size_t i = 0; i < 3; i++) {
        fake.fails = failures[i];
        ask('h', 4);
        CHECK_INT(answer.count, ==, 4);
        CHECK_STR(by.engine, "local");
        CHECK_STR(by.fallback, "gorse: it is on fire");
        CHECK_STR(answer.recommendation_id, "");
        CHECK(answer.results[0].propensity == 1);
    }
    fake.fails = 0;
    ANSWERS("emotions/happy/2h.jpeg");
    ask('h', 1);
    CHECK_STR(by.engine, "gorse");
    CHECK_STR(by.fallback, "");
    done();
}

TEST(one_that_fails_five_times_is_left_alone_for_a_while)
{
    prepare();
    fake.fails = ERR_TIMEOUT;
    for (int i = 0; i < 4; i++)
        ask(0, 3);
    fake.fails = 0;
    ANSWERS("emotions/happy/2h.jpeg");
    ask(0, 1); /* in a row, that is */
    fake.fails = ERR_TIMEOUT;
    for (int i = 0; i < 5; i++)
        ask(0, 3);
    CHECK_INT(fake.asked, ==, 10);
    fake.fails = 0;
    for (int i = 0; i < 20; i++) {
        ask(0, 3);
        CHECK_INT(answer.count, ==, 3);
        CHECK_STR(by.engine, "local");
        CHECK_HAS(by.fallback, "gorse failed 5 times in a row");
    }
    CHECK_INT(fake.asked, ==, 10);
    atomic_store(&recommender.breaker.closed_until_ms, clock_mono_ms()); /* a while later */
    ask(0, 1);
    CHECK_INT(fake.asked, ==, 11);
    CHECK_STR(by.engine, "gorse");
    done();
}

TEST(without_a_remote_engine_the_local_one_answers)
{
    prepare();
    recommender.remote = NULL;
    ask(0, 5);
    CHECK_INT(answer.count, ==, 5);
    CHECK_STR(by.engine, "local");
    CHECK_STR(by.fallback, "");
    CHECK_INT(fake.asked, ==, 0);
    done();
}
