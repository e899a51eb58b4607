/* workers.h - threads for what must not hold up an event loop.
 *
 * Two lanes with threads and a bounded queue each, so that slow bulk work never delays a short
 * read that waits for an engine. */
#ifndef GATEWAY_WORKERS_H
#define GATEWAY_WORKERS_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

enum lane { LANE_QUICK, LANE_SLOW, LANE_COUNT };

struct workers_conf {
    size_t threads[LANE_COUNT];
    size_t queue; /* jobs that may wait in each lane */
};

struct workers;

struct workers *workers_new(const struct workers_conf *conf, struct err *err);

/* Does what is queued, then ends the threads. */
void workers_free(struct workers *workers);
DEFINE_OWNED(workers)

/* run(ctx) is called once on one of the lane's threads. Returns 0, or ERR_UNAVAILABLE where the
 * queue is full (then run is never called). Thread-safe, also from within a job. */
int workers_submit(struct workers *workers, enum lane lane, void (*run)(void *ctx), void *ctx);

/* How many jobs wait. */
size_t workers_waiting(struct workers *workers, enum lane lane);

#endif
