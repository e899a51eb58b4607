/* fetch.c - see fetch.h. */
#include "services/item-ingest/fetch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/buf.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/image/image.h"
#include "services/common/retry.h"

enum {
    THREADS_MAX = 64,
    OBJECT_ATTEMPTS = 8, /* for one object while the store answers otherwise */
    BYTES_KEPT = 4 << 20,
};

struct fetcher {
    struct store *store;
    uint64_t max_bytes;
    const struct figures *figures;
    struct trouble *trouble;
    pthread_mutex_t lock;
    pthread_cond_t work, finished;
    struct fetch_job *first, **last;
    bool closing;
    pthread_t threads[THREADS_MAX];
    int thread_count;
};

static void refuse(struct fetch_job *job, enum figure_dead kind, const char *reason)
{
    job->outcome = FETCH_REFUSED;
    job->kind = kind;
    (void)snprintf(job->reason, sizeof job->reason, "%.199s", reason);
}

static void check(struct fetch_job *job, const struct buf *bytes)
{
    struct image_info info;
    struct err why = {0};
    int r = image_check(bytes->data ? bytes->data : "", bytes->size, NULL, &info, &why);

    if (r < 0) {
        refuse(job, r == ERR_TOO_LARGE ? FIGURE_DEAD_TOO_LARGE : FIGURE_DEAD_PICTURE, why.text);
        return;
    }
    sha256_hex(bytes->data, bytes->size, job->sha256);
    job->width = info.width;
    job->height = info.height;
    job->outcome = FETCH_OK;
}

/* One attempt. < 0: it did not work, and why. */
static int attempt(const struct fetcher *fetcher, struct fetch_job *job, struct buf *bytes,
                   struct err *err)
{
    struct store_info info = {0};
    int r;

    buf_clear(bytes);
    r = store_get_range(fetcher->store, job->key, 0, fetcher->max_bytes + 1, bytes, &info, err);
    if (r == ERR_NOT_FOUND) {
        job->outcome = FETCH_GONE;
        return 0;
    }
    if (r < 0)
        return r;
    if (!buf_ok(bytes))
        return err_set_nomem(err, "a picture");
    job->size_bytes = info.size;
    if (bytes->size > fetcher->max_bytes) {
        char reason[120];

        (void)snprintf(reason, sizeof reason,
                       "the object has more than the %llu bytes that are allowed",
                       (unsigned long long)fetcher->max_bytes);
        refuse(job, FIGURE_DEAD_TOO_LARGE, reason);
        return 0;
    }
    job->size_bytes = bytes->size;
    check(job, bytes);
    return 0;
}

/* After a failed attempt: true to try again. */
static bool goes_on(const struct fetcher *fetcher, struct fetch_job *job, struct retry *retry,
                    int *attempts, const struct err *why)
{
    struct err away = {0};

    metric_add(fetcher->figures->retries_store, 1);
    if (retry_loud(retry))
        log_warn("fetching %s: %s; trying again", job->key, why->text);
    if (why->code != ERR_UNAVAILABLE && store_ping(fetcher->store, &away) == 0 &&
        ++*attempts >= OBJECT_ATTEMPTS) {
        refuse(job, FIGURE_DEAD_FETCH, why->text);
        return false;
    }
    if (!retry_wait(retry)) {
        job->outcome = FETCH_STOPPED;
        return false;
    }
    return true;
}

static void fetch(struct fetcher *fetcher, struct fetch_job *job, struct buf *bytes)
{
    struct retry retry = {0};
    int attempts = 0;

    for (;;) {
        struct err err = {0};

        if (attempt(fetcher, job, bytes, &err) == 0)
            break;
        trouble_set(fetcher->trouble, "%s", err.text);
        if (!goes_on(fetcher, job, &retry, &attempts, &err))
            break;
    }
    if (retry.attempts)
        trouble_clear(fetcher->trouble);
}

static struct fetch_job *take_job(struct fetcher *fetcher)
{
    struct fetch_job *job;

