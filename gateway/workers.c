/* workers.c - see workers.h. */
#include "gateway/workers.h"

#include <pthread.h>
#include <stdbool.h>

struct job {
    void (*run)(void *ctx);
    void *ctx;
};

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *jobs; /* a ring of size places */
    size_t size, first, count;
    bool ending;
    pthread_t *threads;
    size_t thread_count; /* that were started */
};

struct workers {
    struct queue lanes[LANE_COUNT];
};

static bool next_job(struct queue *queue, struct job *ret_job)
{
    bool found;

    (void)pthread_mutex_lock(&queue->lock);
    while (queue->count == 0 && !queue->ending)
        (void)pthread_cond_wait(&queue->more, &queue->lock);
    found = queue->count > 0;
    if (found) {
        *ret_job = queue->jobs[queue->first];
        queue->first = (queue->first + 1) % queue->size;
        queue->count--;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return found;
}

static void *work(void *ctx)
{
    struct job job;

    while (next_job(ctx, &job))
        job.run(job.ctx);
    return NULL;
}

static int queue_start(struct queue *queue, size_t threads, size_t size, struct err *err)
{
    (void)pthread_mutex_init(&queue->lock, NULL);
    (void)pthread_cond_init(&queue->more, NULL);
    queue->jobs = calloc(size, sizeof *queue->jobs);
    queue->threads = calloc(threads, sizeof *queue->threads);
    queue->size = size;
    if (!queue->jobs || !queue->threads)
        return err_set_nomem(err, "worker threads");
    while (queue->thread_count < threads) {
        if (pthread_create(&queue->threads[queue->thread_count], NULL, work, queue) != 0)
            return err_set(err, ERR_UNAVAILABLE, "starting worker thread %zu of %zu failed",
                           queue->thread_count + 1, threads);
        queue->thread_count++;
    }
    return 0;
}

static void queue_end(struct queue *queue)
{
    if (queue->size == 0)
        return; /* never started */
    (void)pthread_mutex_lock(&queue->lock);
    queue->ending = true;
    (void)pthread_cond_broadcast(&queue->more);
    (void)pthread_mutex_unlock(&queue->lock);
    for (size_t i = 0; i < queue->thread_count; i++)
        (void)pthread_join(queue->threads[i], NULL);
    free(queue->threads);
    free(queue->jobs);
    (void)pthread_cond_destroy(&queue->more);
    (void)pthread_mutex_destroy(&queue->lock);
}

struct workers *workers_new(const struct workers_conf *conf, struct err *err)
{
    struct workers *workers = calloc(1, sizeof *workers);

    if (!workers) {
        err_set_nomem(err, "worker threads");
        return NULL;
    }
    for (int i = 0; i < LANE_COUNT; i++) {
        if (queue_start(&workers->lanes[i], conf->threads[i], conf->queue, err) < 0) {
            workers_free(workers);
            return NULL;
        }
    }
    return workers;
}

void workers_free(struct workers *workers)
{
    if (!workers)
        return;
    for (int i = 0; i < LANE_COUNT; i++) /* a quick job may still submit a slow one */
        queue_end(&workers->lanes[i]);
    free(workers);
}

int workers_submit(struct workers *workers, enum lane lane, void (*run)(void *ctx), void *ctx)
{
    struct queue *queue = &workers->lanes[lane];
    int r = ERR_UNAVAILABLE;

    (void)pthread_mutex_lock(&queue->lock);
    if (queue->count < queue->size && !queue->ending) {
        queue->jobs[(queue->first + queue->count++) % queue->size] = (struct job){run, ctx};
        (void)pthread_cond_signal(&queue->more);
        r = 0;
    }
    (void)pthread_mutex_unlock(&queue->lock);
    return r;
}

size_t workers_waiting(struct workers *workers, enum lane lane)
{
    struct queue *queue = &workers->lanes[lane];
    size_t count;

    (void)pthread_mutex_lock(&queue->lock);
    count = queue->count;
    (void)pthread_mutex_unlock(&queue->lock);
    return count;
}
