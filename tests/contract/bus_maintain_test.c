/* What bus_maintain drops from the local log, and what it must not. */
#include "tests/contract/bus_fixture.h"

enum { DAY_MS = 24 * 3600 * 1000 };

static void make_topic(struct fixture *f, int32_t partitions, bool compact,
                       int64_t retention_ms)
{
    const struct bus_topic topic = {f->topic, partitions, compact, retention_ms};
    struct err err = {0};

    CHECK_OK(bus_create_topics(f->bus, &topic, 1, &err), err);
}

static void publish_at(struct fixture *f, const char *key, const char *value, int64_t age_ms)
{
    struct bus_record record = record_of(f, key, value);
    struct err err = {0};

    record.timestamp_ms = clock_wall_ms() - age_ms;
    CHECK_OK(bus_publish(f->bus, &record, 1, PUBLISH_MS, &err), err);
}

/* Until there is nothing left to do. */
static int maintain_all(struct fixture *f)
{
    struct err err = {0};
    int total = 0, n;

    do {
        n = bus_maintain(f->bus, &err);
        CHECK_OK(n, err);
        total += n;
    } while (n > 0);
    return total;
}

TEST_ON_LOCAL(records_past_their_time_go_and_offsets_go_on)
{
    struct bus_partition_info info;
    struct err err = {0};

    make_topic(f, 1, false, 60000);
    for (int i = 0; i < 1200; i++)
        publish_at(f, "k", "old", 120000);
    publish_at(f, "k", "young", 0);
    CHECK_INT(maintain_all(f), ==, 1200);
    CHECK_OK(bus_topic_info(f->bus, f->topic, &info, 1, PUBLISH_MS, &err), err);
    CHECK_INT(info.low, ==, 1200);
    CHECK_INT(info.high, ==, 1201);
    CHECK_INT(maintain_all(f), ==, 0);
}

TEST_ON_LOCAL(offsets_go_on_after_everything_went)
{
    struct bus_partition_info info;
    struct err err = {0};

    make_topic(f, 1, false, 1000);
    for (int i = 0; i < 10; i++)
        publish_at(f, "k", "old", DAY_MS);
    CHECK_INT(maintain_all(f), ==, 10);
    CHECK_OK(bus_topic_info(f->bus, f->topic, &info, 1, PUBLISH_MS, &err), err);
    CHECK_INT(info.low, ==, 10);
    CHECK_INT(info.high, ==, 10);
    bus_free(f->bus);
    f->bus = fixture_open(f);
    publish(f, "k", "new");
    CHECK_OK(bus_topic_info(f->bus, f->topic, &info, 1, PUBLISH_MS, &err), err);
    CHECK_INT(info.low, ==, 10);
    CHECK_INT(info.high, ==, 11);
}

TEST_ON_LOCAL(a_topic_kept_forever_keeps_everything)
{
    make_topic(f, 1, false, BUS_KEEP_FOREVER);
    for (int i = 0; i < 10; i++)
        publish_at(f, "k", "old", 365LL * DAY_MS);
    CHECK_INT(maintain_all(f), ==, 0);
}

/* A reader whose place was dropped goes on with the oldest that is there. */
TEST_ON_LOCAL(a_reader_left_behind_goes_on)
{
    struct bus_record record;
    struct err err = {0};

    make_topic(f, 1, false, 60000);
    for (int i = 0; i < 10; i++)
        publish_at(f, "k", "old", 120000);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    CHECK_INT(bus_consumer_poll(view, &record, 1, 1000, &err), ==, 1);
    CHECK_INT(maintain_all(f), ==, 10);
    CHECK_INT(bus_consumer_poll(view, &record, 1, 0, &err), ==, 0);
    CHECK(bus_consumer_caught_up(view));
    publish(f, "k", "young");
    CHECK_INT(bus_consumer_poll(view, &record, 1, 1000, &err), ==, 1);
    CHECK_INT(record.offset, ==, 10);
}

