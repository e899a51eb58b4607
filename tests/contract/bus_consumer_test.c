/* Views and workers: where they start, how they share, who takes over. */
#include <pthread.h>
#include <signal.h>

#include "tests/contract/bus_fixture.h"

/* Collects which numbers came, and how often. */
struct seen {
    int times[20000];
    int count, last;
};

static void note(void *ctx, const struct bus_record *record)
{
    struct seen *seen = ctx;

    seen->last = number_of(record);
    seen->times[seen->last]++;
    seen->count++;
}

static int poll_once(struct bus_consumer *consumer, struct seen *seen, int timeout_ms)
{
    struct bus_record records[100];
    struct err err = {0};
    const int n = bus_consumer_poll(consumer, records, 100, timeout_ms, &err);

    CHECK_OK(n, err);
    for (int i = 0; i < n; i++)
        note(seen, &records[i]);
    return n;
}

/* What a consumer's owner says about where to start, and what it is told. */
struct owner {
    int64_t start[8];
    int assigned, revoked;
    bool has[8];
    bool fail;
};

static int64_t on_assigned(void *ctx, const char *topic, int32_t partition, struct err *err)
{
    struct owner *owner = ctx;

    (void)topic;
    if (owner->fail)
        return err_set(err, ERR_UNAVAILABLE, "the database is away");
    owner->assigned++;
    owner->has[partition] = true;
    return owner->start[partition];
}

static void on_revoked(void *ctx, const char *topic, int32_t partition)
{
    struct owner *owner = ctx;

    (void)topic;
    owner->revoked++;
    owner->has[partition] = false;
}

static struct bus_consumer *owned_consumer(struct fixture *f, struct bus *bus, bool worker,
                                           struct owner *owner)
{
    struct err err = {0};
    const char *const topics[] = {f->topic};
    const struct bus_consumer_conf conf = {.group = worker ? f->group : NULL,
                                           .topics = topics,
                                           .topic_count = 1,
                                           .on_assigned = on_assigned,
                                           .on_revoked = on_revoked,
                                           .ctx = owner};
    struct bus_consumer *consumer = bus_consumer_new(bus, &conf, &err);

    if (!consumer)
        TEST_FAIL("bus_consumer_new: %s", err.text);
    return consumer;
}

static void wait_caught_up(struct bus_consumer *consumer, struct seen *seen)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (!bus_consumer_caught_up(consumer)) {
        (void)poll_once(consumer, seen, 50);
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
    }
}

TEST_ON_BOTH(a_view_reads_all_from_an_offset_and_then_follows)
{
    static struct seen seen;
    struct owner owner = {.start = {30}};

    topic_new(f, 1);
    publish_numbers(f, f->bus, 0, 100, 7);
    OWNED(bus_consumer) view = owned_consumer(f, f->bus, false, &owner);
    wait_caught_up(view, &seen);
    CHECK_INT(seen.count, ==, 70);
    CHECK_INT(seen.times[29], ==, 0);
    CHECK_INT(owner.assigned, ==, 1);
    publish_numbers(f, f->bus, 100, 10, 7);
    consume(view, 10, note, &seen);
    CHECK_INT(seen.last, ==, 109);
}

TEST_ON_BOTH(a_view_of_an_empty_topic_has_caught_up)
{
    static struct seen seen;

    topic_new(f, 3);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    wait_caught_up(view, &seen);
    CHECK_INT(seen.count, ==, 0);
    publish(f, "k", "7");
    consume(view, 1, note, &seen);
    CHECK_INT(seen.last, ==, 7);
}

TEST_ON_BOTH(caught_up_is_false_while_something_is_left)
{
    static struct seen seen;
    struct bus_record record;
    struct err err = {0};

    topic_new(f, 1);
    publish_numbers(f, f->bus, 0, 50, 7);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    CHECK(!bus_consumer_caught_up(view));
    while (bus_consumer_poll(view, &record, 1, 1000, &err) == 0)
        ;
    CHECK(!bus_consumer_caught_up(view));
    wait_caught_up(view, &seen);
    CHECK_INT(seen.count, ==, 49);
}

