/* recommender_acts_test.c - acts published: once each, with how their pictures came to be
 * shown, and learnt at once. */
#include "proto/topics.h"
#include "services/recommender-proxy/acts.h"
#include "tests/support/process.h"
#include "tests/unit/recommender_case.h"

enum { RECORDS = 1000, PARTITIONS = 64, ASK_MS = 5000 };

#define KEY "emotions/happy/1v.jpeg"
#define OTHER "emotions/happy/2h.jpeg"

static struct recommender recommender;
static const struct trace trace = {.trace_id = "0af7651916cd43dd8448eb211c80319c"};
static struct client_act acts[8];
static size_t act_count;

static void prepare(void)
{
    const struct garden_conf conf = {
        .data = folder_new(), .bus = "local", .store = "fs", .catalog = "sqlite"};
    struct err err = {0};

    recommender.bus = garden_open_bus(&conf, "test", &err);
    CHECK(recommender.bus);
    CHECK_OK(bus_create_topics(recommender.bus, garden_topics, garden_topic_count, &err), err);
    recommender.local = garden_new(0);
    recommender.recent = recent_new(&err);
    recommender.seen = acts_seen_new(&err);
    CHECK(recommender.recent && recommender.seen);
    garden_item(recommender.local, KEY);
    garden_item(recommender.local, OTHER);
}

static void clear(void)
{
    for (size_t i = 0; i < act_count; i++)
        client_act_done(&acts[i]);
    act_count = 0;
}

static void done(void)
{
    clear();
    acts_seen_free(recommender.seen);
    recent_free(recommender.recent);
    rec_local_free(recommender.local);
    bus_free(recommender.bus);
}

static void add(const char *user, const char *event, const char *type)
{
    OWNED_JSON json = json_pack("{s:s,s:s,s:s,s:s,s:[s,s]}", "user_id", user, "event_id", event,
                                "event_type", type, "item_id", KEY, "impression", OTHER, KEY);

    client_act_read(&acts[act_count++], json);
}

static void publish(void)
{
    struct err err = {0};

    CHECK_OK(acts_publish(&recommender, acts, act_count, &trace, &err), err);
}

static int note(void *ctx, const struct bus_record *record, struct err *err)
{
    struct buf *out = ctx;

    (void)err;
    buf_printf(out, "%.*s %.*s\n", (int)record->key_size, record->key, (int)record->value_size,
               (const char *)record->value);
    return 0;
}

/* All that was published, a line each. */
static void read_topic(struct buf *out)
{
    struct bus_partition_info infos[PARTITIONS];
    struct err err = {0};
    int count =
        bus_topic_info(recommender.bus, TOPIC_INTERACTIONS, infos, PARTITIONS, ASK_MS, &err);

    buf_clear(out);
    CHECK_OK(count, err);
    for (int i = 0; i < count; i++)
        if (infos[i].high > 0)
            CHECK_OK(bus_read(recommender.bus, TOPIC_INTERACTIONS, infos[i].partition, 0,
                              RECORDS, note, out, &err),
                     err);
}

static int count_lines(const struct buf *text)
{
    int lines = 0;

    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    return lines;
}

TEST(each_act_is_published_once)
{
    OWNED_VALUE(buf) topic = {0};

    prepare();
    add("a", "1", "like");
    add("a", "2", "view");
    add("a", "1", "like"); /* twice in the batch */
    add("b", "1", "like"); /* somebody else's first */
    add("a", "3", "love");
    publish();
    CHECK_INT(acts[0].status, ==, ACT_ACCEPTED);
    CHECK_INT(acts[1].status, ==, ACT_ACCEPTED);
    CHECK_INT(acts[2].status, ==, ACT_DUPLICATE);
    CHECK_INT(acts[3].status, ==, ACT_ACCEPTED);
    CHECK_INT(acts[4].status, ==, ACT_REFUSED);
    clear();
    add("b", "1", "dislike"); /* told again, whatever it says */
    add("a", "4", "skip");
    publish();
    CHECK_INT(acts[0].status, ==, ACT_DUPLICATE);
    CHECK_INT(acts[1].status, ==, ACT_ACCEPTED);
    read_topic(&topic);
    CHECK_INT(count_lines(&topic), ==, 4);
    CHECK(!strstr(buf_text(&topic), "dislike"));
    done();
}

TEST(what_is_refused_first_may_be_told_again)
{
    prepare();
    add("a", "1", "love");
    add("a", "1", "like");
    publish();
    CHECK_INT(acts[0].status, ==, ACT_REFUSED);
    CHECK_INT(acts[1].status, ==, ACT_ACCEPTED);
    done();
}

TEST(a_record_says_how_its_pictures_came_to_be_shown)
{
    static struct rec_answer answer;
    OWNED_VALUE(buf) topic = {0};

    prepare();
    answer.results[0] = (struct rec_result){.item_id = KEY, .propensity = 0.75};
    answer.count = 1;
    recent_note(recommender.recent, "a", "happy/봄", "r-7", &answer);
    add("a", "1", "like");
    publish();
    read_topic(&topic);
    CHECK_HAS(buf_text(&topic), "\"asked\":\"happy/봄\"");
    CHECK_HAS(buf_text(&topic), "\"recommendation_id\":\"r-7\"");
    CHECK_HAS(buf_text(&topic), "\"impression\":[\"" OTHER "\",\"" KEY "\"]");
    CHECK_HAS(buf_text(&topic), "\"propensities\":[0,0.75]");
    clear();
    add("stranger", "1", "like"); /* of whom nothing is made up */
    publish();
    read_topic(&topic);
    CHECK_INT(count_lines(&topic), ==, 2);
    CHECK(strstr(strstr(buf_text(&topic), "propensities") + 1, "propensities") == NULL);
    done();
}

TEST(what_is_accepted_is_learnt_at_once_and_the_rest_is_not)
{
    prepare();
    add("a", "1", "like");
    publish();
    CHECK(ASK(recommender.local, .user_id = "a")->results[0].why.met < 0);
    CHECK(ASK(recommender.local, .user_id = "a")->results[1].why.met < 0);
    clear();
    add("b", "1", "love");
    publish();
    CHECK(ASK(recommender.local, .user_id = "b")->results[1].why.met == 0);
    done();
}

/* Without a bus nothing is taken: it can be told again. */
TEST(what_cannot_be_published_is_not_taken)
{
    struct err err = {0};
    struct bus *bus;
    const struct garden_conf conf = {
        .data = folder_new(), .bus = "local", .store = "fs", .catalog = "sqlite"};

    prepare();
    bus = recommender.bus;
    recommender.bus = garden_open_bus(&conf, "test", &err); /* without topics */
    CHECK(recommender.bus);
    add("a", "1", "like");
    CHECK_INT(acts_publish(&recommender, acts, act_count, &trace, &err), <, 0);
    CHECK(ASK(recommender.local, .user_id = "a")->results[0].why.met == 0);
    CHECK(ASK(recommender.local, .user_id = "a")->results[1].why.met == 0);
    bus_free(recommender.bus);
    recommender.bus = bus;
    publish();
    CHECK_INT(acts[0].status, ==, ACT_ACCEPTED);
    done();
}
