/* What is published is what is read: keys, order, bytes, headers, limits. */
#include <pthread.h>

#include "lib/bus/bus_hash.h"
#include "tests/contract/bus_fixture.h"

enum { KEYS = 50 };

struct order {
    int last[KEYS];
    int32_t partition[KEYS];
    int seen;
};

static void check_order(void *ctx, const struct bus_record *record)
{
    struct order *order = ctx;
    const int number = number_of(record), key = number % KEYS;

    CHECK_INT(number, >, order->last[key]);
    if (order->last[key] >= 0)
        CHECK_INT(record->partition, ==, order->partition[key]);
    CHECK_INT(record->partition, ==, bus_partition_of(record->key, record->key_size, 4));
    order->last[key] = number;
    order->partition[key] = record->partition;
    order->seen++;
}

TEST_ON_BOTH(records_of_a_key_share_a_partition_and_keep_their_order)
{
    struct order order = {.seen = 0};

    memset(order.last, 0xff, sizeof order.last);
    topic_new(f, 4);
    publish_numbers(f, f->bus, 0, 1000, KEYS);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    consume(view, 1000, check_order, &order);
    CHECK_INT(order.seen, ==, 1000);
}

static void keep_first(void *ctx, const struct bus_record *record)
{
    struct bus_record *kept = ctx;

    *kept = *record;
}

/* One record with everything in it, published and read back. */
TEST_ON_BOTH(bytes_come_back_as_they_were)
{
    char value[256], header[256];
    struct bus_header headers[3] = {{"content-type", "text/plain", 10},
                                    {"binary", header, sizeof header},
                                    {"empty", "", 0}};
    struct bus_record record = record_of(f, "schl\xc3\xbcssel \xf0\x9f\x8c\xb7", NULL),
                      got = {0};
    struct err err = {0};
    size_t size = 0;

    for (int i = 0; i < 256; i++) {
        value[i] = (char)i;
        header[i] = (char)(255 - i);
    }
    record.value = value;
    record.value_size = sizeof value;
    record.headers = headers;
    record.header_count = 3;
    record.timestamp_ms = 1700000000123;
    topic_new(f, 1);
    CHECK_OK(bus_publish(f->bus, &record, 1, PUBLISH_MS, &err), err);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    consume(view, 1, keep_first, &got);
    CHECK_INT(got.offset, ==, 0);
    CHECK_INT(got.timestamp_ms, ==, 1700000000123);
    CHECK_INT(got.key_size, ==, record.key_size);
    CHECK(memcmp(got.key, record.key, record.key_size) == 0);
    CHECK_INT(got.value_size, ==, 256);
    CHECK(memcmp(got.value, value, 256) == 0);
    CHECK_INT(got.header_count, ==, 3);
    CHECK(memcmp(bus_record_header(&got, "binary", &size), header, 256) == 0);
    CHECK_INT(size, ==, 256);
    CHECK(bus_record_header(&got, "empty", &size) != NULL);
    CHECK_INT(size, ==, 0);
    CHECK(bus_record_header(&got, "absent", &size) == NULL);
}

static void check_nothings(void *ctx, const struct bus_record *record)
{
    int *index = ctx;

    if (*index == 0) {
        CHECK(record->value == NULL); /* the tombstone */
        CHECK(record->key != NULL);
    } else if (*index == 1) {
        CHECK(record->value != NULL); /* empty, which is not the same */
        CHECK_INT(record->value_size, ==, 0);
    } else {
        CHECK(record->key == NULL);
        CHECK_INT(record->value_size, ==, 1);
    }
    ++*index;
}

TEST_ON_BOTH(a_tombstone_an_empty_value_and_no_key_stay_apart)
{
    int index = 0;

    topic_new(f, 1);
    publish(f, "k", NULL);
    publish(f, "k", "");
    publish(f, NULL, "v");
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    consume(view, 3, check_nothings, &index);
}

TEST_ON_BOTH(an_unknown_topic_is_said_so)
{
    const struct bus_record record = record_of(f, "k", "v");
    struct bus_partition_info info;
    struct err err = {0};

    CHECK_INT(bus_publish(f->bus, &record, 1, PUBLISH_MS, &err), ==, ERR_NOT_FOUND);
    CHECK_HAS(err.text, f->topic);
    err_clear(&err);
    CHECK_INT(bus_topic_info(f->bus, f->topic, &info, 1, PUBLISH_MS, &err), ==, ERR_NOT_FOUND);
    CHECK_HAS(err.text, f->topic);
}