TEST_ON_BOTH(latest_is_only_what_comes)
{
    static struct seen seen;
    struct owner owner = {.start = {BUS_START_LATEST, BUS_START_LATEST}};

    topic_new(f, 2);
    publish_numbers(f, f->bus, 0, 20, 7);
    OWNED(bus_consumer) view = owned_consumer(f, f->bus, false, &owner);
    wait_caught_up(view, &seen);
    CHECK_INT(seen.count, ==, 0);
    publish(f, "k", "20");
    consume(view, 1, note, &seen);
    CHECK_INT(seen.last, ==, 20);
}

/* The log was made anew while the database kept its offset. */
TEST_ON_BOTH(an_offset_past_the_end_starts_with_what_there_is)
{
    static struct seen seen;
    struct owner owner = {.start = {5000}};

    topic_new(f, 1);
    publish_numbers(f, f->bus, 0, 10, 7);
    OWNED(bus_consumer) view = owned_consumer(f, f->bus, false, &owner);
    consume(view, 10, note, &seen);
    CHECK_INT(seen.count, ==, 10);
}

TEST_ON_BOTH(a_worker_goes_on_where_the_group_committed)
{
    static struct seen seen;
    struct err err = {0};
    int64_t offset = 0;

    topic_new(f, 1);
    publish_numbers(f, f->bus, 0, 100, 7);
    CHECK_OK(bus_group_offset(f->bus, f->group, f->topic, 0, &offset, &err), err);
    CHECK_INT(offset, ==, -1);
    struct bus_consumer *worker = consumer_of(f, f->bus, true);
    consume(worker, 100, note, &seen);
    CHECK_OK(bus_consumer_commit(worker, f->topic, 0, 60, &err), err);
    bus_consumer_free(worker);
    CHECK_OK(bus_group_offset(f->bus, f->group, f->topic, 0, &offset, &err), err);
    CHECK_INT(offset, ==, 60);
    worker = consumer_of(f, f->bus, true);
    consume(worker, 40, note, &seen);
    CHECK_INT(seen.times[59], ==, 1);
    CHECK_INT(seen.times[60], ==, 2);
    bus_consumer_free(worker);
}

TEST_ON_BOTH(a_worker_starts_where_its_owner_says)
{
    static struct seen seen;
    struct owner owner = {.start = {10, 20}};

    topic_new(f, 1);
    publish_numbers(f, f->bus, 0, 100, 7);
    OWNED(bus_consumer) worker = owned_consumer(f, f->bus, true, &owner);
    consume(worker, 90, note, &seen);
    CHECK_INT(seen.times[9], ==, 0);
    CHECK_INT(seen.times[10], ==, 1);
    CHECK_INT(owner.assigned, ==, 1);
}

TEST_ON_BOTH(a_start_that_cannot_be_told_fails_the_poll_and_is_asked_again)
{
    static struct seen seen;
    struct owner owner = {.fail = true};
    struct bus_record record;
    struct err err = {0};
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    topic_new(f, 1);
    publish_numbers(f, f->bus, 0, 10, 7);
    OWNED(bus_consumer) worker = owned_consumer(f, f->bus, true, &owner);
    while (bus_consumer_poll(worker, &record, 1, 500, &err) == 0)
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
    CHECK_INT(err.code, ==, ERR_UNAVAILABLE);
    CHECK_HAS(err.text, "the database is away");
    owner.fail = false;
    consume(worker, 10, note, &seen);
}

static void *wake_later(void *arg)
{
    const struct timespec nap = {.tv_nsec = 50000000};

    (void)nanosleep(&nap, NULL);
    bus_consumer_wake(arg);
    return NULL;
}

