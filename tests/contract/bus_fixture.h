/* bus_fixture.h - runs a bus test on each backend: TEST_ON_BOTH(name) makes the tests
 * local_name and kafka_name; the latter needs TEST_KAFKA=host:port and is skipped without it.
 *
 * Each test has a bus and a topic name of its own, made by topic_new. */
#ifndef TESTS_CONTRACT_BUS_FIXTURE_H
#define TESTS_CONTRACT_BUS_FIXTURE_H

#include <ftw.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/clock.h"
#include "lib/bus/bus.h"
#include "tests/test.h"

enum { PUBLISH_MS = 20000, WAIT_MS = 30000 };

struct fixture {
    bool kafka;
    char url[256], dir[64], topic[96], group[96];
    struct bus *bus;
};

static struct bus *fixture_open(const struct fixture *f)
{
    struct err err = {0};
    const struct bus_conf conf = {.url = f->url, .dir = f->dir, .client_id = "contract"};
    struct bus *bus = bus_open(&conf, &err);

    if (!bus)
        TEST_FAIL("bus_open: %s", err.text);
    return bus;
}

static int remove_entry(const char *path, const struct stat *status, int type,
                        struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

static void fixture_run(bool kafka, void (*fn)(struct fixture *f))
{
    struct fixture f = {.kafka = kafka, .url = "local", .dir = "/tmp/bus-XXXXXX"};
    const char *brokers = getenv("TEST_KAFKA");
    const long long stamp = (long long)clock_wall_ms();

    if (kafka && (!brokers || !brokers[0]))
        SKIP("TEST_KAFKA is not set");
    if (kafka)
        (void)snprintf(f.url, sizeof f.url, "kafka://%s", brokers);
    CHECK(mkdtemp(f.dir) != NULL);
    (void)snprintf(f.topic, sizeof f.topic, "t-%lld-%d", stamp, (int)getpid());
    (void)snprintf(f.group, sizeof f.group, "g-%lld-%d", stamp, (int)getpid());
    f.bus = fixture_open(&f);
    fn(&f);
    bus_free(f.bus);
    CHECK_INT(nftw(f.dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS), ==, 0);
}

#define TEST_ON_BOTH(name_)               \
    static void name_(struct fixture *f); \
    TEST(local_##name_)                   \
    {                                     \
        fixture_run(false, name_);        \
    }                                     \
    TEST(kafka_##name_)                   \
    {                                     \
        fixture_run(true, name_);         \
    }                                     \
    static void name_(struct fixture *f)

#define TEST_ON_LOCAL(name_)              \
    static void name_(struct fixture *f); \
    TEST(local_##name_)                   \
    {                                     \
        fixture_run(false, name_);        \
    }                                     \
    static void name_(struct fixture *f)

/* Makes f->topic. */
__attribute__((unused)) static void topic_new(struct fixture *f, int32_t partitions)
{
    struct err err = {0};
    const struct bus_topic topic = {f->topic, partitions, false, BUS_KEEP_FOREVER};

    CHECK_OK(bus_create_topics(f->bus, &topic, 1, &err), err);
}

/* A record for f->topic with texts in it; NULL is NULL. */
__attribute__((unused)) static struct bus_record record_of(const struct fixture *f,
                                                           const char *key, const char *value)
{
    return (struct bus_record){.topic = f->topic,
                               .key = key,
                               .key_size = key ? strlen(key) : 0,
                               .value = value,
                               .value_size = value ? strlen(value) : 0};
}

__attribute__((unused)) static void publish(struct fixture *f, const char *key,
                                            const char *value)
{
    struct err err = {0};
    const struct bus_record record = record_of(f, key, value);

    CHECK_OK(bus_publish(f->bus, &record, 1, PUBLISH_MS, &err), err);
}

/* Publishes count records with the key k<i modulo keys> and the number as value. */
__attribute__((unused)) static void publish_numbers(struct fixture *f, struct bus *bus,
                                                    int first, int count, int keys)
{
    enum { STEP = 500 };
    static char texts[STEP][2][16];
    struct bus_record records[STEP];
    struct err err = {0};

    for (int done = 0; done < count;) {
        int n = 0;

        for (; n < STEP && done < count; n++, done++) {
            (void)snprintf(texts[n][0], 16, "k%d", (first + done) % keys);
            (void)snprintf(texts[n][1], 16, "%d", first + done);
            records[n] = record_of(f, texts[n][0], texts[n][1]);
        }
        CHECK_OK(bus_publish(bus, records, (size_t)n, PUBLISH_MS, &err), err);
    }
}

__attribute__((unused)) static struct bus_consumer *consumer_of(struct fixture *f,
                                                                struct bus *bus, bool worker)
{
    struct err err = {0};
    const char *const topics[] = {f->topic};
    const struct bus_consumer_conf conf = {
        .group = worker ? f->group : NULL, .topics = topics, .topic_count = 1};
    struct bus_consumer *consumer = bus_consumer_new(bus, &conf, &err);

    if (!consumer)
        TEST_FAIL("bus_consumer_new: %s", err.text);
    return consumer;
}

/* The number that a record's value says. */
__attribute__((unused)) static int number_of(const struct bus_record *record)
{
    char text[16];

    (void)snprintf(text, sizeof text, "%.*s", (int)record->value_size,
                   (const char *)record->value);
    return (int)strtol(text, NULL, 10);
}

/* Polls until count records came, and gives each to fn. */
__attribute__((unused)) static void
consume(struct bus_consumer *consumer, size_t count,
        void (*fn)(void *ctx, const struct bus_record *record), void *ctx)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;
    struct bus_record records[512];
    struct err err = {0};
    size_t done = 0;
    int n;

    while (done < count) {
        n = bus_consumer_poll(consumer, records, 512, 1000, &err);
        CHECK_OK(n, err);
        for (int i = 0; i < n; i++)
            fn(ctx, &records[i]);
        done += (size_t)n;
        if (clock_mono_ms() > deadline_ms)
            TEST_FAIL("%zu of %zu records after %d ms", done, count, WAIT_MS);
    }
    CHECK_INT(done, ==, count);
}

/* Waits until the process has ended and returns its status. */
__attribute__((unused)) static int wait_for(pid_t child)
{
    int status = 0;

    CHECK_INT(waitpid(child, &status, 0), ==, child);
    return status;
}

#endif
