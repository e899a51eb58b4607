/* event_watch.h - follows garden.generation.events, whoever writes them: what was cancelled,
 * over which attempts a worker died, who has taken a job over. A thread of its own. */
#ifndef SERVICES_GENERATOR_GPU_EVENT_WATCH_H
#define SERVICES_GENERATOR_GPU_EVENT_WATCH_H

#include <stdbool.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/bus/bus.h"
#include "services/common/trouble.h"
#include "services/generator-gpu/history.h"

struct event_watch_conf {
    struct bus *bus;
    const char *group; /* of the workers: no older events matter than their oldest job's */
    struct trouble *trouble;
    /* Called on the watch's thread for every event but steps, after it was noted. */
    void (*on_event)(void *ctx, const struct generation_event *event);
    void *ctx;
};

struct event_watch;

struct event_watch *event_watch_start(const struct event_watch_conf *conf, struct err *err);
void event_watch_free(struct event_watch *watch);
DEFINE_OWNED(event_watch)

/* What is known of the job once all is known that was published before the call. False when
 * stopping, and nothing is told then. */
bool event_watch_ask(struct event_watch *watch, const char *job_id,
                     struct history_job *ret_history);

#endif
