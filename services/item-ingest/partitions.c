/* partitions.c - see partitions.h. */
#include "services/item-ingest/partitions.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "lib/base/stop.h"

struct entry {
    uint64_t epoch; /* 0: not ours */
    bool open, lost;
    int inside;
    int64_t next, newest_ms;
};

struct partitions {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t last_epoch;
    struct entry entries[PARTITIONS_MAX];
};

struct partitions *partitions_new(void)
{
    struct partitions *partitions = calloc(1, sizeof *partitions);

    if (!partitions)
        return NULL;
    (void)pthread_mutex_init(&partitions->lock, NULL);
    (void)pthread_cond_init(&partitions->changed, NULL);
    return partitions;
}

void partitions_free(struct partitions *partitions)
{
    if (!partitions)
        return;
    (void)pthread_cond_destroy(&partitions->changed);
    (void)pthread_mutex_destroy(&partitions->lock);
    free(partitions);
}

static struct entry *entry_of(struct partitions *partitions, int32_t partition)
{
    return partition >= 0 && partition < PARTITIONS_MAX ? &partitions->entries[partition]
                                                        : NULL;
}

/* Locked. Ends what runs and waits for who is inside. */
static void end_epoch(struct partitions *partitions, struct entry *entry)
{
    entry->epoch = 0;
    entry->open = entry->lost = false;
    (void)pthread_cond_broadcast(&partitions->changed);
    while (entry->inside)
        (void)pthread_cond_wait(&partitions->changed, &partitions->lock);
}

uint64_t partitions_assign(struct partitions *partitions, int32_t partition, int64_t next)
{
    struct entry *entry = entry_of(partitions, partition);
    uint64_t epoch;

    if (!entry)
        return 0;
    (void)pthread_mutex_lock(&partitions->lock);
    end_epoch(partitions, entry);
    epoch = entry->epoch = ++partitions->last_epoch;
    entry->next = next;
    entry->newest_ms = 0;
    (void)pthread_mutex_unlock(&partitions->lock);
    return epoch;
}

void partitions_revoke(struct partitions *partitions, int32_t partition)
{
    struct entry *entry = entry_of(partitions, partition);

    if (!entry)
        return;
    (void)pthread_mutex_lock(&partitions->lock);
    end_epoch(partitions, entry);
    (void)pthread_mutex_unlock(&partitions->lock);
}

bool partitions_enter(struct partitions *partitions, int32_t partition, uint64_t epoch)
{
    struct entry *entry = entry_of(partitions, partition);
    bool ours;

    (void)pthread_mutex_lock(&partitions->lock);
    ours = entry && epoch && entry->epoch == epoch;
    if (ours)
        entry->inside++;
    (void)pthread_mutex_unlock(&partitions->lock);
    return ours;
}

void partitions_leave(struct partitions *partitions, int32_t partition)
{
    struct entry *entry = entry_of(partitions, partition);

    if (!entry)
        return;
    (void)pthread_mutex_lock(&partitions->lock);
    entry->inside--;
    (void)pthread_cond_broadcast(&partitions->changed);
    (void)pthread_mutex_unlock(&partitions->lock);
}

uint64_t partitions_epoch(struct partitions *partitions, int32_t partition)
{
    const struct entry *entry = entry_of(partitions, partition);
    uint64_t epoch;

    (void)pthread_mutex_lock(&partitions->lock);
    epoch = entry ? entry->epoch : 0;
    (void)pthread_mutex_unlock(&partitions->lock);
    return epoch;
}

void partitions_open(struct partitions *partitions, int32_t partition, uint64_t epoch)
{
    struct entry *entry = entry_of(partitions, partition);

    (void)pthread_mutex_lock(&partitions->lock);
    if (entry && entry->epoch == epoch)
        entry->open = true;
    (void)pthread_cond_broadcast(&partitions->changed);
    (void)pthread_mutex_unlock(&partitions->lock);
}

/* Nobody announces a stop here, so it is looked for now and then. */
static void wait_a_moment(struct partitions *partitions)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 100 * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&partitions->changed, &partitions->lock, &until);
}

bool partitions_wait_open(struct partitions *partitions, int32_t partition, uint64_t epoch)
{
    const struct entry *entry = entry_of(partitions, partition);
    bool open;

    (void)pthread_mutex_lock(&partitions->lock);
    while (entry && entry->epoch == epoch && !entry->open && !stopping())
        wait_a_moment(partitions);
    open = entry && entry->epoch == epoch && entry->open;
    (void)pthread_mutex_unlock(&partitions->lock);
    return open;
}

void partitions_lose(struct partitions *partitions, int32_t partition, uint64_t epoch)
{
    struct entry *entry = entry_of(partitions, partition);

    (void)pthread_mutex_lock(&partitions->lock);
    if (entry && entry->epoch == epoch) {
        entry->epoch = 0;
        entry->open = false;
        entry->lost = true;
        (void)pthread_cond_broadcast(&partitions->changed);
    }
    (void)pthread_mutex_unlock(&partitions->lock);
}

bool partitions_lost(struct partitions *partitions)
{
    bool lost = false;

    (void)pthread_mutex_lock(&partitions->lock);
    for (int i = 0; i < PARTITIONS_MAX; i++)
        lost |= partitions->entries[i].lost;
    (void)pthread_mutex_unlock(&partitions->lock);
    return lost;
}

void partitions_done(struct partitions *partitions, int32_t partition, int64_t next,
                     int64_t newest_ms)
{
    struct entry *entry = entry_of(partitions, partition);

    if (!entry)
        return;
    (void)pthread_mutex_lock(&partitions->lock);
    entry->next = next;
    entry->newest_ms = newest_ms;
    (void)pthread_mutex_unlock(&partitions->lock);
}

int partitions_list(struct partitions *partitions, struct partition_view *ret_views, int max)
{
    int count = 0;

    (void)pthread_mutex_lock(&partitions->lock);
    for (int i = 0; i < PARTITIONS_MAX && count < max; i++) {
        const struct entry *entry = &partitions->entries[i];

        if (entry->epoch)
            ret_views[count++] = (struct partition_view){i, entry->next, entry->newest_ms};
    }
    (void)pthread_mutex_unlock(&partitions->lock);
    return count;
}
