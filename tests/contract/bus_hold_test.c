/* Workers that can take no more for now: they stay members and are handed out nothing. */
#include "tests/contract/bus_fixture.h"

struct seen {
    int times[4000], count;
};

static void note(void *ctx, const struct bus_record *record)
{
    struct seen *seen = ctx;

    seen->times[number_of(record)]++;
    seen->count++;
}

/* Which partitions a worker was told that it has. */
struct share {
    bool has[8];
    int losses; /* how often one was taken away */
};

static int64_t on_assigned(void *ctx, const char *topic, int32_t partition, struct err *err)
{
    struct share *share = ctx;

    (void)topic;
    (void)err;
    share->has[partition] = true;
    return BUS_START_STORED;
}

static void on_revoked(void *ctx, const char *topic, int32_t partition)
{
    struct share *share = ctx;

    (void)topic;
    share->has[partition] = false;
    share->losses++;
}

static int count_of(const struct share *share)
{
    int count = 0;

    for (int p = 0; p < 8; p++)
        count += share->has[p];
    return count;
}

static struct bus_consumer *worker_of(struct fixture *f, struct share *share)
{
    const char *const topics[] = {f->topic};
    const struct bus_consumer_conf conf = {.group = f->group,
                                           .topics = topics,
                                           .topic_count = 1,
                                           .on_assigned = on_assigned,
                                           .on_revoked = on_revoked,
                                           .ctx = share};
    struct err err = {0};
    struct bus_consumer *worker = bus_consumer_new(f->bus, &conf, &err);

    if (!worker)
        TEST_FAIL("bus_consumer_new: %s", err.text);
    return worker;
}

static void take(struct bus_consumer *worker, struct seen *seen, size_t max)
{
    struct bus_record records[100];
    struct err err = {0};
    int n = bus_consumer_poll(worker, records, max, 20, &err);

    CHECK_OK(n, err);
    CHECK_INT(n, <=, max);
    for (int i = 0; i < n; i++)
        note(seen, &records[i]);
}

static void hold(struct bus_consumer *worker, int timeout_ms)
{
    struct err err = {0};

    CHECK_OK(bus_consumer_poll(worker, NULL, 0, timeout_ms, &err), err);
}

/* Until so many are seen. */
static void take_together(struct bus_consumer *one, struct bus_consumer *other,
                          struct seen *seen, int count, int64_t deadline_ms)
{
    while (seen->count < count) {
        take(one, seen, 100);
        take(other, seen, 100);
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
    }
}

TEST_ON_BOTH(who_holds_is_handed_out_nothing_and_loses_nothing)
{
    static struct seen seen;
    struct share share = {0};
    int64_t start_ms;

    topic_new(f, 4);
    publish_numbers(f, f->bus, 0, 1000, 100);
    OWNED(bus_consumer) worker = worker_of(f, &share);
    while (seen.count < 10)
        take(worker, &seen, 10);
    start_ms = clock_mono_ms();
    hold(worker, 300);
    CHECK_INT(clock_mono_ms() - start_ms, >=, 290);
    publish_numbers(f, f->bus, 1000, 1000, 100);
    for (int i = 0; i < 20; i++)
        hold(worker, 10);
    CHECK(!bus_consumer_caught_up(worker));
    while (seen.count < 2000) {
        take(worker, &seen, 100);
        if (seen.count % 7 == 0) /* to and fro */
            hold(worker, 0);
    }
    for (int i = 0; i < 2000; i++)
        CHECK_INT(seen.times[i], ==, 1);
}

TEST_ON_BOTH(who_holds_still_shares)
{
    static struct seen seen;
    struct share first = {0}, second = {0};
    int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    topic_new(f, 4);
    OWNED(bus_consumer) holder = worker_of(f, &first);
    while (count_of(&first) < 4)
        hold(holder, 20);
    OWNED(bus_consumer) taker = worker_of(f, &second);
    while (count_of(&first) != 2 || count_of(&second) != 2) {
        hold(holder, 20);
        take(taker, &seen, 100);
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
    }
    publish_numbers(f, f->bus, 0, 1000, 100);
    for (int i = 0; i < 50; i++) {
        hold(holder, 10);
        take(taker, &seen, 100);
    }
    CHECK_INT(seen.count, >, 0);
    CHECK_INT(seen.count, <, 1000);
    take_together(holder, taker, &seen, 1000, deadline_ms);
    for (int i = 0; i < 1000; i++)
        CHECK_INT(seen.times[i], ==, 1);
}

/* What it had and has again is not held any longer than it says. */
TEST_ON_BOTH(who_held_while_partitions_were_shared_anew_takes_again)
{
    static struct seen seen;
    struct share first = {0}, second = {0};
    int64_t deadline_ms = clock_mono_ms() + WAIT_MS;

    topic_new(f, 4);
    OWNED(bus_consumer) holder = worker_of(f, &first);
    while (count_of(&first) < 4)
        take(holder, &seen, 100);
    hold(holder, 0);
    OWNED(bus_consumer) taker = worker_of(f, &second);
    while (first.losses == 0) {
        hold(holder, 0); /* not again once it is lost */
        take(taker, &seen, 100);
        CHECK_INT(clock_mono_ms(), <, deadline_ms);
    }
    publish_numbers(f, f->bus, 0, 1000, 100);
    take_together(holder, taker, &seen, 1000, deadline_ms);
}

TEST_ON_BOTH(who_holds_commits)
{
    struct share share = {0};
    static struct seen seen;
    struct err err = {0};
    int64_t offset = -1;

    topic_new(f, 1);
    publish_numbers(f, f->bus, 0, 100, 7);
    OWNED(bus_consumer) worker = worker_of(f, &share);
    while (seen.count < 10)
        take(worker, &seen, 10);
    hold(worker, 50);
    CHECK_OK(bus_consumer_commit(worker, f->topic, 0, 10, &err), err);
    CHECK_OK(bus_group_offset(f->bus, f->group, f->topic, 0, &offset, &err), err);
    CHECK_INT(offset, ==, 10);
}
