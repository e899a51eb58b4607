/* generator_chaos_test.c - the generator is killed, its disk is full, its job kills it: nothing
 * is lost, nothing is there twice, and what cannot be drawn does not stand in the way. */
#define TEST_SECONDS 180
#include <signal.h>
#include <sys/resource.h>

#include "lib/base/clock.h"
#include "lib/crypto/crypto.h"
#include "tests/support/engine.h"
#include "tests/support/generator.h"
#include "tests/support/process.h"
#include "tests/test.h"

enum { JOBS = 30, OUTPUTS = 2, WORKERS = 2, WAIT_MS = 60000 };

static const struct generation_output one[] = {{"imgPool/happy/a_0h.jpeg", 64, 64}};

static void on_kafka(void (*fn)(struct generator *g))
{
    struct generator g;
    char url[128];

    if (!getenv("TEST_KAFKA"))
        SKIP("TEST_KAFKA is not set");
    (void)engine_start("kafka",
                       NULL); /* its own: generator_test's workers take no job of ours */
    (void)snprintf(url, sizeof url, "kafka://%s", getenv("TEST_KAFKA"));
    generator_prepare(&g, url);
    fn(&g);
    generator_done(&g);
}

static void on_local(void (*fn)(struct generator *g))
{
    struct generator g;

    generator_prepare(&g, NULL);
    fn(&g);
    generator_done(&g);
}

/* -- kill -9 --------------------------------------------------------------------------------
 */

struct bulk {
    char ids[JOBS][16], keys[JOBS][OUTPUTS][48];
    struct generation_output outputs[JOBS][OUTPUTS];
};

static void ask_bulk(struct generator *g, struct bulk *bulk)
{
    for (int i = 0; i < JOBS; i++) {
        struct generation_request request;

        (void)snprintf(bulk->ids[i], sizeof bulk->ids[i], "bulk%d", i);
        for (int o = 0; o < OUTPUTS; o++) {
            (void)snprintf(bulk->keys[i][o], sizeof bulk->keys[i][o],
                           "imgPool/happy/img_20260504-090807_%d%c.jpeg", i, o ? 'v' : 'h');
            bulk->outputs[i][o] =
                (struct generation_output){bulk->keys[i][o], o ? 64 : 128, o ? 128 : 64};
        }
        request = generator_request(bulk->ids[i], "flowers, step_ms=8", bulk->outputs[i]);
        request.output_count = OUTPUTS;
        request.priority = GENERATION_BULK;
        request.seed = i * INT64_C(10);
        generator_ask(g, &request);
    }
}

/* Each picture once, and what was told of it is what is there. */
static void check_all(struct generator *g, const struct bulk *bulk)
{
    for (int i = 0; i < JOBS; i++) {
        CHECK_INT(generator_count(g, bulk->ids[i], GENERATION_DONE), ==, 1);
        CHECK_INT(generator_count(g, bulk->ids[i], GENERATION_FAILED), ==, 0);
        CHECK_INT(generator_count(g, bulk->ids[i], GENERATION_IMAGE), ==, OUTPUTS);
    }
    for (size_t i = 0; i < g->told_count; i++) {
        const struct generation_event *event = &g->told[i].event;
        OWNED_VALUE(buf) file = {0};
        struct err err = {0};
        char sha256[SHA256_HEX];

        if (event->type != GENERATION_IMAGE)
            continue;
        CHECK_OK(store_get(g->store, event->key, &file, NULL, &err), err);
        sha256_hex(file.data, file.size, sha256);
        CHECK_STR(sha256, event->sha256);
        CHECK_INT(generator_objects(g, event->key), >=, 1);
    }
}

/* A job that was begun twice is done before the next kill: three crashes would bury it. */
static void spare_jobs(struct generator *g, const struct bulk *bulk)
{
    for (int i = 0; i < JOBS; i++)
        if (generator_count(g, bulk->ids[i], GENERATION_STARTED) > 1)
            (void)generator_wait(g, bulk->ids[i], GENERATION_DONE, 1);
}

/* Kills one worker after the other, with some jobs done between two kills. */
static void kill_rounds(struct generator *g, int rounds)
{
    static struct bulk bulk;
    unsigned char dice[2];

    ask_bulk(g, &bulk);
    for (int i = 0; i < WORKERS; i++)
        generator_start(g, i, NULL);
    for (int round = 0; round < rounds; round++) {
        const size_t done = generator_count(g, NULL, GENERATION_DONE);
        const int64_t until_ms = clock_mono_ms() + 200;

        random_bytes(dice, sizeof dice);
        if (done < JOBS - 2)
            (void)generator_wait(g, NULL, GENERATION_DONE, done + 2);
        while (clock_mono_ms() < until_ms + dice[0]) /* somewhere inside a job */
            (void)generator_count(g, NULL, GENERATION_DONE);
        spare_jobs(g, &bulk);
        generator_kill(g, dice[1] % WORKERS);
        generator_start(g, dice[1] % WORKERS, NULL);
    }
    (void)generator_wait(g, NULL, GENERATION_DONE, JOBS);
    generator_wait_committed(g);
    for (int i = 0; i < WORKERS; i++)
        generator_stop(g, i);
    check_all(g, &bulk);
}

