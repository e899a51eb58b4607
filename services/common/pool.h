/* pool.h - threads with a bounded queue, for what must not hold up an event loop. */
#ifndef SERVICES_COMMON_POOL_H
#define SERVICES_COMMON_POOL_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct pool;

/* threads, and jobs that may wait for one. */
struct pool *pool_new(size_t threads, size_t queue, struct err *err);

/* Does what is queued, then ends the threads; nothing is taken from here on. */
void pool_end(struct pool *pool);
void pool_free(struct pool *pool); /* ends it first if that was not done */
DEFINE_OWNED(pool)

/* run(ctx) is called once on one of the threads. Returns 0, or ERR_UNAVAILABLE where the queue
 * is full or the pool has ended (then run is never called). Thread-safe, also from within
 * a job. */
int pool_submit(struct pool *pool, void (*run)(void *ctx), void *ctx);

/* How many jobs wait. */
size_t pool_waiting(struct pool *pool);

#endif
