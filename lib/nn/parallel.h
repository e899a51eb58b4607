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

/* Runs tasks 0 .. count - 1, each once, in any order, and waits for all. The other threads stay
 * awake for some milliseconds then, so that the next loop finds them within microseconds. */
void parallel_for(int threads, size_t count, parallel_task *run, void *ctx);

/* There is nothing to do for now: the threads that the calling thread's loops had made end. The
 * next loop makes new ones, which takes some 50 us. Not from within a task. */
void parallel_rest(void);

#endif
