/* recommender_feed_test.c - the feeder between the topics and an engine that takes, refuses or
 * is away, on both buses; Kafka of its own, so that the topics hold what this test tells. */
#define TEST_SECONDS 180
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/text.h"
#include "proto/dead_letter.h"
#include "proto/topics.h"
#include "services/recommender-proxy/remote_feed.h"
#include "tests/contract/bus_fixture.h"
#include "tests/support/engine.h"

#define GROUP "recommender-fake"
#define ITEM(n) "emotions/happy/" n "_1h.jpeg"

/* -- an engine that writes down what it is told: "+item -item ~user -user like:item " -- */

struct fake {
    struct rec_engine engine;
    pthread_mutex_t lock;
    struct buf log;
    const char *refused;    /* an id that it never takes */
    atomic_int away, calls; /* away: so many calls fail; < 0: all */
};

/* Several events at once where one is refused: it says no more than that. */
static int answer(struct fake *fake, const char *const *ids, const struct buf *lines,
                  size_t count, struct err *err)
{
    atomic_fetch_add(&fake->calls, 1);
    if (atomic_load(&fake->away) != 0) {
        if (atomic_load(&fake->away) > 0)
            atomic_fetch_sub(&fake->away, 1);
        return err_set(err, ERR_UNAVAILABLE, "the engine is having a rest");
    }
    for (size_t i = 0; i < count; i++)
        if (fake->refused && strcmp(ids[i], fake->refused) == 0)
            return err_set(err, count > 1 ? ERR_REMOTE : ERR_INVALID, "it does not like %s",
                           ids[i]);
    (void)pthread_mutex_lock(&fake->lock);
    buf_append(&fake->log, lines->data, lines->size);
    (void)pthread_mutex_unlock(&fake->lock);
    return 0;
}

static int fake_items(struct rec_engine *engine, const struct item_event *events, size_t count,
                      struct err *err)
{
    OWNED_VALUE(buf) lines = {0};
    const char *ids[1000];

    for (size_t i = 0; i < count; i++) {
        ids[i] = events[i].item_id;
        buf_printf(&lines, "%s%s ", *events[i].emotion ? "+" : "-", ids[i]);
    }
    return answer((struct fake *)engine, ids, &lines, count, err);
}

static int fake_users(struct rec_engine *engine, const struct user_event *events, size_t count,
                      struct err *err)
{
    OWNED_VALUE(buf) lines = {0};
    const char *ids[1000];

    for (size_t i = 0; i < count; i++) {
        ids[i] = events[i].user_id;
        buf_printf(&lines, "%s%s ", events[i].timestamp_ms ? "~" : "-", ids[i]);
    }
    return answer((struct fake *)engine, ids, &lines, count, err);
}

static int fake_interactions(struct rec_engine *engine, const struct interaction_event *events,
                             size_t count, struct err *err)
{
    OWNED_VALUE(buf) lines = {0};
    const char *ids[1000];

    for (size_t i = 0; i < count; i++) {
        ids[i] = events[i].event_id;
        buf_printf(&lines, "%s:%s ", interaction_type_names[events[i].type], ids[i]);
    }
    return answer((struct fake *)engine, ids, &lines, count, err);
}

static void fake_init(struct fake *fake)
{
    *fake = (struct fake){.engine = {.name = "fake",
                                     .put_items = fake_items,
                                     .put_users = fake_users,
                                     .put_interactions = fake_interactions}};
    (void)pthread_mutex_init(&fake->lock, NULL);
}

static void fake_done(struct fake *fake)
{
    buf_done(&fake->log);
    (void)pthread_mutex_destroy(&fake->lock);
}

static void check_log(struct fake *fake, const char *expected)
{
    (void)pthread_mutex_lock(&fake->lock);
    CHECK_STR(buf_text(&fake->log), expected);
    (void)pthread_mutex_unlock(&fake->lock);
}

/* Where in the log a word stands; it has to be there, once. */
static long place_of(struct fake *fake, const char *word)
{
    const char *text, *at;
    long place;

    (void)pthread_mutex_lock(&fake->lock);
    text = buf_text(&fake->log);
    at = strstr(text, word);
    if (!at || strstr(at + 1, word))
        TEST_FAIL("%s is not once in: %s", word, text);
    place = at - text;
    (void)pthread_mutex_unlock(&fake->lock);
    return place;
}

/* -- what happens in the garden -- */

static void tell_topic(struct fixture *f, const char *topic, const char *key,
                       const struct buf *value)
{
    const struct bus_record record = {.topic = topic,
                                      .key = key,
                                      .key_size = strlen(key),
                                      .value = value ? value->data : NULL,
                                      .value_size = value ? value->size : 0};
    struct err err = {0};

    CHECK_OK(bus_publish(f->bus, &record, 1, PUBLISH_MS, &err), err);
}

static void tell_item(struct fixture *f, const char *id)
{
    const struct item_event event = {.item_id = id,
                                     .timestamp_ms = 1600000000000,
                                     .emotion = "happy",
                                     .orientation = 'h',
                                     .sha256 = ""};
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};

    CHECK_OK(item_event_encode(&value, &event, &err), err);
    tell_topic(f, TOPIC_ITEMS, id, &value);
}

