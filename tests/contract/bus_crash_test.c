/* Whatever dies or runs out, what was acknowledged is there, once, and nothing is damaged. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "lib/bus/bus_local_db.h"
#include "tests/contract/bus_fixture.h"

enum { ROUNDS = 5, BATCH = 7, ROUND_NUMBERS = 1000000, ALL_NUMBERS = ROUNDS * ROUND_NUMBERS };

/* Publishes batches of numbers from first on for as long as it lives, and tells the last number
 * of each acknowledged batch. */
static void publish_until_killed(struct fixture *f, int first, int ack_fd)
{
    struct bus *bus = fixture_open(f);

    for (int number = first;; number += BATCH) {
        publish_numbers(f, bus, number, BATCH, 3);
        number += BATCH - 1;
        if (write(ack_fd, &number, sizeof number) != (ssize_t)sizeof number)
            _exit(1);
        number -= BATCH - 1;
    }
}

/* Kills a publisher in the middle of its burst. Returns the last number it was told of. */
static int publish_and_kill(struct fixture *f, int first, int acks)
{
    int fds[2], last = -1, status;
    pid_t child;

    CHECK_INT(pipe(fds), ==, 0);
    (void)fflush(stdout);
    child = fork();
    if (child == 0)
        publish_until_killed(f, first, fds[1]);
    (void)close(fds[1]);
    for (int i = 0; i < acks; i++)
        CHECK_INT(read(fds[0], &last, sizeof last), ==, sizeof last);
    CHECK_INT(kill(child, SIGKILL), ==, 0);
    status = wait_for(child);
    CHECK(WIFSIGNALED(status));
    while (read(fds[0], &last, sizeof last) == (ssize_t)sizeof last) /* told before it died */
        ;
    (void)close(fds[0]);
    return last;
}

static unsigned char times[ALL_NUMBERS];

static void count_number(void *ctx, const struct bus_record *record)
{
    int *total = ctx;

    times[number_of(record)]++;
    ++*total;
}

static void check_acknowledged(const int *last, int rounds)
{
    for (int round = 0; round < rounds; round++)
        for (int i = 0; i < ROUND_NUMBERS; i++) {
            const int seen = times[round * ROUND_NUMBERS + i];

            if (round * ROUND_NUMBERS + i <= last[round])
                CHECK_INT(seen, ==, 1);
            else
                CHECK_INT(seen, <=, 1);
        }
}

TEST_ON_BOTH(a_killed_publisher_loses_nothing_and_repeats_nothing)
{
    struct bus_partition_info infos[2] = {{0}};
    struct err err = {0};
    int last[ROUNDS], total = 0;

    topic_new(f, 2);
    bus_free(f->bus); /* a connection does not survive fork */
    for (int round = 0; round < ROUNDS; round++)
        last[round] = publish_and_kill(f, round * ROUND_NUMBERS, 20 + 37 * round);
    f->bus = fixture_open(f);
    CHECK_OK(bus_topic_info(f->bus, f->topic, infos, 2, PUBLISH_MS, &err), err);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    consume(view, (size_t)(infos[0].high + infos[1].high), count_number, &total);
    check_acknowledged(last, ROUNDS);
}

/* A batch of 1000 records of 1000 bytes. */
static int publish_megabyte(struct fixture *f, struct err *err)
{
    static char value[1000];
    struct bus_record records[1000];

    for (int i = 0; i < 1000; i++) {
        records[i] = record_of(f, "k", "");
        records[i].value = value;
        records[i].value_size = sizeof value;
    }
    return bus_publish(f->bus, records, 1000, PUBLISH_MS, err);
}

