/* generator_parts_test.c - the order of jobs, what may be committed, and what events say of
 * attempts. */
#include "lib/base/clock.h"
#include "services/generator-gpu/history.h"
#include "services/generator-gpu/ledger.h"
#include "services/generator-gpu/queue.h"

#include "tests/test.h"

/* -- the ledger -----------------------------------------------------------------------------
 */

TEST(only_the_finished_beginning_is_committed)
{
    struct ledger ledger = {0};
    struct ledger_entry *entries[5];
    int64_t next = -1;

    for (int i = 0; i < 5; i++)
        entries[i] = ledger_add(&ledger, 10 + i);
    CHECK(!ledger_due(&ledger, &next));
    ledger_finish(&ledger, entries[2]);
    ledger_finish(&ledger, entries[1]);
    CHECK(!ledger_due(&ledger, &next));
    ledger_finish(&ledger, entries[0]);
    CHECK(ledger_due(&ledger, &next));
    CHECK_INT(next, ==, 13);
    ledger.saved = next;
    CHECK(!ledger_due(&ledger, &next));
    ledger_finish(&ledger, entries[4]);
    CHECK(!ledger_due(&ledger, &next));
    CHECK_INT(ledger.count, ==, 2);
    ledger_finish(&ledger, entries[3]);
    CHECK(ledger_due(&ledger, &next));
    CHECK_INT(next, ==, 15);
    CHECK_INT(ledger.count, ==, 0);
    (void)ledger_add(&ledger, 20);
    ledger_clear(&ledger);
}

/* -- the queue ------------------------------------------------------------------------------
 */

static struct job *job_of(const char *id, int priority, int64_t timestamp_ms, int32_t partition,
                          int64_t offset)
{
    struct job *job = calloc(1, sizeof *job);

    CHECK(job != NULL);
    job->request.job_id = id;
    job->request.priority = (enum generation_priority)priority;
    job->request.timestamp_ms = timestamp_ms;
    job->partition = partition;
    job->offset = offset;
    return job;
}

static struct queue *queue_of(size_t max, int partitions)
{
    struct err err = {0};
    struct queue *queue = queue_new(max, &err);

    CHECK(queue != NULL);
    for (int p = 0; p < partitions; p++)
        CHECK_OK(queue_assign(queue, p, &err), err);
    return queue;
}

static void add(struct queue *queue, struct job *job)
{
    struct err err = {0};

    CHECK_OK(queue_add(queue, job, &err), err);
}

static void take_and_finish(struct queue *queue, const char *id)
{
    struct job *job = queue_take(queue, 0);

    CHECK(job != NULL);
    CHECK_STR(job->request.job_id, id);
    queue_finish(queue, job);
}

TEST(interactive_comes_before_bulk_and_the_oldest_first)
{
    OWNED(queue) queue = queue_of(100, 4);
    struct queue_view view;

    add(queue, job_of("b2", GENERATION_BULK, 20, 0, 0));
    add(queue, job_of("b1", GENERATION_BULK, 10, 1, 0));
    add(queue, job_of("i2", GENERATION_INTERACTIVE, 40, 2, 0));
    add(queue, job_of("i1", GENERATION_INTERACTIVE, 30, 3, 0));
    add(queue, job_of("b3", GENERATION_BULK, 20, 0, 1));
    queue_look(queue, NULL, NULL, &view);
    CHECK_INT(view.interactive, ==, 2);
    CHECK_INT(view.bulk, ==, 3);
    CHECK_INT(view.oldest_ms, ==, 10);
    CHECK_INT(view.partitions, ==, 4);
    take_and_finish(queue, "i1");
    take_and_finish(queue, "i2");
    take_and_finish(queue, "b1");
    take_and_finish(queue, "b2");
    take_and_finish(queue, "b3");
    CHECK(queue_take(queue, 10) == NULL);
}

