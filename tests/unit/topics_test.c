/* topics_test.c - the topics are those of the contract. */
#include "proto/topics.h"

#include "tests/test.h"

static const struct bus_topic *find(const char *name)
{
    for (size_t i = 0; i < garden_topic_count; i++)
        if (strcmp(garden_topics[i].name, name) == 0)
            return &garden_topics[i];
    TEST_FAIL("there is no topic %s", name);
}

TEST(every_topic_is_there_once)
{
    static const char *const names[] = {
        TOPIC_OBJECTS, TOPIC_GENERATION_REQUESTS, TOPIC_GENERATION_EVENTS, TOPIC_ITEMS,
        TOPIC_USERS,   TOPIC_INTERACTIONS,        TOPIC_DISPLAYS,          TOPIC_EXPORTS,
        TOPIC_PLAYS,   TOPIC_DEAD_LETTERS,
    };

    CHECK_INT(garden_topic_count, ==, sizeof names / sizeof *names);
    for (size_t i = 0; i < garden_topic_count; i++)
        CHECK_INT(find(names[i])->partitions, >, 0);
}

TEST(what_is_kept_is_what_the_contract_says)
{
    CHECK_INT(find(TOPIC_OBJECTS)->retention_ms, ==, 7 * 86400000LL);
    CHECK(!find(TOPIC_OBJECTS)->compact);
    CHECK_INT(find(TOPIC_DEAD_LETTERS)->retention_ms, ==, 30 * 86400000LL);
    CHECK_INT(find(TOPIC_PLAYS)->retention_ms, ==, 30 * 86400000LL);
    CHECK(!find(TOPIC_PLAYS)->compact);
    CHECK(find(TOPIC_ITEMS)->compact);
    CHECK(find(TOPIC_USERS)->compact);
    CHECK(find(TOPIC_DISPLAYS)->compact);
    CHECK_INT(find(TOPIC_ITEMS)->retention_ms, ==, BUS_KEEP_FOREVER);
    CHECK_INT(find(TOPIC_INTERACTIONS)->retention_ms, ==, BUS_KEEP_FOREVER);
    CHECK(!find(TOPIC_INTERACTIONS)->compact);
}

TEST(a_zone_feed_needs_one_partition)
{
    CHECK_INT(find(TOPIC_DISPLAYS)->partitions, ==, 1); /* the feed's id is the offset */
}
