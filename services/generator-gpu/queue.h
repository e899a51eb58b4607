/* queue.h - the jobs that were read and are not finished: interactive before bulk, the oldest
 * first within each, whatever the partition that they came from.
 *
 * The reader adds, the worker takes and finishes; what may be committed follows from both.
 * Thread-safe. */
#ifndef SERVICES_GENERATOR_GPU_QUEUE_H
#define SERVICES_GENERATOR_GPU_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "services/generator-gpu/job.h"

enum { QUEUE_PARTITIONS = 64 };

struct queue;

/* Holds up to max records that are not committed yet. */
struct queue *queue_new(size_t max, struct err *err);
void queue_free(struct queue *queue);
DEFINE_OWNED(queue)

/* No more should be read for now. */
bool queue_full(struct queue *queue);

/* A partition came. ERR_INVALID for a number over QUEUE_PARTITIONS. */
int queue_assign(struct queue *queue, int32_t partition, struct err *err);

/* A partition went: its jobs are forgotten, but for those that are taken. */
void queue_revoke(struct queue *queue, int32_t partition);

/* Takes the job. One that is taken at this moment, and is read once more because its partition
 * went and came back, is not added a second time. On failure the job is freed. */
int queue_add(struct queue *queue, struct job *job, struct err *err);

/* A record that is done with: nobody has to take it. */
int queue_skip(struct queue *queue, int32_t partition, int64_t offset, struct err *err);

/* The next job, or NULL after timeout_ms. It is freed by one of the following three. */
struct job *queue_take(struct queue *queue, int timeout_ms);

/* A waiting job whose deadline has come, or NULL. Also freed by one of the following. */
struct job *queue_take_expired(struct queue *queue, int64_t wall_ms);

void queue_finish(struct queue *queue, struct job *job); /* it may be committed */
void queue_leave(struct queue *queue, struct job *job);  /* to others: it may not */

/* Puts a job back where it was; where its partition is not ours any more, it is left. */
void queue_return(struct queue *queue, struct job *job);

/* Finishes the waiting jobs with this id. Returns how many there were. */
size_t queue_drop(struct queue *queue, const char *job_id);

/* False once the partition of a taken job is another's: it was revoked and did not come back
 * for some seconds, the time that a rebalance takes. */
bool queue_owns(struct queue *queue, const struct job *job);

/* For each partition that has something new: the offset to commit. Returns how many. */
struct queue_commit {
    int32_t partition;
    int64_t next;
};
size_t queue_commits(struct queue *queue, struct queue_commit ret[QUEUE_PARTITIONS]);
void queue_committed(struct queue *queue, const struct queue_commit *commit);

struct queue_view {
    size_t interactive, bulk; /* waiting */
    int64_t oldest_ms;        /* when the oldest that waits was asked for; 0: none waits */
    size_t partitions;        /* ours */
    double seconds;           /* the sum of what seconds said */
};

/* seconds (may be NULL) says how long a waiting job takes; called under the lock. */
void queue_look(struct queue *queue, double (*seconds)(void *ctx, const struct job *job),
                void *ctx, struct queue_view *ret_view);

/* The offset after the last record that was read of a partition; -1: none was. */
int64_t queue_position(struct queue *queue, int32_t partition);

/* Ends a waiting queue_take. */
void queue_wake(struct queue *queue);

#endif