enum { KEYS = 300, UPDATES = 3000 };

struct kept {
    int last[KEYS];
    int count;
    int64_t offset;
};

static void check_kept(void *ctx, const struct bus_record *record)
{
    struct kept *kept = ctx;
    const int number = number_of(record);

    CHECK_INT(record->offset, >, kept->offset);
    CHECK_INT(record->partition, ==, 0);
    kept->last[number % KEYS] = number;
    kept->offset = record->offset;
    kept->count++;
}

TEST_ON_LOCAL(compaction_keeps_the_last_record_of_each_key)
{
    static struct kept kept = {.offset = -1};
    struct bus_partition_info info;
    struct err err = {0};

    make_topic(f, 1, true, BUS_KEEP_FOREVER);
    publish_numbers(f, f->bus, 0, UPDATES, KEYS);
    CHECK_INT(maintain_all(f), ==, UPDATES - KEYS);
    CHECK_OK(bus_topic_info(f->bus, f->topic, &info, 1, PUBLISH_MS, &err), err);
    CHECK_INT(info.high, ==, UPDATES);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    consume(view, KEYS, check_kept, &kept);
    CHECK(bus_consumer_caught_up(view));
    for (int i = 0; i < KEYS; i++)
        CHECK_INT(kept.last[i], ==, UPDATES - KEYS + i);
    /* a few changes are not worth another round, many are */
    publish_numbers(f, f->bus, 0, 30, KEYS);
    CHECK_INT(maintain_all(f), ==, 0);
    publish_numbers(f, f->bus, 0, UPDATES, KEYS);
    CHECK_INT(maintain_all(f), ==, UPDATES + 30);
}

TEST_ON_LOCAL(compaction_goes_through_every_partition)
{
    struct bus_partition_info infos[3];
    struct err err = {0};

    make_topic(f, 3, true, BUS_KEEP_FOREVER);
    publish_numbers(f, f->bus, 0, 12000, KEYS);
    CHECK_INT(maintain_all(f), ==, 12000 - KEYS);
    CHECK_INT(bus_topic_info(f->bus, f->topic, infos, 3, PUBLISH_MS, &err), ==, 3);
    CHECK_INT(infos[0].high + infos[1].high + infos[2].high, ==, 12000);
}

struct tombs {
    int old, young, revived, keyless;
};

static void count_tombs(void *ctx, const struct bus_record *record)
{
    struct tombs *tombs = ctx;

    if (!record->key)
        tombs->keyless++;
    else if (record->key_size == 3 && memcmp(record->key, "old", 3) == 0)
        tombs->old++;
    else if (record->key_size == 5 && memcmp(record->key, "young", 5) == 0)
        tombs->young += record->value ? 100 : 1;
    else if (record->key_size == 7 && memcmp(record->key, "revived", 7) == 0)
        tombs->revived += record->value ? 1 : 100;
}

TEST_ON_LOCAL(a_tombstone_stays_for_a_day)
{
    struct tombs tombs = {0};

    make_topic(f, 1, true, BUS_KEEP_FOREVER);
    publish_at(f, "old", "value", 3LL * DAY_MS);
    publish_at(f, "old", NULL, 2LL * DAY_MS);
    publish_at(f, "young", "value", 3LL * DAY_MS);
    publish_at(f, "young", NULL, 3600000);
    publish_at(f, "revived", NULL, 2LL * DAY_MS);
    publish_at(f, "revived", "value", 2LL * DAY_MS);
    publish_at(f, NULL, "no key", 2LL * DAY_MS);
    publish_numbers(f, f->bus, 0, UPDATES, 1);
    CHECK_INT(maintain_all(f), ==, 2 + 1 + 1 + UPDATES - 1);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    consume(view, 4, count_tombs, &tombs);
    CHECK_INT(tombs.old, ==, 0);
    CHECK_INT(tombs.young, ==, 1);
    CHECK_INT(tombs.revived, ==, 1);
    CHECK_INT(tombs.keyless, ==, 1);
}