static void limit_files(rlim_t size)
{
    struct rlimit limit = {size, RLIM_INFINITY};

    (void)signal(SIGXFSZ, SIG_IGN);
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

TEST_ON_LOCAL(a_full_disk_is_said_so_and_half_a_batch_is_never_there)
{
    struct bus_partition_info info;
    struct err err = {0};
    int done = 0;

    topic_new(f, 1);
    limit_files(6 << 20);
    while (publish_megabyte(f, &err) == 0)
        done++;
    CHECK_INT(err.code, ==, ERR_IO);
    CHECK_HAS(err.text, "no space");
    CHECK_INT(done, >, 0);
    err_clear(&err);
    CHECK_OK(bus_topic_info(f->bus, f->topic, &info, 1, PUBLISH_MS, &err), err);
    CHECK_INT(info.high, ==, 1000 * done);
    limit_files(RLIM_INFINITY); /* somebody made room */
    CHECK_OK(publish_megabyte(f, &err), err);
    CHECK_OK(bus_topic_info(f->bus, f->topic, &info, 1, PUBLISH_MS, &err), err);
    CHECK_INT(info.high, ==, 1000 * (done + 1));
}

TEST_ON_LOCAL(a_locked_file_is_said_so_within_the_time)
{
    const struct bus_record record = record_of(f, "k", "v");
    struct bus_partition_info info;
    struct local_config config;
    struct local_db other = {0};
    struct err err = {0};
    int64_t start_ms;

    topic_new(f, 1);
    CHECK_OK(local_db_open(&other, f->dir, f->topic, true, &config, &err), err);
    CHECK_OK(local_db_begin(&other, &err), err);
    start_ms = clock_mono_ms();
    CHECK_INT(bus_publish(f->bus, &record, 1, 300, &err), ==, ERR_UNAVAILABLE);
    CHECK_HAS(err.text, "locked");
    CHECK_INT(clock_mono_ms() - start_ms, >=, 290);
    CHECK_INT(clock_mono_ms() - start_ms, <, 5000);
    err_clear(&err);
    CHECK_INT(bus_ping(f->bus, 100, &err), ==, ERR_UNAVAILABLE);
    err_clear(&err);
    CHECK_OK(local_db_end(&other, &err), err);
    local_db_done(&other);
    publish(f, "k", "v");
    CHECK_OK(bus_ping(f->bus, PUBLISH_MS, &err), err);
    CHECK_OK(bus_topic_info(f->bus, f->topic, &info, 1, PUBLISH_MS, &err), err);
    CHECK_INT(info.high, ==, 1);
}

TEST_ON_LOCAL(a_folder_that_cannot_be_used_is_said_so)
{
    char dir[128];
    struct bus_conf conf = {.url = "local", .dir = dir};
    struct err err = {0};

    (void)snprintf(dir, sizeof dir, "%s/maintain.lock/below-a-file", f->dir);
    CHECK(bus_open(&conf, &err) == NULL);
    CHECK_INT(err.code, ==, ERR_IO);
    CHECK_HAS(err.text, dir);
}

TEST_ON_LOCAL(a_file_that_is_no_topic_is_said_so)
{
    const struct bus_record record = record_of(f, "k", "v");
    struct err err = {0};
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/%s.db", f->dir, f->topic);
    file = fopen(path, "w");
    CHECK(file != NULL);
    for (int i = 0; i < 1000; i++)
        CHECK(fputs("this is not a database\n", file) >= 0);
    CHECK_INT(fclose(file), ==, 0);
    CHECK_INT(bus_publish(f->bus, &record, 1, PUBLISH_MS, &err), ==, ERR_IO);
    CHECK_HAS(err.text, "damaged");
}

/* Readers that stay must not keep the write-ahead log from being started anew. */
TEST_ON_LOCAL(the_write_ahead_log_stays_small)
{
    struct bus_record record;
    struct stat status;
    struct err err = {0};
    char path[256];

    topic_new(f, 1);
    OWNED(bus_consumer) view = consumer_of(f, f->bus, false);
    (void)snprintf(path, sizeof path, "%s/%s.db-wal", f->dir, f->topic);
    for (int i = 0; i < 200; i++) {
        CHECK_OK(publish_megabyte(f, &err), err);
        CHECK_INT(bus_consumer_poll(view, &record, 1, 1000, &err), ==, 1);
        CHECK_INT(stat(path, &status), ==, 0);
        CHECK_INT(status.st_size, <, 100 << 20);
    }
}

TEST_ON_LOCAL(an_unknown_scheme_is_refused)
{
    const struct bus_conf conf = {.url = "redis://x", .dir = f->dir};
    struct err err = {0};

    CHECK(bus_open(&conf, &err) == NULL);
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, "kafka://");
}
