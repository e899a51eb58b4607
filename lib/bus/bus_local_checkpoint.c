/* bus_local_checkpoint.c - see bus_local_checkpoint.h. */
#include "lib/bus/bus_local_checkpoint.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

enum {
    WANTED_PAGES = (4 << 20) / LOCAL_PAGE_BYTES,
    TOO_MANY_PAGES = (64 << 20) / LOCAL_PAGE_BYTES,
    CATCH_UP_MS = 2000,
};

struct local_checkpointer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct local_checkpoint *queue; /* those that are wanted */
    bool started, stop;
};

struct local_checkpointer *local_checkpointer_new(void)
{
    struct local_checkpointer *c = calloc(1, sizeof *c);

    if (c) {
        (void)pthread_mutex_init(&c->lock, NULL);
        (void)pthread_cond_init(&c->changed, NULL);
    }
    return c;
}

/* Failing is no harm: the next commit asks again. The connection is opened each time, so
 * that a topic that is written rarely keeps only one open. */
static void checkpoint_file(const struct local_checkpoint *checkpoint)
{
    OWNED_VALUE(local_db) db = {0};
    struct local_config config;
    struct err err = {0};

    if (local_db_open(&db, checkpoint->dir, checkpoint->topic, true, &config, &err) == 0)
        (void)sqlite3_wal_checkpoint_v2(db.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
}

static void *run(void *arg)
{
    struct local_checkpointer *c = arg;
    struct local_checkpoint *next;

    (void)pthread_mutex_lock(&c->lock);
    while (!c->stop) {
        next = c->queue;
        if (!next) {
            (void)pthread_cond_wait(&c->changed, &c->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&c->lock);
        checkpoint_file(next);
        (void)pthread_mutex_lock(&c->lock);
        c->queue = next->next;
        next->wanted = false;
    }
    (void)pthread_mutex_unlock(&c->lock);
    return NULL;
}

/* Signals are for the program's own threads. */
static void start(struct local_checkpointer *c)
{
    sigset_t all, before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    c->started = pthread_create(&c->thread, NULL, run, c) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void enqueue(struct local_checkpointer *c, struct local_checkpoint *checkpoint)
{
    struct local_checkpoint **tail = &c->queue;

    (void)pthread_mutex_lock(&c->lock);
    if (!c->started)
        start(c);
    if (!checkpoint->wanted) {
        while (*tail)
            tail = &(*tail)->next;
        checkpoint->wanted = true;
        checkpoint->next = NULL;
        *tail = checkpoint;
        (void)pthread_cond_signal(&c->changed);
    }
    (void)pthread_mutex_unlock(&c->lock);
}

void local_checkpoint_due(struct local_checkpointer *checkpointer,
                          struct local_checkpoint *checkpoint, struct local_db *db,
                          int wal_pages)
{
    if (wal_pages >= TOO_MANY_PAGES) {
        local_db_wait(db, CATCH_UP_MS);
        (void)sqlite3_wal_checkpoint_v2(db->handle, NULL, SQLITE_CHECKPOINT_RESTART, NULL,
                                        NULL);
    } else if (wal_pages >= WANTED_PAGES) {
        enqueue(checkpointer, checkpoint);
    }
}

void local_checkpointer_free(struct local_checkpointer *checkpointer)
{
    if (!checkpointer)
        return;
    (void)pthread_mutex_lock(&checkpointer->lock);
    checkpointer->stop = true;
    (void)pthread_cond_signal(&checkpointer->changed);
    (void)pthread_mutex_unlock(&checkpointer->lock);
    if (checkpointer->started)
        (void)pthread_join(checkpointer->thread, NULL);
    (void)pthread_cond_destroy(&checkpointer->changed);
    (void)pthread_mutex_destroy(&checkpointer->lock);
    free(checkpointer);
}