    (void)pthread_mutex_lock(&fetcher->lock);
    while (!fetcher->first && !fetcher->closing)
        (void)pthread_cond_wait(&fetcher->work, &fetcher->lock);
    job = fetcher->first;
    if (job) {
        fetcher->first = job->next;
        if (!fetcher->first)
            fetcher->last = &fetcher->first;
    }
    (void)pthread_mutex_unlock(&fetcher->lock);
    return job;
}

static void *run(void *arg)
{
    struct fetcher *fetcher = arg;
    struct buf bytes = {0};
    struct fetch_job *job;

    (void)pthread_setname_np(pthread_self(), "fetch");
    while ((job = take_job(fetcher))) {
        if (stopping())
            job->outcome = FETCH_STOPPED;
        else
            fetch(fetcher, job, &bytes);
        if (bytes.capacity > BYTES_KEPT)
            buf_done(&bytes);
        (void)pthread_mutex_lock(&fetcher->lock);
        job->done = true;
        (void)pthread_cond_broadcast(&fetcher->finished);
        (void)pthread_mutex_unlock(&fetcher->lock);
    }
    buf_done(&bytes);
    return NULL;
}

struct fetcher *fetcher_new(const struct fetcher_conf *conf, struct err *err)
{
    struct fetcher *fetcher = calloc(1, sizeof *fetcher);

    if (!fetcher) {
        err_set_nomem(err, "the picture checkers");
        return NULL;
    }
    fetcher->store = conf->store;
    fetcher->max_bytes = conf->max_bytes;
    fetcher->figures = conf->figures;
    fetcher->trouble = conf->trouble;
    fetcher->last = &fetcher->first;
    (void)pthread_mutex_init(&fetcher->lock, NULL);
    (void)pthread_cond_init(&fetcher->work, NULL);
    (void)pthread_cond_init(&fetcher->finished, NULL);
    while (fetcher->thread_count < conf->threads && fetcher->thread_count < THREADS_MAX) {
        if (pthread_create(&fetcher->threads[fetcher->thread_count], NULL, run, fetcher) != 0) {
            err_set(err, ERR_NOMEM, "starting the threads that check pictures");
            fetcher_free(fetcher);
            return NULL;
        }
        fetcher->thread_count++;
    }
    return fetcher;
}

void fetcher_free(struct fetcher *fetcher)
{
    if (!fetcher)
        return;
    (void)pthread_mutex_lock(&fetcher->lock);
    fetcher->closing = true;
    (void)pthread_cond_broadcast(&fetcher->work);
    (void)pthread_mutex_unlock(&fetcher->lock);
    for (int i = 0; i < fetcher->thread_count; i++)
        (void)pthread_join(fetcher->threads[i], NULL);
    (void)pthread_cond_destroy(&fetcher->finished);
    (void)pthread_cond_destroy(&fetcher->work);
    (void)pthread_mutex_destroy(&fetcher->lock);
    free(fetcher);
}

void fetcher_submit(struct fetcher *fetcher, struct fetch_job *job)
{
    job->done = false;
    job->next = NULL;
    (void)pthread_mutex_lock(&fetcher->lock);
    *fetcher->last = job;
    fetcher->last = &job->next;
    (void)pthread_cond_signal(&fetcher->work);
    (void)pthread_mutex_unlock(&fetcher->lock);
}

bool fetcher_done(struct fetcher *fetcher, const struct fetch_job *job)
{
    bool done;

    (void)pthread_mutex_lock(&fetcher->lock);
    done = job->done;
    (void)pthread_mutex_unlock(&fetcher->lock);
    return done;
}

void fetcher_wait(struct fetcher *fetcher, const struct fetch_job *job)
{
    (void)pthread_mutex_lock(&fetcher->lock);
    while (!job->done)
        (void)pthread_cond_wait(&fetcher->finished, &fetcher->lock);
    (void)pthread_mutex_unlock(&fetcher->lock);
}
