/* csv_exporter.c - see csv_exporter.h. */
#include "services/csv-exporter/csv_exporter.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

#include "lib/base/log.h"
#include "lib/base/spool.h"
#include "lib/base/stop.h"
#include "services/common/front.h"
#include "services/common/garden_wait.h"
#include "services/common/refuse.h"
#include "services/csv-exporter/export_request.h"
#include "services/csv-exporter/exporter_health.h"

enum { ASKERS = 4, ASKERS_WAITING = 64, DRAIN_MS = 5000 };

enum { TROUBLE_WATCH, TROUBLE_READER, TROUBLE_JOB };

struct service {
    const struct csv_exporter_conf *conf;
    char dir[PATH_MAX];
    struct front *front;
    struct bus *bus;
    struct store *store;
    struct exporter_figures figures;
    struct trouble troubles[HEALTH_TROUBLES];
    struct export_watch *watch;
    struct export_worker *worker;
    struct exporter_health *health;
    struct export_requests requests;
    struct front_service answers;
};

/* -- HTTP -- */

static bool on_other(void *ctx, struct http_request *request)
{
    const struct service *service = ctx;

    return export_request(&service->requests, request);
}

static bool on_ready(void *ctx, struct buf *out)
{
    const struct service *service = ctx;

    return exporter_health_render(service->health, out);
}

/* -- parts -- */

/* What a crash left of an export is removed. */
static int make_dir(struct service *service, struct err *err)
{
    int size =
        snprintf(service->dir, sizeof service->dir, "%s/tmp", service->conf->garden.data);

    if (size >= (int)sizeof service->dir)
        return err_set(err, ERR_INVALID, "GARDEN_DATA is too long");
    if (mkdir(service->dir, 0700) < 0 && errno != EEXIST)
        return err_set_errno(err, "making the folder %.150s for temporary files", service->dir);
    spool_clean(service->dir);
    return 0;
}

static int start_worker(struct service *service, struct err *err)
{
    const struct export_job_conf job = {.conf = service->conf,
                                        .bus = service->bus,
                                        .store = service->store,
                                        .watch = service->watch,
                                        .figures = &service->figures,
                                        .trouble = &service->troubles[TROUBLE_JOB],
                                        .dir = service->dir};
    struct exporter_health_conf health = {
        .bus = service->bus, .store = service->store, .troubles = service->troubles};

    service->worker = export_worker_start(&job, &service->troubles[TROUBLE_READER], err);
    health.worker = service->worker;
    service->health = service->worker ? exporter_health_start(&health, err) : NULL;
    return service->health ? 0 : err->code;
}

static int start(struct service *service, struct err *err)
{
    service->watch = export_watch_start(service->bus, &service->troubles[TROUBLE_WATCH], err);
    if (!service->watch || start_worker(service, err) < 0)
        return err->code;
    service->requests = (struct export_requests){.bus = service->bus, .watch = service->watch};
    service->requests.pool = pool_new(ASKERS, ASKERS_WAITING, err);
    if (!service->requests.pool)
        return err->code;
    service->answers = (struct front_service){.ready = on_ready,
                                              .other = on_other,
                                              .refuse = refuse_response,
                                              .paths = EXPORT_PATHS,
                                              .drain_ms = DRAIN_MS,
                                              .ctx = service};
    front_connect(service->front, &service->answers);
    return 0;
}

/* From the door inwards. */
static void stop(struct service *service)
{
    front_free(service->front);
    pool_free(service->requests.pool);
    exporter_health_free(service->health);
    export_worker_free(service->worker);
    export_watch_free(service->watch);
    store_free(service->store);
    bus_free(service->bus);
    for (int i = 0; i < HEALTH_TROUBLES; i++)
        (void)pthread_mutex_destroy(&service->troubles[i].lock);
}

int csv_exporter_run(const struct csv_exporter_conf *conf, struct err *err)
{
    struct service service = {.conf = conf};

    for (int i = 0; i < HEALTH_TROUBLES; i++)
        (void)pthread_mutex_init(&service.troubles[i].lock, NULL);
    exporter_figures_init(&service.figures);
    service.front = front_start(conf->listen, 1, err);
    if (!service.front)
        (void)err_wrap(err, "listening on %s", conf->listen);
    if (service.front) {
        log_info("answering on port %d", front_port(service.front));
        if (garden_wait(&service.conf->garden, CSV_EXPORTER_SERVICE, &service.bus,
                        &service.store, err) == 0 &&
            make_dir(&service, err) == 0 && start(&service, err) == 0)
            (void)stop_wait(-1);
    }
    stop(&service);
    return err->code && !stopping() ? err->code : 0;
}
