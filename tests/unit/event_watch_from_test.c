/* event_watch_from_test.c - of a long history of events only what can matter is read. */
#include "lib/base/clock.h"
#include "proto/topics.h"
#include "services/generator-gpu/event_watch_from.h"

#include "tests/support/process.h"
#include "tests/test.h"

enum { EVENTS = 200000, AT_ONCE = 2000, HOUR_MS = 3600 * 1000, PARTITIONS = 4 };

static struct bus *bus_of(void)
{
    struct err err = {0};
    const struct bus_conf conf = {.url = "local", .dir = folder_new(), .client_id = "test"};
    struct bus *bus = bus_open(&conf, &err);

    CHECK(bus != NULL);
    CHECK_OK(bus_create_topics(bus, garden_topics, garden_topic_count, &err), err);
    return bus;
}

/* Events over the last ten hours, evenly. */
static void publish_events(struct bus *bus, int64_t now_ms)
{
    static char keys[AT_ONCE][16];
    static struct bus_record records[AT_ONCE];
    struct err err = {0};

    for (int done = 0; done < EVENTS; done += AT_ONCE) {
        for (int i = 0; i < AT_ONCE; i++) {
            (void)snprintf(keys[i], sizeof keys[i], "job%d", (done + i) % 1000);
            records[i] = (struct bus_record){
                .topic = TOPIC_GENERATION_EVENTS,
                .timestamp_ms = now_ms - INT64_C(10) * HOUR_MS * (EVENTS - done - i) / EVENTS,
                .key = keys[i],
                .key_size = strlen(keys[i]),
                .value = "{}",
                .value_size = 2,
            };
        }
        CHECK_OK(bus_publish(bus, records, AT_ONCE, 20000, &err), err);
    }
}

static int take_time(void *ctx, const struct bus_record *record, struct err *err)
{
    int64_t *time_ms = ctx;

    (void)err;
    *time_ms = record->timestamp_ms;
    return 0;
}

/* How many events of all are read from there, and when the first of them was written. */
static int64_t read_of(const struct event_watch_from *from, int64_t *ret_first_ms)
{
    struct bus_partition_info infos[PARTITIONS];
    struct err err = {0};
    int64_t count = 0;

    *ret_first_ms = INT64_MAX;
    CHECK_OK(bus_topic_info(from->bus, TOPIC_GENERATION_EVENTS, infos, PARTITIONS, 5000, &err),
             err);
    for (int p = 0; p < PARTITIONS; p++) {
        int64_t time_ms = INT64_MAX;

        count += infos[p].high - from->offsets[p];
        CHECK_OK(bus_read(from->bus, TOPIC_GENERATION_EVENTS, p, from->offsets[p], 1, take_time,
                          &time_ms, &err),
                 err);
        if (time_ms < *ret_first_ms)
            *ret_first_ms = time_ms;
    }
    return count;
}

static void publish_request(struct bus *bus, int64_t time_ms)
{
    const struct bus_record record = {.topic = TOPIC_GENERATION_REQUESTS,
                                      .timestamp_ms = time_ms,
                                      .key = "k",
                                      .key_size = 1,
                                      .value = "{}",
                                      .value_size = 2};
    struct err err = {0};

    CHECK_OK(bus_publish(bus, &record, 1, 20000, &err), err);
}

TEST(what_is_older_than_the_oldest_request_is_left_out)
{
    OWNED(bus) bus = bus_of();
    struct event_watch_from from = {.bus = bus, .group = "generator"};
    const int64_t now_ms = clock_wall_ms();
    struct err err = {0};
    int64_t first_ms;

    publish_events(bus, now_ms);
    CHECK_OK(event_watch_from_find(&from, &err), err); /* nothing waits */
    CHECK_INT(read_of(&from, &first_ms), <, EVENTS / 4);
    publish_request(bus, now_ms - INT64_C(5) * HOUR_MS);
    CHECK_OK(event_watch_from_find(&from, &err), err);
    CHECK_INT(read_of(&from, &first_ms), <, EVENTS * 3 / 4);
    CHECK_INT(first_ms, <=, now_ms - INT64_C(5) * HOUR_MS);
    publish_request(bus, now_ms - INT64_C(20) * HOUR_MS);
    CHECK_OK(event_watch_from_find(&from, &err), err);
    CHECK_INT(event_watch_from_offset(&from, TOPIC_GENERATION_EVENTS, 0, &err), ==,
              from.offsets[0]);
}

TEST(a_short_history_is_read_as_a_whole)
{
    OWNED(bus) bus = bus_of();
    struct event_watch_from from = {.bus = bus, .group = "generator"};
    struct err err = {0};

    CHECK_OK(event_watch_from_find(&from, &err), err);
    for (int p = 0; p < PARTITIONS; p++)
        CHECK_INT(from.offsets[p], ==, 0);
}
