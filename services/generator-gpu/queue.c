/* queue.c - see queue.h. */
#include "services/generator-gpu/queue.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "services/generator-gpu/ledger.h"

enum {
    PRIORITIES = GENERATION_BULK + 1,
    TAKEN_MAX = 4,        /* by the worker, and by the reader for its deadline */
    REBALANCE_MS = 10000, /* so long a partition may be away and still come back */
};

struct part {
    struct ledger ledger;
    bool ours;
    int64_t position;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    size_t max, entries;
    struct job *first[PRIORITIES], *last[PRIORITIES];
    size_t waiting[PRIORITIES];
    struct job *taken[TAKEN_MAX];
    struct part parts[QUEUE_PARTITIONS];
    bool woken;
};

struct queue *queue_new(size_t max, struct err *err)
{
    struct queue *queue = calloc(1, sizeof *queue);

    if (!queue) {
        err_set_nomem(err, "the queue");
        return NULL;
    }
    queue->max = max;
    (void)pthread_mutex_init(&queue->lock, NULL);
    (void)pthread_cond_init(&queue->wake, NULL);
    for (int p = 0; p < QUEUE_PARTITIONS; p++)
        queue->parts[p].position = -1;
    return queue;
}

static void lock(struct queue *queue)
{
    (void)pthread_mutex_lock(&queue->lock);
}

static void unlock(struct queue *queue)
{
    (void)pthread_mutex_unlock(&queue->lock);
}

/* -- the order ------------------------------------------------------------------------------
 */

static bool comes_before(const struct job *a, const struct job *b)
{
    if (a->request.timestamp_ms != b->request.timestamp_ms)
        return a->request.timestamp_ms < b->request.timestamp_ms;
    if (a->partition != b->partition)
        return a->partition < b->partition;
    return a->offset < b->offset;
}

/* From the end: jobs come nearly in order. */
static void insert(struct queue *queue, struct job *job)
{
    const int p = job->request.priority;
    struct job *before = queue->last[p];

    while (before && comes_before(job, before))
        before = before->before;
    job->before = before;
    job->after = before ? before->after : queue->first[p];
    if (job->after)
        job->after->before = job;
    else
        queue->last[p] = job;
    if (before)
        before->after = job;
    else
        queue->first[p] = job;
    queue->waiting[p]++;
}

static void take_out(struct queue *queue, struct job *job)
{
    const int p = job->request.priority;

    if (job->before)
        job->before->after = job->after;
    else
        queue->first[p] = job->after;
    if (job->after)
        job->after->before = job->before;
    else
        queue->last[p] = job->before;
    job->before = job->after = NULL;
    queue->waiting[p]--;
}

/* The first waiting job for which wanted says yes, or NULL. */
static struct job *find(struct queue *queue,
                        bool (*wanted)(const struct job *job, const void *what),
                        const void *what)
{
    for (int p = 0; p < PRIORITIES; p++)
        for (struct job *job = queue->first[p]; job; job = job->after)
            if (wanted(job, what))
                return job;
    return NULL;
}

/* -- partitions -----------------------------------------------------------------------------
 */

static void clear_ledger(struct queue *queue, struct part *part)
{
    queue->entries -= part->ledger.count;
    ledger_clear(&part->ledger);
}

static void finish_entry(struct queue *queue, struct job *job)
{
    struct ledger *ledger = &queue->parts[job->partition].ledger;
    size_t before = ledger->count;

    if (!job->entry)
        return;
    ledger_finish(ledger, job->entry);
    queue->entries -= before - ledger->count;
}

static bool is_of_partition(const struct job *job, const void *partition)
{
    return job->partition == *(const int32_t *)partition;
}

int queue_assign(struct queue *queue, int32_t partition, struct err *err)
{
    if (partition < 0 || partition >= QUEUE_PARTITIONS)
        return err_set(err, ERR_INVALID, "partition %d: at most %d are taken", (int)partition,
                       QUEUE_PARTITIONS);
    lock(queue);
    queue->parts[partition].ours = true;
    queue->parts[partition].position = -1;
    for (int i = 0; i < TAKEN_MAX; i++)
        if (queue->taken[i] && queue->taken[i]->partition == partition)
            queue->taken[i]->lost_ms = 0;
    unlock(queue);
    return 0;
}