TEST(an_interactive_job_is_seen_behind_a_thousand_bulk_ones)
{
    OWNED(queue) queue = queue_of(2000, 1);
    struct queue_commit commits[QUEUE_PARTITIONS];

    for (int i = 0; i < 1000; i++)
        add(queue, job_of("bulk", GENERATION_BULK, i, 0, i));
    add(queue, job_of("now", GENERATION_INTERACTIVE, 5000, 0, 1000));
    take_and_finish(queue, "now");
    CHECK_INT(queue_commits(queue, commits), ==, 0);
    take_and_finish(queue, "bulk");
    CHECK_INT(queue_commits(queue, commits), ==, 1);
    CHECK_INT(commits[0].next, ==, 1);
    queue_committed(queue, &commits[0]);
    CHECK_INT(queue_commits(queue, commits), ==, 0);
}

TEST(it_is_full_until_the_oldest_is_finished)
{
    OWNED(queue) queue = queue_of(3, 1);
    struct err err = {0};
    struct job *first;

    add(queue, job_of("a", GENERATION_BULK, 1, 0, 0));
    add(queue, job_of("b", GENERATION_INTERACTIVE, 2, 0, 1));
    CHECK(!queue_full(queue));
    CHECK_OK(queue_skip(queue, 0, 2, &err), err); /* still behind what is not finished */
    CHECK(queue_full(queue));
    take_and_finish(queue, "b");
    CHECK(queue_full(queue));
    first = queue_take(queue, 0);
    CHECK(queue_full(queue));
    queue_finish(queue, first);
    CHECK(!queue_full(queue));
    CHECK_INT(queue_position(queue, 0), ==, 3);
}

TEST(a_dropped_job_is_finished)
{
    OWNED(queue) queue = queue_of(10, 1);
    struct queue_commit commits[QUEUE_PARTITIONS];

    add(queue, job_of("a", GENERATION_BULK, 1, 0, 7));
    add(queue, job_of("b", GENERATION_BULK, 2, 0, 8));
    CHECK_INT(queue_drop(queue, "a"), ==, 1);
    CHECK_INT(queue_drop(queue, "a"), ==, 0);
    CHECK_INT(queue_commits(queue, commits), ==, 1);
    CHECK_INT(commits[0].next, ==, 8);
    take_and_finish(queue, "b");
}

TEST(only_expired_jobs_are_taken_for_that)
{
    OWNED(queue) queue = queue_of(10, 1);
    struct job *job = job_of("late", GENERATION_BULK, 1, 0, 1);

    job->request.deadline_ms = 100;
    add(queue, job_of("any", GENERATION_BULK, 1, 0, 0));
    add(queue, job);
    CHECK(queue_take_expired(queue, 99) == NULL);
    job = queue_take_expired(queue, 100);
    CHECK(job != NULL);
    CHECK_STR(job->request.job_id, "late");
    queue_finish(queue, job);
    CHECK(queue_take_expired(queue, 1000) == NULL);
}

TEST(what_is_taken_survives_a_partition_that_comes_back)
{
    OWNED(queue) queue = queue_of(10, 1);
    struct queue_commit commits[QUEUE_PARTITIONS];
    struct err err = {0};
    struct job *taken;

    add(queue, job_of("a", GENERATION_BULK, 1, 0, 5));
    add(queue, job_of("b", GENERATION_BULK, 2, 0, 6));
    taken = queue_take(queue, 0);
    queue_revoke(queue, 0);
    CHECK(queue_owns(queue, taken)); /* a rebalance takes its time */
    CHECK(queue_take(queue, 0) == NULL);
    CHECK_OK(queue_assign(queue, 0, &err), err);
    add(queue, job_of("a", GENERATION_BULK, 1, 0, 5)); /* read again */
    add(queue, job_of("b", GENERATION_BULK, 2, 0, 6));
    CHECK(queue_owns(queue, taken));
    take_and_finish(queue, "b");
    CHECK(queue_take(queue, 0) == NULL); /* not a second time */
    CHECK_INT(queue_commits(queue, commits), ==, 0);
    queue_finish(queue, taken);
    CHECK_INT(queue_commits(queue, commits), ==, 1);
    CHECK_INT(commits[0].next, ==, 7);
}

