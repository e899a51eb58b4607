/* recommender_intake_test.c - the topics as the local engine hears of them: in their order,
 * from where it was left, whatever is in them. */
#include <poll.h>

#include "proto/topics.h"
#include "services/common/garden_conf.h"
#include "services/recommender-proxy/intake.h"
#include "tests/support/process.h"
#include "tests/unit/recommender_case.h"

enum { SOON_MS = 20000, ASK_MS = 5000 };

#define KEY "emotions/happy/1v.jpeg"
#define OTHER "emotions/happy/2h.jpeg"
#define ITEM(key_)                                                                 \
    "{\"item_id\":\"" key_ "\",\"timestamp\":1700000000000,\"emotion\":\"happy\"," \
    "\"orientation\":\"landscape\",\"width\":1,\"height\":1,\"size_bytes\":1}"

static const char no_picture[] =
    "{\"user_id\":\"a\",\"item_id\":\"nothing\",\"event_type\":\"like\",\"impression\":[],"
    "\"timestamp\":1,\"event_id\":\"1\"}";

static struct bus *bus;
static struct rec_local *local;
static struct trouble troubles[INTAKE_TOPICS];
static struct intake *intake;

static void prepare(void)
{
    const struct garden_conf conf = {
        .data = folder_new(), .bus = "local", .store = "fs", .catalog = "sqlite"};
    struct err err = {0};

    bus = garden_open_bus(&conf, "test", &err);
    CHECK(bus);
    CHECK_OK(bus_create_topics(bus, garden_topics, garden_topic_count, &err), err);
    local = garden_new(0);
}

static void start(const struct follow_offsets *from)
{
    const struct intake_conf conf = {
        .bus = bus, .local = local, .troubles = troubles, .from = from};
    struct err err = {0};

    intake = intake_start(&conf, &err);
    CHECK(intake);
}

static void done(void)
{
    intake_free(intake);
    rec_local_free(local);
    bus_free(bus);
}

/* value NULL: a tombstone. */
static void tell(const char *topic, const char *key, const char *value)
{
    const struct bus_record record = {.topic = topic,
                                      .key = key,
                                      .key_size = strlen(key),
                                      .value = value,
                                      .value_size = value ? strlen(value) : 0};
    struct err err = {0};

    CHECK_OK(bus_publish(bus, &record, 1, ASK_MS, &err), err);
}

static void tell_act(const char *user, const char *type, long long time_ms)
{
    char value[400];

    (void)snprintf(value, sizeof value,
                   "{\"user_id\":\"%s\",\"item_id\":\"" KEY "\",\"event_type\":\"%s\","
                   "\"impression\":[],\"timestamp\":%lld,\"event_id\":\"1\"}",
                   user, type, time_ms);
    tell(TOPIC_INTERACTIONS, user, value);
}

static void wait_changes(uint64_t count)
{
    const int64_t deadline_ms = clock_mono_ms() + SOON_MS;
    uint64_t now = 0, learnt;

    while (now < count) {
        rec_local_changes(local, &now, &learnt);
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("%llu changes, not %llu", (unsigned long long)now,
                      (unsigned long long)count);
        (void)poll(NULL, 0, 5);
    }
}

static void wait_whole(void)
{
    const int64_t deadline_ms = clock_mono_ms() + SOON_MS;

    while (!intake_is_whole(intake)) {
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
        (void)poll(NULL, 0, 5);
    }
}

TEST(what_is_there_at_the_start_is_taken_in_and_what_comes)
{
    prepare();
    tell(TOPIC_ITEMS, KEY, ITEM(KEY));
    tell(TOPIC_ITEMS, OTHER, ITEM(OTHER));
    tell(TOPIC_ITEMS, OTHER, NULL);
    tell(TOPIC_USERS, "a",
         "{\"user_id\":\"a\",\"generation\":\"adult\",\"gender\":\"Male\","
         "\"emotion\":\"happy\",\"timestamp\":1700000000000}");
    start(NULL);
    wait_whole();
    CHECK_INT(ASK(local, .user_id = "a")->count, ==, 1);
    CHECK_STR(emotion_names[rec_local_mood(local, "a")], "happy");
    tell(TOPIC_ITEMS, OTHER, ITEM(OTHER));
    tell_act("a", "dislike", 1700000000000);
    wait_changes(6);
    CHECK_INT(garden_place(ASK(local, .user_id = "a"), KEY), ==, 1);
    tell(TOPIC_USERS, "a", NULL);
    wait_changes(7);
    CHECK_INT(rec_local_mood(local, "a"), ==, -1);
    CHECK(ASK(local, .user_id = "a")->results[1].why.met == 0);
    done();
}

TEST(it_goes_on_where_it_was_left)
{
    static struct follow_offsets at[INTAKE_TOPICS];
    uint64_t now, learnt;

    prepare();
    tell(TOPIC_ITEMS, KEY, ITEM(KEY));
    tell_act("a", "like", 1700000000000);
    start(NULL);
    wait_whole();
    intake_at(intake, at);
    intake_free(intake);
    rec_local_free(local);
    local = garden_new(0);
    tell_act("a", "like", 1700000001000);
    start(at);
    wait_whole();
    rec_local_changes(local, &now, &learnt);
    CHECK_INT(now, ==, 1); /* the act that came meanwhile, and nothing else */
    done();
}

TEST(records_that_make_no_sense_are_passed_over)
{
    static const char *const values[] = {
        "", "{", "[]", "\xff\xfe", "{\"user_id\":\"a\"}", no_picture};

    prepare();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        for (int topic = 0; topic < INTAKE_TOPICS; topic++)
            tell(intake_topics[topic], "a", values[i]);
    tell(TOPIC_INTERACTIONS, "a", NULL);
    tell(TOPIC_ITEMS, "no picture's key", NULL);
    tell(TOPIC_ITEMS, KEY, ITEM(KEY));
    tell_act("a", "like", 1700000000000);
    start(NULL);
    wait_whole();
    CHECK_INT(ASK(local, .user_id = "a")->count, ==, 1);
    CHECK(ASK(local, .user_id = "a")->results[0].why.met < 0);
    done();
}

/* A client whose clock is years ahead does not have the last word for years. */
TEST(acts_of_the_future_are_taken_as_of_when_they_were_told)
{
    prepare();
    tell(TOPIC_ITEMS, KEY, ITEM(KEY));
    tell(TOPIC_ITEMS, OTHER, ITEM(OTHER));
    tell_act("a", "like", 4000000000000);
    tell_act("b", "like", 86400000); /* 1970 */
    start(NULL);
    wait_whole();
    CHECK(ASK(local, .user_id = "a")->results[0].why.met == 0);
    tell_act("a", "dislike", clock_wall_ms() + 60000);
    tell_act("b", "dislike", clock_wall_ms());
    wait_changes(6);
    CHECK(ASK(local, .user_id = "a")->results[1].why.met < -7);
    CHECK(ASK(local, .user_id = "b")->results[1].why.met < -7);
    done();
}