void queue_revoke(struct queue *queue, int32_t partition)
{
    struct job *job;

    if (partition < 0 || partition >= QUEUE_PARTITIONS)
        return;
    lock(queue);
    while ((job = find(queue, is_of_partition, &partition))) {
        take_out(queue, job);
        job_free(job);
    }
    clear_ledger(queue, &queue->parts[partition]);
    queue->parts[partition].ours = false;
    for (int i = 0; i < TAKEN_MAX; i++)
        if (queue->taken[i] && queue->taken[i]->partition == partition) {
            queue->taken[i]->entry = NULL;
            queue->taken[i]->lost_ms = clock_mono_ms();
        }
    unlock(queue);
}

bool queue_owns(struct queue *queue, const struct job *job)
{
    bool owns;

    lock(queue);
    owns = !job->lost_ms || clock_mono_ms() - job->lost_ms < REBALANCE_MS;
    unlock(queue);
    return owns;
}

/* -- in -------------------------------------------------------------------------------------
 */

static struct job *taken_at(struct queue *queue, int32_t partition, int64_t offset)
{
    for (int i = 0; i < TAKEN_MAX; i++)
        if (queue->taken[i] && queue->taken[i]->partition == partition &&
            queue->taken[i]->offset == offset)
            return queue->taken[i];
    return NULL;
}

static struct ledger_entry *note(struct queue *queue, int32_t partition, int64_t offset,
                                 struct err *err)
{
    struct ledger_entry *entry = ledger_add(&queue->parts[partition].ledger, offset);

    if (!entry) {
        err_set_nomem(err, "the queue");
        return NULL;
    }
    queue->entries++;
    queue->parts[partition].position = offset + 1;
    return entry;
}

int queue_add(struct queue *queue, struct job *job, struct err *err)
{
    struct job *taken;

    lock(queue);
    job->entry = note(queue, job->partition, job->offset, err);
    taken = taken_at(queue, job->partition, job->offset);
    if (taken && job->entry)
        taken->entry = job->entry;
    if (taken || !job->entry)
        job_free(job);
    else
        insert(queue, job);
    (void)pthread_cond_signal(&queue->wake);
    unlock(queue);
    return err->code;
}

int queue_skip(struct queue *queue, int32_t partition, int64_t offset, struct err *err)
{
    struct job none = {.partition = partition};

    lock(queue);
    none.entry = note(queue, partition, offset, err);
    finish_entry(queue, &none);
    unlock(queue);
    return err->code;
}

bool queue_full(struct queue *queue)
{
    bool full;

    lock(queue);
    full = queue->entries >= queue->max;
    unlock(queue);
    return full;
}

/* -- out ------------------------------------------------------------------------------------
 */

static struct job *take(struct queue *queue, struct job *job)
{
    for (int i = 0; job && i < TAKEN_MAX; i++)
        if (!queue->taken[i]) {
            take_out(queue, job);
            queue->taken[i] = job;
            return job;
        }
    return NULL;
}

static void untake(struct queue *queue, const struct job *job)
{
    for (int i = 0; i < TAKEN_MAX; i++)
        if (queue->taken[i] == job)
            queue->taken[i] = NULL;
}

struct job *queue_take(struct queue *queue, int timeout_ms)
{
    struct timespec until;
    struct job *job = NULL;
    int r = 0;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    until.tv_nsec += (long)(timeout_ms % 1000) * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    lock(queue);
    while (!queue->woken && r == 0 && !queue->first[GENERATION_INTERACTIVE] &&
           !queue->first[GENERATION_BULK])
        r = pthread_cond_timedwait(&queue->wake, &queue->lock, &until);
    for (int p = 0; p < PRIORITIES && !job && !queue->woken; p++)
        job = take(queue, queue->first[p]);
    queue->woken = false;
    unlock(queue);
    return job;
}

