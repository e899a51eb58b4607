/* reconcile.c - see reconcile.h. The two comparisons are in compare.c. */
#include "services/item-ingest/reconcile.h"

#include <pthread.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/json/json.h"
#include "services/common/retry.h"
#include "services/item-ingest/compare.h"

enum { ATTEMPTS = 20 };

struct reconcile {
    struct reconcile_conf conf;
    pthread_t thread;
    bool started;
    pthread_mutex_t lock; /* for all below */
    pthread_cond_t asked;
    bool wanted, running, closing;
    bool accept_empty;               /* by who asked last */
    int64_t started_ms, finished_ms; /* wall clock; 0: never */
    struct compare_progress progress;
    struct err failure; /* of the last run */
};

/* Called by the comparison now and then. */
static int on_progress(void *ctx, const struct compare_progress *progress, struct err *err)
{
    struct reconcile *reconcile = ctx;
    bool closing;

    (void)pthread_mutex_lock(&reconcile->lock);
    reconcile->progress = *progress;
    closing = reconcile->closing;
    (void)pthread_mutex_unlock(&reconcile->lock);
    return closing || stopping() ? err_set(err, ERR_UNAVAILABLE, "stopped") : 0;
}

static int compare_once(struct reconcile *reconcile, struct err *err)
{
    const struct compare_conf conf = {.bus = reconcile->conf.bus,
                                      .store = reconcile->conf.store,
                                      .catalog = reconcile->conf.catalog,
                                      .store_events = reconcile->conf.store_events,
                                      .accept_empty = reconcile->accept_empty,
                                      .on_progress = on_progress,
                                      .ctx = reconcile};

    return compare_store_and_catalog(&conf, err);
}

/* What an engine that is away interrupts is begun again: what was published is not needed
 * twice, but does no harm. */
static void run_once(struct reconcile *reconcile)
{
    struct retry retry = {0};
    struct err err = {0};

    metric_add(reconcile->conf.figures->reconciles, 1);
    while (compare_once(reconcile, &err) < 0 && err.code != ERR_CONFLICT &&
           retry.attempts < ATTEMPTS) {
        log_warn("reconciling: %s", err.text);
        if (!retry_wait(&retry))
            break;
        err_clear(&err);
    }
    (void)pthread_mutex_lock(&reconcile->lock);
    reconcile->running = false;
    reconcile->finished_ms = clock_wall_ms();
    reconcile->failure = err;
    metric_add(reconcile->conf.figures->reconcile_events,
               (double)(reconcile->progress.created + reconcile->progress.removed));
    if (err.code)
        log_warn("reconciling failed: %s", err.text);
    else
        log_info("reconciled %llu objects with %llu rows: %llu to catalogue, %llu to remove",
                 (unsigned long long)reconcile->progress.objects,
                 (unsigned long long)reconcile->progress.rows,
                 (unsigned long long)reconcile->progress.created,
                 (unsigned long long)reconcile->progress.removed);
    (void)pthread_mutex_unlock(&reconcile->lock);
}

static bool wait_asked(struct reconcile *reconcile)
{
    bool closing;

    (void)pthread_mutex_lock(&reconcile->lock);
    while (!reconcile->wanted && !reconcile->closing)
        (void)pthread_cond_wait(&reconcile->asked, &reconcile->lock);
    closing = reconcile->closing;
    reconcile->wanted = false;
    reconcile->running = !closing;
    if (!closing) {
        reconcile->started_ms = clock_wall_ms();
        reconcile->progress = (struct compare_progress){0};
        err_clear(&reconcile->failure);
    }
    (void)pthread_mutex_unlock(&reconcile->lock);
    return !closing;
}

static void *run(void *arg)
{
    struct reconcile *reconcile = arg;

    (void)pthread_setname_np(pthread_self(), "reconcile");
    while (wait_asked(reconcile))
        run_once(reconcile);
    return NULL;
}

struct reconcile *reconcile_start(const struct reconcile_conf *conf, struct err *err)
{
    struct reconcile *reconcile = calloc(1, sizeof *reconcile);

    if (!reconcile) {
        err_set_nomem(err, "the reconciliation");
        return NULL;
    }
    reconcile->conf = *conf;
    (void)pthread_mutex_init(&reconcile->lock, NULL);
    (void)pthread_cond_init(&reconcile->asked, NULL);
    if (pthread_create(&reconcile->thread, NULL, run, reconcile) != 0) {
        err_set(err, ERR_NOMEM, "starting the reconciliation's thread");
        reconcile_free(reconcile);
        return NULL;
    }
    reconcile->started = true;
    return reconcile;
}

void reconcile_free(struct reconcile *reconcile)
{
    if (!reconcile)
        return;
    if (reconcile->started) {
        (void)pthread_mutex_lock(&reconcile->lock);
        reconcile->closing = true;
        (void)pthread_cond_signal(&reconcile->asked);
        (void)pthread_mutex_unlock(&reconcile->lock);
        (void)pthread_join(reconcile->thread, NULL);
    }
    (void)pthread_cond_destroy(&reconcile->asked);
    (void)pthread_mutex_destroy(&reconcile->lock);
    free(reconcile);
}

bool reconcile_request(struct reconcile *reconcile, bool accept_empty)
{
    bool accepted;

    (void)pthread_mutex_lock(&reconcile->lock);
    accepted = !reconcile->wanted && !reconcile->running;
    if (accepted) {
        reconcile->wanted = true;
        reconcile->accept_empty = accept_empty;
        (void)pthread_cond_signal(&reconcile->asked);
    }
    (void)pthread_mutex_unlock(&reconcile->lock);
    return accepted;
}

/* Locked. */
static const char *state_name(const struct reconcile *reconcile)
{
    if (reconcile->wanted || reconcile->running)
        return "running";
    if (reconcile->failure.code)
        return "failed";
    return reconcile->finished_ms ? "done" : "never run";
}

static void put_time(struct buf *out, const char *name, int64_t wall_ms)
{
    char text[CLOCK_TEXT];

    if (!wall_ms)
        return;
    clock_format_rfc3339(wall_ms, text);
    json_put_str(out, name, text);
}

void reconcile_render(struct reconcile *reconcile, struct buf *out)
{
    const struct compare_progress *progress = &reconcile->progress;

    (void)pthread_mutex_lock(&reconcile->lock);
    json_write_open(out, '{');
    json_put_str(out, "state", state_name(reconcile));
    put_time(out, "started", reconcile->started_ms);
    if (!reconcile->running)
        put_time(out, "finished", reconcile->finished_ms);
    json_put_int(out, "objects", (int64_t)progress->objects);
    json_put_int(out, "rows", (int64_t)progress->rows);
    json_put_int(out, "created", (int64_t)progress->created);
    json_put_int(out, "removed", (int64_t)progress->removed);
    json_put_int(out, "bad_keys", (int64_t)progress->bad_keys);
    if (reconcile->failure.code)
        json_put_str(out, "error", reconcile->failure.text);
    json_write_close(out, '}');
    (void)pthread_mutex_unlock(&reconcile->lock);
}
