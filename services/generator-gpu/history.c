/* history.c - see history.h. */
#include "services/generator-gpu/history.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"

struct entry {
    struct entry *older, *newer; /* by when it was heard of */
    struct history_job job;
    char id[]; /* NUL-terminated */
};

struct history {
    struct map *by_id;
    size_t max;
    struct entry *oldest, *newest;
};

struct history *history_new(size_t max)
{
    struct history *history = calloc(1, sizeof *history);

    if (!history)
        return NULL;
    history->max = max;
    history->by_id = map_new();
    if (history->by_id)
        return history;
    free(history);
    return NULL;
}

static void unlink_entry(struct history *history, struct entry *entry)
{
    if (entry->older)
        entry->older->newer = entry->newer;
    else
        history->oldest = entry->newer;
    if (entry->newer)
        entry->newer->older = entry->older;
    else
        history->newest = entry->older;
}

static void link_newest(struct history *history, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = history->newest;
    if (history->newest)
        history->newest->newer = entry;
    else
        history->oldest = entry;
    history->newest = entry;
}

static void forget_oldest(struct history *history)
{
    struct entry *entry = history->oldest;

    (void)map_remove(history->by_id, entry->id, strlen(entry->id));
    history->oldest = entry->newer;
    if (history->oldest)
        history->oldest->older = NULL;
    else
        history->newest = NULL;
    free(entry);
}

static struct entry *entry_of(struct history *history, const char *job_id)
{
    size_t size = strlen(job_id);
    struct entry *entry = map_get(history->by_id, job_id, size);

    if (entry) {
        unlink_entry(history, entry);
        link_newest(history, entry);
        return entry;
    }
    if (history->oldest && map_count(history->by_id) >= history->max)
        forget_oldest(history);
    entry = calloc(1, sizeof *entry + size + 1);
    if (!entry)
        return NULL;
    memcpy(entry->id, job_id, size);
    if (map_put(history->by_id, job_id, size, entry) < 0) {
        free(entry);
        return NULL;
    }
    link_newest(history, entry);
    return entry;
}

static void set_open(struct history_job *job, uint32_t attempt, bool open)
{
    const uint64_t bit = UINT64_C(1) << ((attempt - 1) % 64);
    uint64_t *word = &job->open[(attempt - 1) / 64];

    *word = open ? *word | bit : *word & ~bit;
}

int history_note(struct history *history, const struct generation_event *event)
{
    struct entry *entry = entry_of(history, event->job_id);
    struct history_job *job;

    if (!entry)
        return -1;
    job = &entry->job;
    switch (event->type) {
    case GENERATION_ACCEPTED:
        job->accepted = true;
        if (event->attempt)
            set_open(job, event->attempt, false);
        break;
    case GENERATION_STARTED:
        job->accepted = true;
        if (event->attempt)
            set_open(job, event->attempt, true);
        if (event->attempt > job->attempts)
            job->attempts = event->attempt;
        break;
    case GENERATION_IMAGE:
        job->images |= UINT32_C(1) << event->output;
        break;
    case GENERATION_DONE:
    case GENERATION_FAILED:
    case GENERATION_CANCELLED:
        job->ended = true;
        break;
    case GENERATION_STEP:
        break;
    }
    return 0;
}

void history_get(const struct history *history, const char *job_id, struct history_job *ret)
{
    const struct entry *entry = map_get(history->by_id, job_id, strlen(job_id));

    *ret = entry ? entry->job : (struct history_job){0};
}

uint32_t history_crashes(const struct history_job *job)
{
    uint32_t count = 0;

    for (int i = 0; i < HISTORY_WORDS && !job->ended; i++)
        count += (uint32_t)__builtin_popcountll(job->open[i]);
    return count;
}

void history_free(struct history *history)
{
    if (!history)
        return;
    while (history->oldest)
        forget_oldest(history);
    map_free(history->by_id);
    free(history);
}
