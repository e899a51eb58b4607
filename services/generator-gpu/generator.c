/* generator.c - see generator.h. */
#include "services/generator-gpu/generator.h"

#include <stdio.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "services/common/front.h"
#include "services/common/garden_wait.h"
#include "services/generator-gpu/generator_health.h"

enum { STOP_MS = 3000 /* for a step to end, when the process does */ };

enum { TROUBLE_WATCH, TROUBLE_READER, TROUBLE_TELLER, TROUBLE_WORKER };

struct generator {
    const struct generator_conf *conf;
    struct front *front;
    struct bus *bus;
    struct store *store;
    struct generator_figures figures;
    struct pace pace;
    struct trouble troubles[HEALTH_TROUBLES];
    struct teller teller;
    struct control control;
    struct queue *queue;
    struct step_feed *progress;
    struct event_watch *watch;
    struct worker_conf work;
    struct worker *worker;
    struct request_reader *reader;
    struct generator_health *health;
    struct front_service service;
};

/* -- parts ----------------------------------------------------------------------------------
 */

static void on_event(void *ctx, const struct generation_event *event)
{
    struct generator *g = ctx;

    control_event(&g->control, event);
    if (event->type == GENERATION_CANCELLED)
        metric_add(g->figures.jobs[FIGURE_CANCELLED],
                   (double)queue_drop(g->queue, event->job_id));
}

static int start_reading(struct generator *g, struct err *err)
{
    const struct event_watch_conf watch = {.bus = g->bus,
                                           .group = g->conf->group,
                                           .trouble = &g->troubles[TROUBLE_WATCH],
                                           .on_event = on_event,
                                           .ctx = g};
    const struct request_reader_conf reader = {.bus = g->bus,
                                               .group = g->conf->group,
                                               .queue = g->queue,
                                               .worker = &g->work,
                                               .trouble = &g->troubles[TROUBLE_READER]};

    g->watch = event_watch_start(&watch, err);
    if (!g->watch)
        return err->code;
    g->work.output.watch = g->watch;
    g->reader = request_reader_start(&reader, err);
    return g->reader ? 0 : err->code;
}

static void join_parts(struct generator *g, const struct drawer *drawer)
{
    g->teller = (struct teller){g->bus, &g->troubles[TROUBLE_TELLER]};
    g->control.queue = g->queue;
    g->work = (struct worker_conf){
        .output = {.drawer = *drawer,
                   .pictures = {.store = g->store,
                                .bus = g->bus,
                                .silent = g->conf->garden.store_events,
                                .jpeg_quality = (int)g->conf->jpeg_quality},
                   .teller = &g->teller,
                   .progress = g->progress,
                   .control = &g->control,
                   .figures = &g->figures,
                   .pace = &g->pace,
                   .trouble = &g->troubles[TROUBLE_WORKER]},
        .queue = g->queue,
        .max_pixels = g->conf->max_pixels,
    };
}

static int start(struct generator *g, const struct drawer *drawer, struct err *err)
{
    struct generator_health_conf health = {
        .bus = g->bus, .store = g->store, .output = &g->work.output, .troubles = g->troubles};

    g->queue = queue_new((size_t)g->conf->queue_jobs, err);
    g->progress = g->queue ? step_feed_start(&g->teller, err) : NULL;
    if (!g->progress)
        return err->code;
    join_parts(g, drawer);
    if (start_reading(g, err) < 0)
        return err->code;
    g->worker = worker_start(&g->work, err);
    health.queue = g->queue;
    health.reader = g->reader;
    g->health = g->worker ? generator_health_start(&health, err) : NULL;
    if (!g->health)
        return err->code;
    g->service = (struct front_service){.ready = generator_health_render,
                                        .paths = "there are /healthz, /readyz, /metrics, and "
                                                 "they take GET\n",
                                        .ctx = g->health};
    front_connect(g->front, &g->service);
    return 0;
}

/* -- the end --------------------------------------------------------------------------------
 */

/* From the door inwards. Others take over as soon as the reader has left the group, so what is
 * drawn is given back first. */
static void stop(struct generator *g)
{
    bool ended = !g->worker || worker_stop(g->worker, STOP_MS);

    front_free(g->front);
    generator_health_free(g->health);
    request_reader_free(g->reader);
    if (!ended) {
        log_info("stopped in the middle of a step");
        (void)fflush(NULL);
        _exit(0);
    }
    worker_free(g->worker);
    event_watch_free(g->watch);
    step_feed_free(g->progress);
    queue_free(g->queue);
    store_free(g->store);
    bus_free(g->bus);
    for (int i = 0; i < HEALTH_TROUBLES; i++)
        (void)pthread_mutex_destroy(&g->troubles[i].lock);
}

int generator_run(const struct generator_conf *conf, const struct drawer *drawer,
                  struct err *err)
{
    struct generator g = {.conf = conf, .pace = PACE_NONE};

    for (int i = 0; i < HEALTH_TROUBLES; i++)
        (void)pthread_mutex_init(&g.troubles[i].lock, NULL);
    (void)pthread_mutex_init(&g.control.lock, NULL);
    generator_figures_init(&g.figures);
    g.front = front_start(conf->listen, 1, err);
    if (g.front) {
        log_info("answering on port %d, drawing with %s (%s, %s)", front_port(g.front),
                 drawer->info.name, drawer->info.backend, drawer->info.precision);
        if (garden_wait(&g.conf->garden, GENERATOR_SERVICE, &g.bus, &g.store, err) == 0 &&
            start(&g, drawer, err) == 0)
            (void)stop_wait(-1);
    } else {
        (void)err_wrap(err, "listening on %s", conf->listen);
    }
    stop(&g);
    return err->code && !stopping() ? err->code : 0;
}
