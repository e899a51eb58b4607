/* parallel.c - see parallel.h. */
#include "gardenctl/parallel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum { HELPERS = 3 }; /* beside the caller; the work waits for disks and networks */

struct crowd {
    size_t count;
    void (*work)(void *ctx, size_t i);
    void *ctx;
    atomic_size_t next, done;
};

static bool take_one(struct crowd *crowd)
{
    size_t i = atomic_fetch_add(&crowd->next, 1);

    if (i >= crowd->count)
        return false;
    crowd->work(crowd->ctx, i);
    (void)atomic_fetch_add(&crowd->done, 1);
    return true;
}

static void *help(void *arg)
{
    while (take_one(arg))
        continue;
    return NULL;
}

void parallel_each(size_t count, void (*work)(void *ctx, size_t i), void *ctx,
                   struct progress *progress, uint64_t base)
{
    struct crowd crowd = {.count = count, .work = work, .ctx = ctx};
    pthread_t helpers[HELPERS];
    int started = 0;

    /* without helpers it only takes longer */
    while (started < HELPERS && pthread_create(&helpers[started], NULL, help, &crowd) == 0)
        started++;
    while (take_one(&crowd))
        if (progress)
            progress_at(progress, base + atomic_load(&crowd.done));
    for (int i = 0; i < started; i++)
        (void)pthread_join(helpers[i], NULL);
    if (progress)
        progress_at(progress, base + count);
}
