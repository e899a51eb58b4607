/* ticker.c - see ticker.h. */
#include "lib/base/ticker.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct ticker {
    const char *name;
    int every_ms;
    void (*tick)(void *ctx);
    void *ctx;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool closing; /* locked */
};

/* False at the end. */
static bool pause_a_moment(struct ticker *ticker)
{
    struct timespec until;
    bool closing;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ticker->every_ms / 1000;
    until.tv_nsec += ticker->every_ms % 1000 * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000L;
    }
    (void)pthread_mutex_lock(&ticker->lock);
    while (!ticker->closing &&
           pthread_cond_timedwait(&ticker->wake, &ticker->lock, &until) == 0)
        ;
    closing = ticker->closing;
    (void)pthread_mutex_unlock(&ticker->lock);
    return !closing;
}

static void *run(void *arg)
{
    struct ticker *ticker = arg;

    (void)pthread_setname_np(pthread_self(), ticker->name);
    do
        ticker->tick(ticker->ctx);
    while (pause_a_moment(ticker));
    return NULL;
}

struct ticker *ticker_start(const char *name, int every_ms, void (*tick)(void *ctx), void *ctx,
                            struct err *err)
{
    struct ticker *ticker = calloc(1, sizeof *ticker);
    pthread_condattr_t attributes;

    if (!ticker) {
        (void)err_set_nomem(err, name);
        return NULL;
    }
    ticker->name = name;
    ticker->every_ms = every_ms;
    ticker->tick = tick;
    ticker->ctx = ctx;
    (void)pthread_mutex_init(&ticker->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&ticker->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    if (pthread_create(&ticker->thread, NULL, run, ticker) == 0) {
        ticker->started = true;
        return ticker;
    }
    (void)err_set(err, ERR_NOMEM, "starting the thread '%s'", name);
    ticker_free(ticker);
    return NULL;
}

void ticker_free(struct ticker *ticker)
{
    if (!ticker)
        return;
    if (ticker->started) {
        (void)pthread_mutex_lock(&ticker->lock);
        ticker->closing = true;
        (void)pthread_cond_signal(&ticker->wake);
        (void)pthread_mutex_unlock(&ticker->lock);
        (void)pthread_join(ticker->thread, NULL);
    }
    (void)pthread_cond_destroy(&ticker->wake);
    (void)pthread_mutex_destroy(&ticker->lock);
    free(ticker);
}
