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

/* First in main(). Threads that wait for each other look for some microseconds whether the
 * others are done, and sleep then. OpenMP's own way is to look for milliseconds, which takes
 * the processor away from those that have work where others want it, too: beside two busy
 * programs a picture of the model that ships took 3 to 20 times as long as alone, now 2.4;
 * alone it takes 8 % longer. OpenMP reads this from the environment before main(), so the
 * program is started anew once, as the same process. Where GOMP_SPINCOUNT or OMP_WAIT_POLICY is
 * set it is left alone. */
void parallel_share(char *const argv[]);

/* Runs tasks 0 .. count - 1, each once, in any order, and waits for all. The other threads stay
 * awake for a while then (see above), so that the next loop finds them within microseconds. */
void parallel_for(int threads, size_t count, parallel_task *run, void *ctx);

/* There is nothing to do for now: the threads that the calling thread's loops had made end. The
 * next loop makes new ones, which takes some 50 us. Not from within a task. */
void parallel_rest(void);

#endif
