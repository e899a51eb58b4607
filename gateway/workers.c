/* workers.c - see workers.h. */
#include "gateway/workers.h"

#include "services/common/pool.h"

struct workers {
    struct pool *lanes[LANE_COUNT];
};

struct workers *workers_new(const struct workers_conf *conf, struct err *err)
{
    struct workers *workers = calloc(1, sizeof *workers);

    if (!workers) {
        err_set_nomem(err, "worker threads");
        return NULL;
    }
    for (int i = 0; i < LANE_COUNT; i++) {
        workers->lanes[i] = pool_new(conf->threads[i], conf->queue, err);
        if (!workers->lanes[i]) {
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
        if (workers->lanes[i])
            pool_end(workers->lanes[i]);
    for (int i = 0; i < LANE_COUNT; i++)
        pool_free(workers->lanes[i]);
    free(workers);
}

int workers_submit(struct workers *workers, enum lane lane, void (*run)(void *ctx), void *ctx)
{
    return pool_submit(workers->lanes[lane], run, ctx);
}

size_t workers_waiting(struct workers *workers, enum lane lane)
{
    return pool_waiting(workers->lanes[lane]);
}