static void tell_user(struct fixture *f, const char *id)
{
    const struct user_event event = {.user_id = id,
                                     .generation = "adult",
                                     .gender = "",
                                     .emotion = "happy",
                                     .source = "",
                                     .timestamp_ms = 1600000000000};
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};

    CHECK_OK(user_event_encode(&value, &event, &err), err);
    tell_topic(f, TOPIC_USERS, id, &value);
}

static void tell_like(struct fixture *f, const char *user, const char *event_id)
{
    const struct interaction_event event = {.user_id = user,
                                            .item_id = ITEM("a"),
                                            .type = INTERACTION_LIKE,
                                            .timestamp_ms = 1600000000000,
                                            .event_id = event_id,
                                            .asked = "",
                                            .recommendation_id = ""};
    OWNED_VALUE(buf) value = {0};
    struct err err = {0};

    CHECK_OK(interaction_event_encode(&value, &event, &err), err);
    tell_topic(f, TOPIC_INTERACTIONS, user, &value);
}

static void tell_nonsense(struct fixture *f, const char *topic, const char *key)
{
    OWNED_VALUE(buf) value = {0};

    buf_append_str(&value, "{\"nonsense\":");
    tell_topic(f, topic, key, &value);
}

/* -- the feeder -- */

static void prepare(struct fixture *f)
{
    struct err err = {0};

    if (f->kafka) {
        bus_free(f->bus);
        (void)engine_start("kafka", NULL);
        (void)snprintf(f->url, sizeof f->url, "kafka://%s", getenv("TEST_KAFKA"));
        f->bus = fixture_open(f);
    }
    CHECK_OK(bus_create_topics(f->bus, garden_topics, garden_topic_count, &err), err);
}

static struct remote_feed *start_feed(struct fixture *f, struct fake *fake,
                                      struct trouble *trouble)
{
    const struct remote_feed_conf conf = {f->bus, &fake->engine, trouble};
    struct err err = {0};
    struct remote_feed *feed = remote_feed_start(&conf, &err);

    CHECK_OK(err.code, err);
    return feed;
}

static void wait_done(const struct remote_feed *feed, uint64_t told, uint64_t refused)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (remote_feed_told(feed) < told || remote_feed_refused(feed) < refused) {
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("%d of %d told, %d of %d refused", (int)remote_feed_told(feed), (int)told,
                      (int)remote_feed_refused(feed), (int)refused);
        (void)poll(NULL, 0, 5);
    }
    CHECK_INT(remote_feed_told(feed), ==, told);
    CHECK_INT(remote_feed_refused(feed), ==, refused);
}

/* How many records of the topic the group has behind it. */
static int64_t committed(struct fixture *f, const char *topic)
{
    struct bus_partition_info infos[16];
    struct err err = {0};
    int64_t sum = 0;
    int count = bus_topic_info(f->bus, topic, infos, 16, WAIT_MS, &err);

    CHECK_OK(count, err);
    for (int i = 0; i < count; i++) {
        int64_t offset = 0;

        CHECK_OK(bus_group_offset(f->bus, GROUP, topic, infos[i].partition, &offset, &err),
                 err);
        sum += offset > 0 ? offset : 0;
    }
    return sum;
}

static void wait_committed(struct fixture *f, const char *topic, int64_t wanted)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (committed(f, topic) < wanted) {
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
        (void)poll(NULL, 0, 20);
    }
    CHECK_INT(committed(f, topic), ==, wanted);
}

static int keep_letter(void *ctx, const struct bus_record *record, struct err *err)
{
    struct dead_letter_origin origin;
    struct buf *letters = ctx;

    if (dead_letter_read(record, &origin, err) < 0)
        return err->code;
    CHECK_INT(origin.service_size, ==, strlen(GROUP));
    CHECK(memcmp(origin.service, GROUP, origin.service_size) == 0);
    buf_printf(letters, "%.*s %.*s: %.*s\n", (int)origin.topic_size, origin.topic,
               (int)record->key_size, record->key, (int)origin.reason_size, origin.reason);
    return 0;
}

/* What lies in garden.dead-letters: "topic key: reason" lines. */
static int read_letters(struct fixture *f, struct buf *letters)
{
    struct err err = {0};
    int count = bus_read(f->bus, TOPIC_DEAD_LETTERS, 0, 0, 100, keep_letter, letters, &err);

    CHECK_OK(count, err);
    return count;
}

/* -- tests -- */

