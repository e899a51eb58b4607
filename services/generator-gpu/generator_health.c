/* generator_health.c - see generator_health.h. */
#include "services/generator-gpu/generator_health.h"

#include <pthread.h>
#include <stdlib.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/ticker.h"
#include "lib/json/json_write.h"
#include "proto/topics.h"

enum { LOOK_MS = 1000, PING_MS = 2000 };

struct findings {
    bool known;
    struct err bus, store;
    struct queue_view queue;
    int64_t lag; /* requests of our partitions that were not read */
    double drain_s;
};

struct generator_health {
    struct generator_health_conf conf;
    struct ticker *ticker;
    pthread_mutex_t lock;
    struct findings findings; /* locked */
};

static double job_seconds(void *ctx, const struct job *job)
{
    const struct output_conf *output = ctx;
    double seconds = 0;

    for (size_t i = 0; i < job->request.output_count; i++) {
        const struct engine_size drawn = output_drawn(output, job, i);

        seconds += output_steps(output, job) * pace_of(output->pace, drawn.width, drawn.height);
    }
    return seconds;
}

static void find_lag(const struct generator_health *health, struct findings *found)
{
    struct bus_partition_info infos[QUEUE_PARTITIONS];
    int count = bus_topic_info(health->conf.bus, TOPIC_GENERATION_REQUESTS, infos,
                               QUEUE_PARTITIONS, PING_MS, &found->bus);

    for (int i = 0; i < count && i < QUEUE_PARTITIONS; i++) {
        const int64_t position = queue_position(health->conf.queue, infos[i].partition);

        if (position >= 0 && position < infos[i].high)
            found->lag += infos[i].high - position;
    }
}

/* What was not read yet is taken to be like what waits. */
static void find_drain(struct findings *found)
{
    const size_t waiting = found->queue.interactive + found->queue.bulk;

    found->drain_s = found->queue.seconds;
    if (waiting)
        found->drain_s += (double)found->lag * found->queue.seconds / (double)waiting;
}

static void show(const struct generator_health *health, const struct findings *found)
{
    const struct generator_figures *figures = health->conf.output->figures;
    const int64_t age_ms =
        found->queue.oldest_ms ? clock_wall_ms() - found->queue.oldest_ms : 0;

    metric_set(figures->queue_interactive, (double)found->queue.interactive);
    metric_set(figures->queue_bulk, (double)found->queue.bulk);
    metric_set(figures->queue_age, age_ms > 0 ? (double)age_ms / 1e3 : 0);
    metric_set(figures->partitions, (double)found->queue.partitions);
    metric_set(figures->lag, (double)found->lag);
    metric_set(figures->drain, found->drain_s);
}

static void say(const char *engine, const struct err *before, const struct err *now)
{
    if (now->code && !before->code)
        log_warn("%s: %s", engine, now->text);
    else if (!now->code && before->code)
        log_info("%s: well again", engine);
}

static void look(void *ctx)
{
    struct generator_health *health = ctx;
    struct findings found = {.known = true};

    (void)bus_ping(health->conf.bus, PING_MS, &found.bus);
    (void)store_ping(health->conf.store, &found.store);
    queue_look(health->conf.queue, job_seconds, (void *)health->conf.output, &found.queue);
    if (found.bus.code == 0)
        find_lag(health, &found);
    find_drain(&found);
    show(health, &found);
    (void)pthread_mutex_lock(&health->lock);
    say("bus", &health->findings.bus, &found.bus);
    say("store", &health->findings.store, &found.store);
    health->findings = found;
    (void)pthread_mutex_unlock(&health->lock);
}

struct generator_health *generator_health_start(const struct generator_health_conf *conf,
                                                struct err *err)
{
    struct generator_health *health = calloc(1, sizeof *health);

    if (!health) {
        err_set_nomem(err, "the health watch");
        return NULL;
    }
    health->conf = *conf;
    (void)pthread_mutex_init(&health->lock, NULL);
    health->ticker = ticker_start("health", LOOK_MS, look, health, err);
    if (health->ticker)
        return health;
    generator_health_free(health);
    return NULL;
}

void generator_health_free(struct generator_health *health)
{
    if (!health)
        return;
    ticker_free(health->ticker);
    (void)pthread_mutex_destroy(&health->lock);
    free(health);
}

static void render_model(const struct generator_health *health, struct buf *out)
{
    const struct engine_info *info = &health->conf.output->drawer.info;

    json_write_name(out, "model");
    json_write_open(out, '{');
    json_put_str(out, "name", info->name);
    json_put_str(out, "id", info->model_id);
    json_put_str(out, "backend", info->backend);
    json_put_str(out, "precision", info->precision);
    json_write_close(out, '}');
}

static bool render_detail(const struct generator_health *health, const struct findings *found,
                          struct buf *out)
{
    bool well;

    json_write_open(out, '{');
    json_put_str(out, "bus", found->bus.code ? found->bus.text : "ok");
    json_put_str(out, "store", found->store.code ? found->store.text : "ok");
    well = trouble_render(health->conf.troubles, HEALTH_TROUBLES, out);
    render_model(health, out);
    json_put_int(out, "partitions", (int64_t)found->queue.partitions);
    json_put_int(out, "queue_jobs", (int64_t)(found->queue.interactive + found->queue.bulk));
    json_put_int(out, "lag_records", found->lag);
    json_write_name(out, "seconds_to_drain");
    json_write_number(out, found->drain_s);
    json_write_close(out, '}');
    return well && found->known && !found->bus.code && !found->store.code;
}

bool generator_health_render(void *ctx, struct buf *out)
{
    struct generator_health *health = ctx;
    OWNED_VALUE(buf) detail = {0};
    struct findings found;
    bool well, joined = request_reader_joined(health->conf.reader);

    (void)pthread_mutex_lock(&health->lock);
    found = health->findings;
    (void)pthread_mutex_unlock(&health->lock);
    well = render_detail(health, &found, &detail);
    json_write_open(out, '{');
    json_put_bool(out, "ready", well && joined);
    json_put_str(out, "state",
                 !found.known ? "starting"
                 : !well      ? "in trouble"
                 : !joined    ? "joining the group"
                              : "ready");
    json_write_name(out, "detail");
    json_write_raw(out, detail.data, detail.size);
    json_write_close(out, '}');
    return well && joined;
}
