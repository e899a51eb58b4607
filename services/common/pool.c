/* pool.c - see pool.h. */
#include "services/common/pool.h"

#include <pthread.h>
#include <stdbool.h>

struct job {
    void (*run)(void *ctx);
    void *ctx;
};

struct pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct job *jobs; /* a ring of size places */
    size_t size, first, count;
    bool ending;
    pthread_t *threads;
    size_t thread_count; /* that were started */
};

static bool next_job(struct pool *pool, struct job *ret_job)
{
    bool found;

    (void)pthread_mutex_lock(&pool->lock);
    while (pool->count == 0 && !pool->ending)
        (void)pthread_cond_wait(&pool->more, &pool->lock);
    found = pool->count > 0;
    if (found) {
        *ret_job = pool->jobs[pool->first];
        pool->first = (pool->first + 1) % pool->size;
        pool->count--;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return found;
}

static void *work(void *ctx)
{
    struct job job;

    while (next_job(ctx, &job))
        job.run(job.ctx);
    return NULL;
}

static int start(struct pool *pool, size_t threads, struct err *err)
{
    while (pool->thread_count < threads) {
        if (pthread_create(&pool->threads[pool->thread_count], NULL, work, pool) != 0)
            return err_set(err, ERR_UNAVAILABLE, "starting worker thread %zu of %zu failed",
                           pool->thread_count + 1, threads);
        pool->thread_count++;
    }
    return 0;
}

struct pool *pool_new(size_t threads, size_t queue, struct err *err)
{
    struct pool *pool = calloc(1, sizeof *pool);

    if (!pool) {
        err_set_nomem(err, "worker threads");
        return NULL;
    }
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->more, NULL);
    pool->jobs = calloc(queue, sizeof *pool->jobs);
    pool->threads = calloc(threads, sizeof *pool->threads);
    pool->size = queue;
    if (!pool->jobs || !pool->threads)
        err_set_nomem(err, "worker threads");
    else if (start(pool, threads, err) == 0)
        return pool;
    pool_free(pool);
    return NULL;
}

void pool_end(struct pool *pool)
{
    (void)pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    (void)pthread_cond_broadcast(&pool->more);
    (void)pthread_mutex_unlock(&pool->lock);
    while (pool->thread_count > 0)
        (void)pthread_join(pool->threads[--pool->thread_count], NULL);
}

void pool_free(struct pool *pool)
{
    if (!pool)
        return;
    pool_end(pool);
    free(pool->threads);
    free(pool->jobs);
    (void)pthread_cond_destroy(&pool->more);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool);
}

int pool_submit(struct pool *pool, void (*run)(void *ctx), void *ctx)
{
    int r = ERR_UNAVAILABLE;

    (void)pthread_mutex_lock(&pool->lock);
    if (pool->count < pool->size && !pool->ending) {
        pool->jobs[(pool->first + pool->count++) % pool->size] = (struct job){run, ctx};
        (void)pthread_cond_signal(&pool->more);
        r = 0;
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return r;
}

size_t pool_waiting(struct pool *pool)
{
    size_t count;

    (void)pthread_mutex_lock(&pool->lock);
    count = pool->count;
    (void)pthread_mutex_unlock(&pool->lock);
    return count;
}