TEST_ON_BOTH(a_topic_name_that_is_none_is_refused)
{
    static const char *const names[] = {"", "..", "../x", "a/b", ".hidden", "a b", "\xc3\xa4"};
    struct err err;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct bus_topic topic = {names[i], 1, false, BUS_KEEP_FOREVER};

        err = (struct err){0};
        CHECK_INT(bus_create_topics(f->bus, &topic, 1, &err), ==, ERR_INVALID);
    }
}

TEST_ON_BOTH(a_record_over_the_limit_is_refused_with_the_way_out)
{
    static char big[(1 << 20) + 1];
    struct bus_record records[2] = {record_of(f, "k", "small"), record_of(f, "k", "")};
    struct bus_partition_info info;
    struct err err = {0};

    records[1].value = big;
    records[1].value_size = sizeof big;
    topic_new(f, 1);
    CHECK_INT(bus_publish(f->bus, records, 2, PUBLISH_MS, &err), ==, ERR_TOO_LARGE);
    CHECK_HAS(err.text, "object store");
    err_clear(&err);
    CHECK_OK(bus_topic_info(f->bus, f->topic, &info, 1, PUBLISH_MS, &err), err);
    CHECK_INT(info.high, ==, 0);           /* nor its neighbour */
    records[1].value_size = (1 << 20) - 1; /* with the key: the limit */
    CHECK_OK(bus_publish(f->bus, &records[1], 1, PUBLISH_MS, &err), err);
}

TEST_ON_BOTH(making_a_topic_again_leaves_it_as_it_is)
{
    struct bus_partition_info infos[8];
    const struct bus_topic other = {f->topic, 7, true, 1000};
    struct err err = {0};

    topic_new(f, 3);
    publish(f, "k", "v");
    CHECK_OK(bus_create_topics(f->bus, &other, 1, &err), err);
    CHECK_INT(bus_topic_info(f->bus, f->topic, infos, 8, PUBLISH_MS, &err), ==, 3);
    CHECK_INT(infos[0].high + infos[1].high + infos[2].high, ==, 1);
}

TEST_ON_BOTH(info_tells_the_oldest_and_the_next_offset)
{
    struct bus_partition_info infos[2] = {{0}};
    struct err err = {0};

    topic_new(f, 2);
    CHECK_INT(bus_topic_info(f->bus, f->topic, infos, 2, PUBLISH_MS, &err), ==, 2);
    for (int p = 0; p < 2; p++) {
        CHECK_INT(infos[p].partition, ==, p);
        CHECK_INT(infos[p].low, ==, 0);
        CHECK_INT(infos[p].high, ==, 0);
    }
    publish_numbers(f, f->bus, 0, 100, KEYS);
    CHECK_INT(bus_topic_info(f->bus, f->topic, infos, 2, PUBLISH_MS, &err), ==, 2);
    CHECK_INT(infos[0].high + infos[1].high, ==, 100);
    CHECK_INT(bus_topic_info(f->bus, f->topic, NULL, 0, PUBLISH_MS, &err), ==, 2);
}

static int count_to_three(void *ctx, const struct bus_record *record, struct err *err)
{
    int *seen = ctx;

    CHECK_INT(number_of(record), ==, 40 + *seen);
    return ++*seen == 3 ? err_set(err, ERR_CONFLICT, "enough") : 0;
}

static int count_all(void *ctx, const struct bus_record *record, struct err *err)
{
    int *seen = ctx;

    (void)record;
    (void)err;
    ++*seen;
    return 0;
}

TEST_ON_BOTH(tools_read_a_range_without_a_consumer)
{
    struct err err = {0};
    int seen = 0;

    topic_new(f, 1);
    publish_numbers(f, f->bus, 0, 1000, KEYS);
    CHECK_INT(bus_read(f->bus, f->topic, 0, 990, 100, count_all, &seen, &err), ==, 10);
    CHECK_INT(seen, ==, 10);
    CHECK_INT(bus_read(f->bus, f->topic, 0, 0, 700, count_all, &seen, &err), ==, 700);
    CHECK_INT(bus_read(f->bus, f->topic, 0, 1000, 5, count_all, &seen, &err), ==, 0);
    seen = 0;
    CHECK_INT(bus_read(f->bus, f->topic, 0, 40, 100, count_to_three, &seen, &err), ==,
              ERR_CONFLICT);
    CHECK_INT(seen, ==, 3);
    err_clear(&err);
    CHECK_INT(bus_read(f->bus, f->topic, 9, 0, 1, count_all, &seen, &err), ==, ERR_NOT_FOUND);
}

