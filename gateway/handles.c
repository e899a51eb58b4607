/* handles.c - see handles.h. */
#include "gateway/handles.h"

#include <pthread.h>
#include <stdatomic.h>

#include "lib/base/clock.h"

enum { MAX_IDLE = 32, LOCKED_MS = 10000 };

struct handles {
    const struct garden_conf *conf;
    pthread_mutex_t lock;
    struct catalog *idle[MAX_IDLE];
    size_t idle_count;
    atomic_bool known_quick; /* one was opened, and it does not block */
    _Atomic int64_t locked_until_ms;
};

struct handles *handles_new(const struct garden_conf *conf, struct err *err)
{
    struct handles *handles = calloc(1, sizeof *handles);

    if (!handles) {
        err_set_nomem(err, "catalogue handles");
        return NULL;
    }
    handles->conf = conf;
    (void)pthread_mutex_init(&handles->lock, NULL);
    return handles;
}

void handles_free(struct handles *handles)
{
    if (!handles)
        return;
    for (size_t i = 0; i < handles->idle_count; i++)
        catalog_free(handles->idle[i]);
    (void)pthread_mutex_destroy(&handles->lock);
    free(handles);
}

struct catalog *handles_take(struct handles *handles, struct err *err)
{
    struct catalog *catalog = NULL;

    (void)pthread_mutex_lock(&handles->lock);
    if (handles->idle_count > 0)
        catalog = handles->idle[--handles->idle_count];
    (void)pthread_mutex_unlock(&handles->lock);
    if (catalog)
        return catalog;
    catalog = garden_open_catalog(handles->conf, false, err);
    if (catalog && !catalog_may_block(catalog))
        atomic_store(&handles->known_quick, true);
    return catalog;
}

void handles_give(struct handles *handles, struct catalog *catalog)
{
    if (!catalog)
        return;
    (void)pthread_mutex_lock(&handles->lock);
    if (handles->idle_count < MAX_IDLE) {
        handles->idle[handles->idle_count++] = catalog;
        catalog = NULL;
    }
    (void)pthread_mutex_unlock(&handles->lock);
    catalog_free(catalog);
}

bool handles_may_block(struct handles *handles)
{
    return !atomic_load(&handles->known_quick) ||
           clock_mono_ms() < atomic_load(&handles->locked_until_ms);
}

void handles_failed(struct handles *handles, int err_code)
{
    if (err_code == ERR_UNAVAILABLE || err_code == ERR_TIMEOUT)
        atomic_store(&handles->locked_until_ms, clock_mono_ms() + LOCKED_MS);
}