TEST_ON_BOTH(a_wake_ends_a_waiting_poll)
{
    static struct seen seen;
    pthread_t thread;
    int64_t start_ms;

    topic_new(f, 1);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    wait_caught_up(view, &seen);
    (void)poll_once(view, &seen, 0);
    start_ms = clock_mono_ms();
    CHECK_INT(pthread_create(&thread, NULL, wake_later, view), ==, 0);
    CHECK_INT(poll_once(view, &seen, 20000), ==, 0);
    CHECK_INT(clock_mono_ms() - start_ms, <, 10000);
    CHECK_INT(pthread_join(thread, NULL), ==, 0);
    /* used up: the next poll waits its time */
    start_ms = clock_mono_ms();
    CHECK_INT(poll_once(view, &seen, 100), ==, 0);
    CHECK_INT(clock_mono_ms() - start_ms, >=, 90);
}

TEST_ON_BOTH(a_consumer_of_an_unknown_topic_is_told)
{
    const char *const topics[] = {f->topic};
    const struct bus_consumer_conf conf = {.topics = topics, .topic_count = 1};
    struct err err = {0};

    CHECK(bus_consumer_new(f->bus, &conf, &err) == NULL);
    CHECK_INT(err.code, ==, ERR_NOT_FOUND);
}

TEST_ON_BOTH(a_view_does_not_commit)
{
    struct err err = {0};

    topic_new(f, 1);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    CHECK_INT(bus_consumer_commit(view, f->topic, 0, 1, &err), ==, ERR_INVALID);
}

static int owned_count(const struct owner *owner)
{
    int count = 0;

    for (int p = 0; p < 8; p++)
        count += owner->has[p];
    return count;
}

/* Polls both until they share the partitions two and two. */
static void wait_shared(struct bus_consumer *workers[2], struct owner owners[2],
                        struct seen *seen)
{
    const int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    while (owned_count(&owners[0]) != 2 || owned_count(&owners[1]) != 2) {
        (void)poll_once(workers[0], seen, 20);
        (void)poll_once(workers[1], seen, 20);
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
    }
}

TEST_ON_BOTH(workers_share_and_the_one_that_stays_takes_over)
{
    static struct seen seen;
    struct owner owners[2] = {{.start = {-2, -2, -2, -2}}, {.start = {-2, -2, -2, -2}}};
    struct bus_consumer *workers[2];
    int64_t left_ms;

    topic_new(f, 4);
    workers[0] = owned_consumer(f, f->bus, true, &owners[0]);
    workers[1] = owned_consumer(f, f->bus, true, &owners[1]);
    wait_shared(workers, owners, &seen);
    for (int p = 0; p < 4; p++)
        CHECK_INT(owners[0].has[p] + owners[1].has[p], ==, 1);
    publish_numbers(f, f->bus, 0, 1000, 100);
    while (seen.count < 1000) {
        (void)poll_once(workers[0], &seen, 20);
        (void)poll_once(workers[1], &seen, 20);
    }
    for (int i = 0; i < 1000; i++)
        CHECK_INT(seen.times[i], ==, 1);
    left_ms = clock_mono_ms();
    bus_consumer_free(workers[0]);
    while (owned_count(&owners[1]) != 4)
        (void)poll_once(workers[1], &seen, 20);
    CHECK_INT(clock_mono_ms() - left_ms, <, 5000);
    bus_consumer_free(workers[1]);
}

/* A member in a process of its own that never polls again once it has its share. */
static void member_until_killed(struct fixture *f, int ready_fd)
{
    struct owner owner = {.start = {-2, -2, -2, -2}};
    static struct seen seen;
    struct bus *bus = fixture_open(f);
    struct bus_consumer *worker = owned_consumer(f, bus, true, &owner);

    while (owned_count(&owner) == 0)
        (void)poll_once(worker, &seen, 20);
    CHECK_INT(write(ready_fd, "!", 1), ==, 1);
    for (;;)
        (void)poll_once(worker, &seen, 1000);
}

