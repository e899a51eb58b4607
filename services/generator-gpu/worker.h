/* worker.h - takes jobs from the queue and draws them, one at a time, on a thread of its own.
 *
 * What a job comes to, and where it is written:
 *   done, failed    the event that ends it, then it may be committed
 *   given back      told to stop: an accepted event with the attempt, so that it does not count
 *                   as a crash, and no commit
 *   left            another worker has it: nothing
 * A process that dies leaves a started event without an end. Whoever takes the job next counts
 * those; after WORKER_CRASHES of them it is dead-lettered. */
#ifndef SERVICES_GENERATOR_GPU_WORKER_H
#define SERVICES_GENERATOR_GPU_WORKER_H

#include "services/generator-gpu/output.h"

enum { WORKER_CRASHES = 3 };

struct worker_conf { /* all borrowed */
    struct output_conf output;
    struct queue *queue;
    int64_t max_pixels;
};

struct worker;

struct worker *worker_start(const struct worker_conf *conf, struct err *err);

/* Ends what is waiting for its deadline; called by the reader now and then. False where it has
 * to be tried again. */
bool worker_expire(const struct worker_conf *conf, struct job *job);

/* After stopping() is true: gives back what is drawn, and waits for the thread at most
 * timeout_ms. False where the engine is still in the middle of a step: nothing may be freed
 * then. */
bool worker_stop(struct worker *worker, int timeout_ms);

void worker_free(struct worker *worker);
DEFINE_OWNED(worker)

#endif
