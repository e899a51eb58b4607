/* ring.c - see ring.h. */
#include "services/item-ingest/ring.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

struct ring {
    pthread_mutex_t lock;
    pthread_cond_t not_empty, not_full;
    size_t capacity, first, count;
    bool closed;
    void *items[];
};

struct ring *ring_new(size_t capacity)
{
    struct ring *ring = calloc(1, sizeof *ring + capacity * sizeof *ring->items);
    pthread_condattr_t monotonic;

    if (!ring)
        return NULL;
    ring->capacity = capacity;
    (void)pthread_mutex_init(&ring->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&ring->not_empty, &monotonic);
    (void)pthread_cond_init(&ring->not_full, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    return ring;
}

void ring_free(struct ring *ring)
{
    if (!ring)
        return;
    (void)pthread_cond_destroy(&ring->not_full);
    (void)pthread_cond_destroy(&ring->not_empty);
    (void)pthread_mutex_destroy(&ring->lock);
    free(ring);
}

int ring_push(struct ring *ring, void *item)
{
    int r = -1;

    (void)pthread_mutex_lock(&ring->lock);
    while (ring->count == ring->capacity && !ring->closed)
        (void)pthread_cond_wait(&ring->not_full, &ring->lock);
    if (!ring->closed) {
        ring->items[(ring->first + ring->count++) % ring->capacity] = item;
        (void)pthread_cond_signal(&ring->not_empty);
        r = 0;
    }
    (void)pthread_mutex_unlock(&ring->lock);
    return r;
}

static struct timespec deadline_in(int timeout_ms)
{
    struct timespec at;

    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += timeout_ms / 1000;
    at.tv_nsec += timeout_ms % 1000 * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

void *ring_pop(struct ring *ring, int timeout_ms)
{
    const struct timespec deadline = deadline_in(timeout_ms < 0 ? 0 : timeout_ms);
    void *item = NULL;
    int waited = 0;

    (void)pthread_mutex_lock(&ring->lock);
    while (ring->count == 0 && !ring->closed && waited == 0) {
        if (timeout_ms < 0)
            (void)pthread_cond_wait(&ring->not_empty, &ring->lock);
        else
            waited = pthread_cond_timedwait(&ring->not_empty, &ring->lock, &deadline);
    }
    if (ring->count) {
        item = ring->items[ring->first];
        ring->first = (ring->first + 1) % ring->capacity;
        ring->count--;
        (void)pthread_cond_signal(&ring->not_full);
    }
    (void)pthread_mutex_unlock(&ring->lock);
    return item;
}

void ring_close(struct ring *ring)
{
    (void)pthread_mutex_lock(&ring->lock);
    ring->closed = true;
    (void)pthread_cond_broadcast(&ring->not_empty);
    (void)pthread_cond_broadcast(&ring->not_full);
    (void)pthread_mutex_unlock(&ring->lock);
}

size_t ring_count(struct ring *ring)
{
    size_t count;

    (void)pthread_mutex_lock(&ring->lock);
    count = ring->count;
    (void)pthread_mutex_unlock(&ring->lock);
    return count;
}

int ring_closed(struct ring *ring)
{
    int closed;

    (void)pthread_mutex_lock(&ring->lock);
    closed = ring->closed && ring->count == 0;
    (void)pthread_mutex_unlock(&ring->lock);
    return closed;
}
