/* parallel.h - loops on several threads: the threads that oneDNN uses, too (OpenMP's).
 *
 * Inside tasks denormal numbers count as zero: they are slow on many processors, and what is
 * below 1e-38 is nothing to a net. */
#ifndef LIB_NN_PARALLEL_H
#define LIB_NN_PARALLEL_H

#include <stddef.h>

/* How many threads this process may have running, at least 1. */
int parallel_available(void);

/* What the calling thread starts from now on, by oneDNN too, runs on so many threads. */
void parallel_use(int threads);
int parallel_current(void);

/* thread: 0 .. threads - 1, for scratch memory of its own. */
typedef void parallel_task(void *ctx, size_t task, int thread);

/* Runs tasks 0 .. count - 1, each once, in any order, and waits for all. */
void parallel_for(int threads, size_t count, parallel_task *run, void *ctx);

#endif
