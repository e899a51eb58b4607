/* exporter_health.c - see exporter_health.h. */
#include "services/csv-exporter/exporter_health.h"

#include <pthread.h>

#include "lib/base/log.h"
#include "lib/base/ticker.h"
#include "lib/json/json_write.h"

enum { LOOK_MS = 1000, PING_MS = 2000 };

struct exporter_health {
    struct exporter_health_conf conf;
    struct ticker *ticker;
    pthread_mutex_t lock;
    bool known;            /* locked, as the next */
    struct err bus, store; /* code 0: it is well */
};

static void tell(const char *part, const struct err *now, const struct err *before)
{
    if (now->code && !before->code)
        log_warn("%s: %s", part, now->text);
    else if (!now->code && before->code)
        log_info("%s: well again", part);
}

static void look(void *ctx)
{
    struct exporter_health *health = ctx;
    struct err bus = {0}, store = {0};

    (void)bus_ping(health->conf.bus, PING_MS, &bus);
    (void)store_ping(health->conf.store, &store);
    (void)pthread_mutex_lock(&health->lock);
    tell("bus", &bus, &health->bus);
    tell("store", &store, &health->store);
    health->bus = bus;
    health->store = store;
    health->known = true;
    (void)pthread_mutex_unlock(&health->lock);
}

struct exporter_health *exporter_health_start(const struct exporter_health_conf *conf,
                                              struct err *err)
{
    struct exporter_health *health = calloc(1, sizeof *health);

    if (!health) {
        err_set_nomem(err, "the health watch");
        return NULL;
    }
    health->conf = *conf;
    (void)pthread_mutex_init(&health->lock, NULL);
    health->ticker = ticker_start("health", LOOK_MS, look, health, err);
    if (health->ticker)
        return health;
    exporter_health_free(health);
    return NULL;
}

void exporter_health_free(struct exporter_health *health)
{
    if (!health)
        return;
    ticker_free(health->ticker);
    (void)pthread_mutex_destroy(&health->lock);
    free(health);
}

bool exporter_health_render(void *ctx, struct buf *out)
{
    struct exporter_health *health = ctx;
    const bool joined = export_worker_joined(health->conf.worker);
    OWNED_VALUE(buf) detail = {0};
    char busy[EXPORT_ID_MAX + 1];
    struct err bus, store;
    bool known, well;

    (void)pthread_mutex_lock(&health->lock);
    known = health->known;
    bus = health->bus;
    store = health->store;
    (void)pthread_mutex_unlock(&health->lock);
    export_worker_busy(health->conf.worker, busy);
    json_write_open(&detail, '{');
    json_put_str(&detail, "bus", bus.code ? bus.text : "ok");
    json_put_str(&detail, "store", store.code ? store.text : "ok");
    well = trouble_render(health->conf.troubles, HEALTH_TROUBLES, &detail);
    json_put_str(&detail, "export", *busy ? busy : NULL);
    json_write_close(&detail, '}');
    well = well && !bus.code && !store.code;
    json_write_open(out, '{');
    json_put_bool(out, "ready", known && well && joined);
    json_put_str(out, "state",
                 !known    ? "starting"
                 : !well   ? "in trouble"
                 : !joined ? "joining the group"
                 : *busy   ? "exporting"
                           : "ready");
    json_write_name(out, "detail");
    json_write_raw(out, detail.data, detail.size);
    json_write_close(out, '}');
    return known && well && joined;
}