static void many_kills(struct generator *g)
{
    kill_rounds(g, 8);
}

TEST(local_killed_workers_lose_and_double_nothing)
{
    on_local(many_kills);
}

/* A dead member's partitions are given away after its session's 6 seconds. */
static void few_kills(struct generator *g)
{
    kill_rounds(g, 3);
}

TEST(kafka_killed_workers_lose_and_double_nothing)
{
    on_kafka(few_kills);
}

/* -- a job that kills -----------------------------------------------------------------------
 */

static void a_deadly_job(struct generator *g)
{
    struct generation_request request = generator_request("deadly", "crash@3", one);
    const struct generation_event *event;
    char reason[512];

    generator_ask(g, &request);
    for (uint32_t attempt = 1; attempt <= 3; attempt++) {
        generator_launch(g, 0, NULL);
        event = generator_wait(g, "deadly", GENERATION_STARTED, attempt);
        CHECK_INT(event->attempt, ==, attempt);
        CHECK_INT(process_end(g->pid[0], 0, WAIT_MS), ==, 128 + SIGKILL);
        g->pid[0] = 0;
    }
    request = generator_request("other", "a lake", one);
    generator_ask(g, &request);
    generator_start(g, 0, NULL);
    CHECK_HAS(generator_wait(g, "deadly", GENERATION_FAILED, 1)->reason, "3 workers crashed");
    (void)generator_wait(g, "other", GENERATION_DONE, 1);
    generator_wait_committed(g);
    CHECK_INT(generator_count(g, "deadly", GENERATION_STARTED), ==, 3);
    CHECK_INT(generator_dead(g, reason), ==, 1);
    CHECK_HAS(reason, "3 workers crashed");
    generator_stop(g, 0);
}

TEST(local_a_job_that_kills_its_worker_is_buried_after_three_times)
{
    on_local(a_deadly_job);
}

TEST(kafka_a_job_that_kills_its_worker_is_buried_after_three_times)
{
    on_kafka(a_deadly_job);
}

/* -- workers that come and go ---------------------------------------------------------------
 */

/* Long jobs go on while the partitions are shared anew around them. */
static void joiners(struct generator *g)
{
    char ids[8][16];

    for (int i = 0; i < 8; i++) {
        struct generation_request request;

        (void)snprintf(ids[i], sizeof ids[i], "long%d", i);
        request = generator_request(ids[i], "step_ms=150", one);
        request.seed = i;
        request.steps = 20;
        generator_ask(g, &request);
    }
    generator_start(g, 0, NULL);
    (void)generator_wait(g, NULL, GENERATION_STEP, 2);
    generator_start(g, 1, NULL);
    (void)generator_wait(g, NULL, GENERATION_DONE, 4);
    generator_stop(g, 1);
    (void)generator_wait(g, NULL, GENERATION_DONE, 8);
    generator_wait_committed(g);
    for (int i = 0; i < 8; i++) {
        CHECK_INT(generator_count(g, ids[i], GENERATION_DONE), ==, 1);
        CHECK_INT(generator_count(g, ids[i], GENERATION_IMAGE), ==, 1);
        CHECK_INT(generator_count(g, ids[i], GENERATION_FAILED), ==, 0);
    }
}

TEST(local_workers_may_come_and_go)
{
    on_local(joiners);
}

TEST(kafka_workers_may_come_and_go)
{
    on_kafka(joiners);
}

/* -- a full disk ----------------------------------------------------------------------------
 */

static void set_file_limit(pid_t pid, rlim_t bytes)
{
    struct rlimit limit = {bytes, RLIM_INFINITY};

    CHECK_INT(prlimit(pid, RLIMIT_FSIZE, &limit, NULL), ==, 0);
}

/* No file may grow, as on a disk without space. The picture that was drawn is kept and stored
 * when there is room again. */
static void full_disk(struct generator *g)
{
    struct generation_request request = generator_request("j1", "step_ms=100", one);

    (void)signal(SIGXFSZ, SIG_IGN); /* inherited: such a write then fails as on a full disk */
    generator_start(g, 0, NULL);
    generator_ask(g, &request);
    (void)generator_wait(g, "j1", GENERATION_STARTED, 1);
    set_file_limit(g->pid[0], 100);
    generator_wait_answer(g, 0, 503, "no space left");
    CHECK_INT(generator_count(g, "j1", GENERATION_FAILED), ==, 0);
    set_file_limit(g->pid[0], RLIM_INFINITY);
    (void)generator_wait(g, "j1", GENERATION_DONE, 1);
    generator_wait_answer(g, 0, 200, "ready");
    CHECK_INT(generator_count(g, "j1", GENERATION_STARTED), ==, 1);
    CHECK_INT(generator_count(g, "j1", GENERATION_IMAGE), ==, 1);
    CHECK(generator_figure(g, 0, "generator_steps_total") == 10);
    CHECK(generator_figure(g, 0, "generator_retries_total") >= 1);
    generator_wait_committed(g);
    generator_stop(g, 0);
}

TEST(local_a_full_disk_is_waited_for)
{
    on_local(full_disk);
}

TEST(kafka_a_full_disk_is_waited_for)
{
    on_kafka(full_disk);
}