TEST(what_is_returned_is_taken_again_only_where_it_is_ours)
{
    OWNED(queue) queue = queue_of(10, 1);

    add(queue, job_of("a", GENERATION_BULK, 1, 0, 5));
    queue_return(queue, queue_take(queue, 0));
    queue_return(queue, queue_take(queue, 0));
    {
        struct job *taken = queue_take(queue, 0);

        queue_revoke(queue, 0);
        queue_return(queue, taken);
    }
    CHECK(queue_take(queue, 0) == NULL);
}

TEST(a_waiting_take_is_woken)
{
    OWNED(queue) queue = queue_of(10, 1);
    int64_t start_ms = clock_mono_ms();

    queue_wake(queue);
    CHECK(queue_take(queue, 20000) == NULL);
    CHECK_INT(clock_mono_ms() - start_ms, <, 10000);
}

/* -- the history ----------------------------------------------------------------------------
 */

static void tell(struct history *history, const char *id, enum generation_event_type type,
                 uint32_t attempt)
{
    const struct generation_event event = {.job_id = id, .type = type, .attempt = attempt};

    CHECK_INT(history_note(history, &event), ==, 0);
}

static struct history_job look(const struct history *history, const char *id)
{
    struct history_job job;

    history_get(history, id, &job);
    return job;
}

TEST(attempts_without_an_end_are_crashes)
{
    OWNED(history) history = history_new(10);
    struct history_job job = look(history, "a");

    CHECK(!job.accepted && !job.ended);
    CHECK_INT(history_crashes(&job), ==, 0);
    tell(history, "a", GENERATION_ACCEPTED, 0);
    tell(history, "a", GENERATION_STARTED, 1);
    tell(history, "a", GENERATION_STARTED, 2);
    job = look(history, "a");
    CHECK(job.accepted);
    CHECK_INT(job.attempts, ==, 2);
    CHECK_INT(history_crashes(&job), ==, 2);
    tell(history, "a", GENERATION_FAILED, 0);
    job = look(history, "a");
    CHECK(job.ended);
    CHECK_INT(history_crashes(&job), ==, 0);
}

TEST(attempts_that_were_given_back_are_none)
{
    OWNED(history) history = history_new(10);
    struct history_job job;

    for (uint32_t attempt = 1; attempt <= GENERATION_ATTEMPTS_MAX; attempt++) {
        tell(history, "a", GENERATION_STARTED, attempt);
        if (attempt % 50 != 0)
            tell(history, "a", GENERATION_ACCEPTED, attempt);
    }
    job = look(history, "a");
    CHECK_INT(job.attempts, ==, GENERATION_ATTEMPTS_MAX);
    CHECK_INT(history_crashes(&job), ==, 2);
}

TEST(images_are_remembered_by_output)
{
    OWNED(history) history = history_new(10);
    const struct generation_event image = {
        .job_id = "a", .type = GENERATION_IMAGE, .output = GENERATION_OUTPUTS_MAX - 1};

    CHECK_INT(history_note(history, &image), ==, 0);
    CHECK_INT(look(history, "a").images, ==, 1 << (GENERATION_OUTPUTS_MAX - 1));
}

TEST(the_oldest_jobs_are_forgotten)
{
    OWNED(history) history = history_new(3);

    tell(history, "a", GENERATION_DONE, 0);
    tell(history, "b", GENERATION_DONE, 0);
    tell(history, "c", GENERATION_DONE, 0);
    tell(history, "a", GENERATION_STEP, 0); /* heard of again */
    tell(history, "d", GENERATION_DONE, 0);
    CHECK(look(history, "a").ended);
    CHECK(!look(history, "b").ended);
    CHECK(look(history, "c").ended && look(history, "d").ended);
}
