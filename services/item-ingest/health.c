/* health.c - see health.h. */
#include "services/item-ingest/health.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/ticker.h"
#include "lib/json/json.h"
#include "proto/topics.h"

enum {
    LOOK_MS = 1000,
    PING_MS = 2000,
    MAINTAIN_MS = 60 * 1000,
    EXPIRE_MS = 3600 * 1000,
    ENGINES = 3,
};

static const char *const engine_names[ENGINES] = {"bus", "catalog", "store"};

/* What was found last. */
struct findings {
    bool known;
    struct err engines[ENGINES];
    int64_t lag_records, lag_ms;
};

struct health {
    struct health_conf conf;
    struct ticker *ticker;
    int64_t maintain_at_ms, expire_at_ms; /* the ticker's */
    pthread_mutex_t lock;
    struct findings findings; /* locked */
};

static int64_t high_of(const struct bus_partition_info *infos, int count, int32_t partition)
{
    for (int i = 0; i < count; i++)
        if (infos[i].partition == partition)
            return infos[i].high;
    return 0;
}

static int64_t low_of(const struct bus_partition_info *infos, int count, int32_t partition)
{
    for (int i = 0; i < count; i++)
        if (infos[i].partition == partition)
            return infos[i].low;
    return 0;
}

/* How much of our partitions is still to be handled, and how old that is at most: what follows
 * the newest handled record is younger than it. */
static void find_lag(const struct health *health, struct findings *found, struct err *err)
{
    struct bus_partition_info infos[PARTITIONS_MAX];
    struct partition_view views[PARTITIONS_MAX];
    int ours = partitions_list(health->conf.partitions, views, PARTITIONS_MAX);
    int count =
        bus_topic_info(health->conf.bus, TOPIC_OBJECTS, infos, PARTITIONS_MAX, PING_MS, err);

    if (count > PARTITIONS_MAX)
        count = PARTITIONS_MAX;
    for (int i = 0; i < ours; i++) {
        int64_t next = views[i].next, low = low_of(infos, count, views[i].partition);
        int64_t left = high_of(infos, count, views[i].partition) - (next < low ? low : next);

        if (left <= 0)
            continue;
        found->lag_records += left;
        if (views[i].newest_ms && clock_wall_ms() - views[i].newest_ms > found->lag_ms)
            found->lag_ms = clock_wall_ms() - views[i].newest_ms;
    }
    metric_set(health->conf.figures->partitions, ours);
    metric_set(health->conf.figures->lag_records, (double)found->lag_records);
    metric_set(health->conf.figures->lag_seconds, (double)found->lag_ms / 1e3);
}

static void look(struct health *health)
{
    struct findings found = {.known = true};

    (void)bus_ping(health->conf.bus, PING_MS, &found.engines[0]);
    if (found.engines[0].code == 0)
        find_lag(health, &found, &found.engines[0]);
    (void)catalog_ping(health->conf.catalog, &found.engines[1]);
    (void)store_ping(health->conf.store, &found.engines[2]);
    (void)pthread_mutex_lock(&health->lock);
    for (int i = 0; i < ENGINES; i++) {
        int before = health->findings.engines[i].code;

        if (found.engines[i].code && !before)
            log_warn("%s: %s", engine_names[i], found.engines[i].text);
        else if (!found.engines[i].code && before)
            log_info("%s: well again", engine_names[i]);
    }
    health->findings = found;
    (void)pthread_mutex_unlock(&health->lock);
}

static void tick(void *ctx)
{
    struct health *health = ctx;
    struct err err = {0};
    int64_t now = clock_mono_ms();

    look(health);
    if (now >= health->maintain_at_ms) {
        health->maintain_at_ms = now + MAINTAIN_MS;
        if (bus_maintain(health->conf.bus, &err) < 0)
            log_warn("maintaining the bus: %s", err.text);
        err_clear(&err);
    }
    if (now >= health->expire_at_ms) {
        health->expire_at_ms = now + EXPIRE_MS;
        if (catalog_claim_expire(health->conf.catalog, &err) < 0)
            log_warn("dropping old idempotency keys: %s", err.text);
    }
}

struct health *health_start(const struct health_conf *conf, struct err *err)
{
    struct health *health = calloc(1, sizeof *health);

    if (!health) {
        err_set_nomem(err, "the health watch");
        return NULL;
    }
    health->conf = *conf;
    health->expire_at_ms = clock_mono_ms();
    health->maintain_at_ms = health->expire_at_ms + MAINTAIN_MS;
    (void)pthread_mutex_init(&health->lock, NULL);
    health->ticker = ticker_start("health", LOOK_MS, tick, health, err);
    if (health->ticker)
        return health;
    health_free(health);
    return NULL;
}

void health_free(struct health *health)
{
    if (!health)
        return;
    ticker_free(health->ticker);
    (void)pthread_mutex_destroy(&health->lock);
    free(health);
}

static void render_partitions(const struct health *health, struct buf *out)
{
    struct partition_view views[PARTITIONS_MAX];
    int count = partitions_list(health->conf.partitions, views, PARTITIONS_MAX);

    json_write_name(out, "partitions");
    json_write_open(out, '[');
    for (int i = 0; i < count; i++) {
        json_write_open(out, '{');
        json_put_int(out, "partition", views[i].partition);
        json_put_int(out, "next", views[i].next < 0 ? 0 : views[i].next);
        json_write_close(out, '}');
    }
    json_write_close(out, ']');
}

bool health_render(struct health *health, struct buf *out)
{
    struct findings found;
    bool well;

    (void)pthread_mutex_lock(&health->lock);
    found = health->findings;
    (void)pthread_mutex_unlock(&health->lock);
    well = found.known;
    for (int i = 0; i < ENGINES; i++) {
        json_put_str(out, engine_names[i],
                     found.engines[i].code ? found.engines[i].text : "ok");
        well = well && !found.engines[i].code;
    }
    well = trouble_render(health->conf.troubles, HEALTH_TROUBLES, out) && well;
    render_partitions(health, out);
    json_put_int(out, "lag_records", found.lag_records);
    json_write_name(out, "lag_seconds");
    json_write_number(out, (double)found.lag_ms / 1e3);
    return well;
}