TEST_ON_BOTH(the_bus_answers_a_ping)
{
    struct err err = {0};

    CHECK_OK(bus_ping(f->bus, PUBLISH_MS, &err), err);
    topic_new(f, 1);
    publish(f, "k", "v");
    CHECK_OK(bus_ping(f->bus, PUBLISH_MS, &err), err);
}

enum { WRITERS = 4, EACH = 2500 };

struct writer {
    struct fixture *f;
    int index;
};

/* A few at a time, so that calls of several threads meet. */
static void write_part(struct fixture *f, struct bus *bus, int index)
{
    struct err err = {0};

    for (int i = 0; i < EACH; i += 5) {
        struct bus_record records[5];
        char values[5][16];

        for (int j = 0; j < 5; j++) {
            (void)snprintf(values[j], sizeof values[j], "%d", index * EACH + i + j);
            records[j] = record_of(f, values[j], values[j]);
        }
        CHECK_OK(bus_publish(bus, records, 5, PUBLISH_MS, &err), err);
    }
}

static void *writer_thread(void *arg)
{
    const struct writer *writer = arg;

    write_part(writer->f, writer->f->bus, writer->index);
    return NULL;
}

static void count_each(void *ctx, const struct bus_record *record)
{
    ++((int *)ctx)[number_of(record)];
}

static void check_each_once(struct fixture *f, int count)
{
    static int seen[2 * WRITERS * EACH];

    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    consume(view, (size_t)count, count_each, seen);
    for (int i = 0; i < count; i++)
        CHECK_INT(seen[i], ==, 1);
}

TEST_ON_BOTH(ten_thousand_records_from_threads_come_exactly_once)
{
    struct writer writers[WRITERS];
    pthread_t threads[WRITERS];

    topic_new(f, 4);
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){f, i};
        CHECK_INT(pthread_create(&threads[i], NULL, writer_thread, &writers[i]), ==, 0);
    }
    for (int i = 0; i < WRITERS; i++)
        CHECK_INT(pthread_join(threads[i], NULL), ==, 0);
    check_each_once(f, WRITERS * EACH);
}

TEST_ON_BOTH(records_from_several_processes_come_exactly_once)
{
    pid_t children[WRITERS];

    topic_new(f, 2);
    bus_free(f->bus); /* a connection does not survive fork */
    for (int i = 0; i < WRITERS; i++) {
        (void)fflush(stdout);
        children[i] = fork();
        if (children[i] == 0) {
            struct bus *bus = fixture_open(f);

            write_part(f, bus, i);
            bus_free(bus);
            _exit(0);
        }
    }
    for (int i = 0; i < WRITERS; i++)
        CHECK_INT(wait_for(children[i]), ==, 0);
    f->bus = fixture_open(f);
    check_each_once(f, WRITERS * EACH);
}

TEST_ON_BOTH(one_publish_may_go_to_several_topics)
{
    struct fixture second = *f;
    struct bus_record records[4];
    struct bus_partition_info infos[2] = {{0}};
    struct err err = {0};

    (void)strncat(second.topic, "-second", sizeof second.topic - strlen(second.topic) - 1);
    topic_new(f, 1);
    topic_new(&second, 1);
    for (int i = 0; i < 4; i++)
        records[i] = record_of(i % 2 ? f : &second, "k", "v");
    CHECK_OK(bus_publish(f->bus, records, 4, PUBLISH_MS, &err), err);
    CHECK_OK(bus_topic_info(f->bus, f->topic, &infos[0], 1, PUBLISH_MS, &err), err);
    CHECK_OK(bus_topic_info(f->bus, second.topic, &infos[1], 1, PUBLISH_MS, &err), err);
    CHECK_INT(infos[0].high, ==, 2);
    CHECK_INT(infos[1].high, ==, 2);
}
