/* emotion_health.c - see emotion_health.h. */
#include "services/emotion/emotion_health.h"

#include <pthread.h>
#include <stdlib.h>

#include "lib/base/log.h"
#include "lib/base/ticker.h"
#include "lib/json/json_write.h"

enum { LOOK_MS = 1000, PING_MS = 2000 };

struct emotion_health {
    struct emotion *emotion;
    struct ticker *ticker;
    pthread_mutex_t lock;
    bool known;     /* locked, as the next */
    struct err bus; /* code 0: it is well */
};

static void look(void *ctx)
{
    struct emotion_health *health = ctx;
    struct err bus = {0};

    (void)bus_ping(health->emotion->bus, PING_MS, &bus);
    metric_set(health->emotion->figures.visitors,
               (double)mood_watch_count(health->emotion->moods));
    (void)pthread_mutex_lock(&health->lock);
    if (bus.code && !health->bus.code)
        log_warn("bus: %s", bus.text);
    else if (!bus.code && health->bus.code)
        log_info("bus: well again");
    health->bus = bus;
    health->known = true;
    (void)pthread_mutex_unlock(&health->lock);
}

struct emotion_health *emotion_health_start(struct emotion *emotion, struct err *err)
{
    struct emotion_health *health = calloc(1, sizeof *health);

    if (!health) {
        err_set_nomem(err, "the health watch");
        return NULL;
    }
    health->emotion = emotion;
    (void)pthread_mutex_init(&health->lock, NULL);
    health->ticker = ticker_start("health", LOOK_MS, look, health, err);
    if (health->ticker)
        return health;
    emotion_health_free(health);
    return NULL;
}

void emotion_health_free(struct emotion_health *health)
{
    if (!health)
        return;
    ticker_free(health->ticker);
    (void)pthread_mutex_destroy(&health->lock);
    free(health);
}

static bool render_detail(const struct emotion_health *health, const struct err *bus,
                          struct buf *out)
{
    struct emotion *emotion = health->emotion;
    bool well;

    json_write_open(out, '{');
    json_put_str(out, "bus", bus->code ? bus->text : "ok");
    well = trouble_render(&emotion->trouble, 1, out);
    json_put_str(out, "engine", emotion->engine->name);
    json_put_int(out, "threads", emotion->engine->threads);
    json_put_bool(out, "locked", emotion->locked);
    json_put_int(out, "pictures", emotion->pictures);
    json_write_close(out, '}');
    return well && !bus->code;
}

bool emotion_health_render(struct emotion_health *health, struct buf *out)
{
    OWNED_VALUE(buf) detail = {0};
    const bool whole = mood_watch_is_whole(health->emotion->moods);
    struct err bus;
    bool known, well;

    (void)pthread_mutex_lock(&health->lock);
    known = health->known;
    bus = health->bus;
    (void)pthread_mutex_unlock(&health->lock);
    well = render_detail(health, &bus, &detail);
    json_write_open(out, '{');
    json_put_bool(out, "ready", known && well && whole);
    json_put_str(out, "state",
                 !known   ? "starting"
                 : !well  ? "in trouble"
                 : !whole ? "reading what visitors have said"
                          : "ready");
    json_write_name(out, "detail");
    json_write_raw(out, detail.data, detail.size);
    json_write_close(out, '}');
    return known && well && whole;
}