static bool is_expired(const struct job *job, const void *wall_ms)
{
    return job_expired(job, *(const int64_t *)wall_ms);
}

struct job *queue_take_expired(struct queue *queue, int64_t wall_ms)
{
    struct job *job;

    lock(queue);
    job = take(queue, find(queue, is_expired, &wall_ms));
    unlock(queue);
    return job;
}

void queue_finish(struct queue *queue, struct job *job)
{
    lock(queue);
    untake(queue, job);
    finish_entry(queue, job);
    unlock(queue);
    job_free(job);
}

void queue_leave(struct queue *queue, struct job *job)
{
    lock(queue);
    untake(queue, job);
    unlock(queue);
    job_free(job);
}

void queue_return(struct queue *queue, struct job *job)
{
    bool lost;

    lock(queue);
    untake(queue, job);
    lost = !job->entry;
    if (!lost)
        insert(queue, job);
    unlock(queue);
    if (lost) /* it is read again where its partition comes back */
        job_free(job);
}

static bool has_id(const struct job *job, const void *id)
{
    return strcmp(job->request.job_id, id) == 0;
}

size_t queue_drop(struct queue *queue, const char *job_id)
{
    struct job *job;
    size_t count = 0;

    lock(queue);
    for (; (job = find(queue, has_id, job_id)); count++) {
        take_out(queue, job);
        finish_entry(queue, job);
        job_free(job);
    }
    unlock(queue);
    return count;
}

/* -- what is to commit, and figures ---------------------------------------------------------
 */

size_t queue_commits(struct queue *queue, struct queue_commit ret[QUEUE_PARTITIONS])
{
    size_t count = 0;

    lock(queue);
    for (int32_t p = 0; p < QUEUE_PARTITIONS; p++)
        if (queue->parts[p].ours && ledger_due(&queue->parts[p].ledger, &ret[count].next))
            ret[count++].partition = p;
    unlock(queue);
    return count;
}

void queue_committed(struct queue *queue, const struct queue_commit *commit)
{
    lock(queue);
    queue->parts[commit->partition].ledger.saved = commit->next;
    unlock(queue);
}

void queue_look(struct queue *queue, double (*seconds)(void *ctx, const struct job *job),
                void *ctx, struct queue_view *ret_view)
{
    struct queue_view view = {0};

    lock(queue);
    view.interactive = queue->waiting[GENERATION_INTERACTIVE];
    view.bulk = queue->waiting[GENERATION_BULK];
    for (int p = 0; p < PRIORITIES; p++)
        for (const struct job *job = queue->first[p]; job; job = job->after) {
            if (!view.oldest_ms || job->request.timestamp_ms < view.oldest_ms)
                view.oldest_ms = job->request.timestamp_ms;
            if (seconds)
                view.seconds += seconds(ctx, job);
        }
    for (int p = 0; p < QUEUE_PARTITIONS; p++)
        view.partitions += queue->parts[p].ours;
    unlock(queue);
    *ret_view = view;
}

int64_t queue_position(struct queue *queue, int32_t partition)
{
    int64_t position = -1;

    lock(queue);
    if (partition >= 0 && partition < QUEUE_PARTITIONS && queue->parts[partition].ours)
        position = queue->parts[partition].position;
    unlock(queue);
    return position;
}

void queue_wake(struct queue *queue)
{
    lock(queue);
    queue->woken = true;
    (void)pthread_cond_broadcast(&queue->wake);
    unlock(queue);
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    for (int p = 0; p < PRIORITIES; p++)
        while (queue->first[p]) {
            struct job *job = queue->first[p];

            take_out(queue, job);
            job_free(job);
        }
    for (int p = 0; p < QUEUE_PARTITIONS; p++)
        ledger_clear(&queue->parts[p].ledger);
    (void)pthread_cond_destroy(&queue->wake);
    (void)pthread_mutex_destroy(&queue->lock);
    free(queue);
}