TEST_ON_BOTH(a_killed_member_is_taken_over)
{
    static struct seen seen;
    struct owner owner = {.start = {-2, -2, -2, -2}};
    int ready[2];
    char byte;
    pid_t child;
    int64_t killed_ms;

    topic_new(f, 4);
    bus_free(f->bus); /* a connection does not survive fork */
    CHECK_INT(pipe(ready), ==, 0);
    (void)fflush(stdout);
    child = fork();
    if (child == 0)
        member_until_killed(f, ready[1]);
    CHECK_INT(read(ready[0], &byte, 1), ==, 1);
    f->bus = fixture_open(f);
    struct bus_consumer *worker = owned_consumer(f, f->bus, true, &owner);
    while (owned_count(&owner) != 2)
        (void)poll_once(worker, &seen, 20);
    CHECK_INT(kill(child, SIGKILL), ==, 0);
    (void)wait_for(child);
    killed_ms = clock_mono_ms();
    while (owned_count(&owner) != 4)
        (void)poll_once(worker, &seen, 20);
    CHECK_INT(clock_mono_ms() - killed_ms, <, f->kafka ? 15000 : 3000);
    publish_numbers(f, f->bus, 0, 100, 100);
    consume(worker, 100, note, &seen);
    bus_consumer_free(worker);
}

static void publish_second(struct fixture *f, struct fixture *second)
{
    *second = *f;
    (void)strncat(second->topic, "-second", sizeof second->topic - strlen(second->topic) - 1);
    topic_new(f, 1);
    topic_new(second, 2);
    publish_numbers(f, f->bus, 0, 50, 10);
    publish_numbers(second, f->bus, 50, 50, 10);
}

TEST_ON_BOTH(a_worker_may_follow_several_topics)
{
    static struct seen seen;
    struct fixture second;
    struct err err = {0};
    const char *const topics[] = {f->topic, second.topic};
    const struct bus_consumer_conf conf = {
        .group = f->group, .topics = topics, .topic_count = 2};

    publish_second(f, &second);
    OWNED(bus_consumer) worker = bus_consumer_new(f->bus, &conf, &err);
    CHECK(worker != NULL);
    consume(worker, 100, note, &seen);
    for (int i = 0; i < 100; i++)
        CHECK_INT(seen.times[i], ==, 1);
    CHECK(bus_consumer_caught_up(worker));
}

/* Few bytes at a time, though many records were asked for. */
TEST_ON_BOTH(a_small_prefetch_still_hands_out_everything)
{
    static struct seen seen;
    struct err err = {0};
    const char *const topics[] = {f->topic};
    const struct bus_consumer_conf conf = {
        .topics = topics, .topic_count = 1, .prefetch_bytes = 4096};

    topic_new(f, 2);
    publish_numbers(f, f->bus, 0, 5000, 10);
    OWNED(bus_consumer) view = bus_consumer_new(f->bus, &conf, &err);
    CHECK(view != NULL);
    consume(view, 5000, note, &seen);
    for (int i = 0; i < 5000; i++)
        CHECK_INT(seen.times[i], ==, 1);
}

/* Time from publish to the other side, one record at a time: bells ring, nothing is asked for
 * in a loop. */
TEST_ON_BOTH(a_record_arrives_in_milliseconds)
{
    static struct seen seen;
    int64_t start_ns, total_ns = 0;

    topic_new(f, 1);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    wait_caught_up(view, &seen);
    for (int i = 0; i < 50; i++) {
        char text[16];

        (void)snprintf(text, sizeof text, "%d", i);
        start_ns = clock_mono_ns();
        publish(f, "k", text);
        consume(view, 1, note, &seen);
        total_ns += clock_mono_ns() - start_ns;
    }
    CHECK_INT(total_ns / 50, <, 100000000);
}