TEST_ON_BOTH(all_is_told_once_and_the_bad_is_buried)
{
    struct trouble trouble = TROUBLE_NONE;
    OWNED_VALUE(fake) fake, later;
    OWNED_VALUE(buf) letters = {0};

    fake_init(&fake);
    fake_init(&later);
    prepare(f);
    fake.refused = "e2";
    tell_item(f, ITEM("a"));
    tell_item(f, ITEM("b"));
    tell_topic(f, TOPIC_ITEMS, ITEM("a"), NULL);
    tell_nonsense(f, TOPIC_ITEMS, ITEM("c"));
    tell_user(f, "u1");
    tell_topic(f, TOPIC_USERS, "u1", NULL);
    tell_like(f, "u2", "e1");
    tell_like(f, "u2", "e2");
    tell_like(f, "u2", "e3");
    {
        OWNED(remote_feed) feed = start_feed(f, &fake, &trouble);

        wait_done(feed, 7, 2);
        wait_committed(f, TOPIC_ITEMS, 4);
        wait_committed(f, TOPIC_USERS, 2);
        wait_committed(f, TOPIC_INTERACTIONS, 3);
    }
    CHECK(place_of(&fake, "+" ITEM("a")) < place_of(&fake, "-" ITEM("a")));
    CHECK(place_of(&fake, "~u1") < place_of(&fake, "-u1"));
    CHECK(place_of(&fake, "like:e1") < place_of(&fake, "like:e3"));
    (void)place_of(&fake, "+" ITEM("b"));
    CHECK_INT(read_letters(f, &letters), ==, 2);
    CHECK_HAS(buf_text(&letters), "garden.items " ITEM("c") ": ");
    CHECK_HAS(buf_text(&letters), "garden.interactions u2: it does not like e2\n");
    tell_like(f, "u2", "e4"); /* while it is away */
    {
        OWNED(remote_feed) feed = start_feed(f, &later, &trouble);

        wait_done(feed, 1, 0);
    }
    check_log(&later, "like:e4 ");
}

TEST_ON_BOTH(nothing_counts_as_told_before_the_engine_has_it)
{
    struct trouble trouble = TROUBLE_NONE;
    char text[TROUBLE_TEXT];
    OWNED_VALUE(fake) fake;

    fake_init(&fake);
    prepare(f);
    atomic_store(&fake.away, -1);
    tell_like(f, "u", "e1");
    tell_like(f, "u", "e2");
    {
        OWNED(remote_feed) feed = start_feed(f, &fake, &trouble);

        while (!trouble_get(&trouble, text) || atomic_load(&fake.calls) < 2)
            (void)poll(NULL, 0, 5);
        CHECK_HAS(text, "telling fake: the engine is having a rest");
        CHECK_INT(remote_feed_told(feed), ==, 0);
    }
    CHECK_INT(committed(f, TOPIC_INTERACTIONS), ==, 0);
    atomic_store(&fake.away, 2);
    {
        OWNED(remote_feed) feed = start_feed(f, &fake, &trouble);

        wait_done(feed, 2, 0);
        while (trouble_get(&trouble, text))
            (void)poll(NULL, 0, 5);
        wait_committed(f, TOPIC_INTERACTIONS, 2);
    }
    check_log(&fake, "like:e1 like:e2 ");
}

TEST_ON_LOCAL(one_of_many_that_is_refused_holds_up_none)
{
    struct trouble trouble = TROUBLE_NONE;
    OWNED_VALUE(fake) fake;
    OWNED_VALUE(buf) expected = {0};
    OWNED_VALUE(buf) letters = {0};
    char id[16];

    fake_init(&fake);
    prepare(f);
    fake.refused = "e57";
    for (int i = 0; i < 250; i++) {
        (void)snprintf(id, sizeof id, "e%d", i);
        tell_like(f, "u", id);
        if (i != 57)
            buf_printf(&expected, "like:%s ", id);
    }
    {
        OWNED(remote_feed) feed = start_feed(f, &fake, &trouble);

        wait_done(feed, 249, 1);
    }
    check_log(&fake, buf_text(&expected));
    CHECK_INT(atomic_load(&fake.calls), <, 40);
    CHECK_INT(read_letters(f, &letters), ==, 1);
}

TEST_ON_LOCAL(what_the_engine_has_no_place_for_is_not_read)
{
    struct trouble trouble = TROUBLE_NONE;
    OWNED_VALUE(fake) fake;

    fake_init(&fake);
    fake.engine.put_users = NULL;
    prepare(f);
    tell_user(f, "u");
    tell_nonsense(f, TOPIC_USERS, "v");
    tell_item(f, ITEM("a"));
    {
        OWNED(remote_feed) feed = start_feed(f, &fake, &trouble);

        wait_done(feed, 1, 0);
        wait_committed(f, TOPIC_ITEMS, 1);
    }
    CHECK_INT(committed(f, TOPIC_USERS), ==, 0);
    check_log(&fake, "+" ITEM("a") " ");
    fake.engine.put_items = NULL;
    fake.engine.put_interactions = NULL;
    remote_feed_free(start_feed(f, &fake, &trouble));
}

TEST_ON_LOCAL(a_feed_starts_before_its_topics)
{
    struct trouble trouble = TROUBLE_NONE;
    char text[TROUBLE_TEXT];
    OWNED_VALUE(fake) fake;

    fake_init(&fake);
    {
        OWNED(remote_feed) feed = start_feed(f, &fake, &trouble);

        while (!trouble_get(&trouble, text))
            (void)poll(NULL, 0, 5);
        prepare(f);
        tell_item(f, ITEM("a"));
        wait_done(feed, 1, 0);
    }
}
