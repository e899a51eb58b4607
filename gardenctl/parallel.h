/* parallel.h - the same work on many things by a few threads, while the caller shows how far it
 * is. */
#ifndef GARDENCTL_PARALLEL_H
#define GARDENCTL_PARALLEL_H

#include <stddef.h>

#include "gardenctl/progress.h"

/* Calls work(ctx, i) for each i < count, several at a time, in no order; returns when all are
 * done. base + those that are done is shown on progress. work keeps its result in ctx. */
void parallel_each(size_t count, void (*work)(void *ctx, size_t i), void *ctx,
                   struct progress *progress, uint64_t base);

#endif
