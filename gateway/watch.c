/* watch.c - see watch.h. */
#include "gateway/watch.h"

#include <pthread.h>
#include <time.h>

#include "gateway/access.h"
#include "gateway/dispatch.h"
#include "gateway/handles.h"
#include "gateway/health.h"
#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/json/json.h"
#include "lib/metrics/metrics.h"
#include "proto/topics.h"
#include "proto/version.h"

enum {
    FRESH_MS = 1000,
    EVERY_MS = 15000,
    EXPIRE_MS = 3600000,
    PING_MS = 1000,
    MAX_WAITERS = 1024
};

struct waiter {
    struct http_request *request;
    bool whole; /* the status, not only whether it is ready */
    struct waiter *next;
};

struct watch {
    struct gateway *gateway;
    pthread_t thread;
    bool started;
    int64_t started_ms;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t wake;
    bool ending;
    struct health health;
    int64_t checked_ms; /* 0: never */
    struct waiter *waiters;
    size_t waiter_count;
    struct metric *live[2][EMOTION_COUNT], *lag, *up[HEALTH_PARTS];
};

/* -- answers -- */

static void write_parts(struct buf *out, const struct health *health, bool reasons)
{
    json_put_bool(out, "ready", health->ready);
    json_write_name(out, "services");
    json_write_open(out, '{');
    for (int i = 0; i < HEALTH_PARTS; i++) {
        if (health->parts[i].unused)
            continue;
        json_write_name(out, health_part_name((enum health_part)i));
        json_write_open(out, '{');
        json_put_str(out, "state", health->parts[i].up ? "up" : "down");
        if (reasons && !health->parts[i].up)
            json_put_str(out, "reason", health->parts[i].reason);
        json_write_close(out, '}');
    }
    json_write_close(out, '}');
}

static void write_counts(struct buf *out, const char *name, const uint64_t live[EMOTION_COUNT])
{
    uint64_t total = 0;

    json_write_name(out, name);
    json_write_open(out, '{');
    json_write_name(out, "emotions");
    json_write_open(out, '{');
    for (int i = 0; i < EMOTION_COUNT; i++) {
        json_put_int(out, emotion_names[i], (int64_t)live[i]);
        total += live[i];
    }
    json_write_close(out, '}');
    json_put_int(out, "total", (int64_t)total);
    json_write_close(out, '}');
}

static void write_status(struct buf *out, const struct watch *watch,
                         const struct health *health)
{
    char text[CLOCK_TEXT];

    write_counts(out, "pool", health->live[CATALOG_POOL]);
    write_counts(out, "garden", health->live[CATALOG_GARDEN]);
    json_write_name(out, "lag");
    if (health->lag < 0)
        json_write_null(out);
    else
        json_write_int(out, health->lag);
    clock_format_rfc3339(health->wall_ms, text);
    json_put_str(out, "time", text);
    json_put_int(out, "uptime_seconds", (clock_mono_ms() - watch->started_ms) / 1000);
    json_put_str(out, "version", GARDEN_VERSION);
}

static void make_reply(const struct watch *watch, const struct health *health, bool whole,
                       const struct http_request *request, struct reply *reply)
{
    struct buf out = {0};

    json_write_open(&out, '{');
    write_parts(&out, health, dispatch_caller(request)->roles != 0); /* reasons name hosts */
    if (whole)
        write_status(&out, watch, health);
    json_write_close(&out, '}');
    reply_json(reply, health->ready || whole ? 200 : 503, &out);
    reply_header(reply, "Cache-Control", "no-store");
    if (reply->status == 503)
        reply_header(reply, "Retry-After", "2");
}

/* -- the thread -- */

static void log_changes(const struct health *before, const struct health *after, bool first)
{
    for (int i = 0; i < HEALTH_PARTS; i++) {
        const char *name = health_part_name((enum health_part)i);

        if (after->parts[i].unused)
            continue;
        if (!after->parts[i].up && (first || before->parts[i].up))
            log_warn("%s is down: %s", name, after->parts[i].reason);
        else if (after->parts[i].up && !first && !before->parts[i].up)
            log_info("%s is up again", name);
    }
}

static void answer_waiters(struct watch *watch, struct waiter *waiters,
                           const struct health *health)
{
    while (waiters) {
        struct waiter *waiter = waiters;
        struct reply reply = {0};

        waiters = waiter->next;
        make_reply(watch, health, waiter->whole, waiter->request, &reply);
        gateway_answer(watch->gateway, waiter->request, &reply);
        free(waiter);
    }
}

static struct waiter *take_waiters(struct watch *watch)
{
    struct waiter *waiters = watch->waiters;

    watch->waiters = NULL;
    watch->waiter_count = 0;
    return waiters;
}

/* Asks all parts and answers who waited for it. Called and left with the lock. */
static void refresh(struct watch *watch)
{
    struct waiter *waiters = take_waiters(watch);
    struct health health;

    (void)pthread_mutex_unlock(&watch->lock);
    health_check(watch->gateway, &health);
    (void)pthread_mutex_lock(&watch->lock);
    log_changes(&watch->health, &health, watch->checked_ms == 0);
    watch->health = health;
    watch->checked_ms = clock_mono_ms();
    (void)pthread_mutex_unlock(&watch->lock);
    answer_waiters(watch, waiters, &health);
    (void)pthread_mutex_lock(&watch->lock);
}

static void expire_claims(struct gateway *gateway)
{
    struct err err = {0};
    struct catalog *catalog = handles_take(gateway->catalogs, &err);

    if (catalog && catalog_claim_expire(catalog, &err) < 0)
        log_warn("dropping old Idempotency-Keys: %s", err.text);
    handles_give(gateway->catalogs, catalog);
}

/* Waits until somebody asks, at most EVERY_MS. Called and left with the lock. */
static void sleep_until_asked(struct watch *watch)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += EVERY_MS / 1000;
    while (!watch->ending && !watch->waiters &&
           pthread_cond_timedwait(&watch->wake, &watch->lock, &until) == 0)
        ;
}

static void *run(void *ctx)
{
    struct watch *watch = ctx;
    int64_t expired_ms = 0;
    bool topics = false;

    (void)pthread_mutex_lock(&watch->lock);
    while (!watch->ending) {
        struct err err = {0};

        (void)pthread_mutex_unlock(&watch->lock);
        if (!topics &&
            bus_ping(watch->gateway->bus, PING_MS, &err) == 0) /* else it takes long */
            topics = bus_create_topics(watch->gateway->bus, garden_topics, garden_topic_count,
                                       &err) == 0;
        if (expired_ms == 0 || clock_mono_ms() - expired_ms > EXPIRE_MS) {
            expire_claims(watch->gateway);
            expired_ms = clock_mono_ms();
        }
        (void)pthread_mutex_lock(&watch->lock);
        refresh(watch);
        sleep_until_asked(watch);
    }
    answer_waiters(watch, take_waiters(watch), &watch->health);
    (void)pthread_mutex_unlock(&watch->lock);
    return NULL;
}

/* -- from outside -- */

static void register_gauges(struct watch *watch)
{
    static const char *const areas[2] = {"pool", "garden"};

    for (int area = 0; area < 2; area++) {
        for (int i = 0; i < EMOTION_COUNT; i++) {
            OWNED_VALUE(buf) labels = {0};

            metrics_label(&labels, "area", areas[area]);
            metrics_label(&labels, "emotion", emotion_names[i]);
            watch->live[area][i] = metric_gauge("garden_pictures", "Pictures in the catalogue.",
                                                buf_text(&labels));
        }
    }
    for (int i = 0; i < HEALTH_PARTS; i++) {
        OWNED_VALUE(buf) labels = {0};

        if (!health_part_used(watch->gateway->settings, (enum health_part)i))
            continue;
        metrics_label(&labels, "part", health_part_name((enum health_part)i));
        watch->up[i] = metric_gauge("garden_up", "1 where the gateway reaches the part.",
                                    buf_text(&labels));
    }
    watch->lag = metric_gauge("garden_objects_lag",
                              "Events of garden.objects that are not catalogued yet.", NULL);
}

struct watch *watch_new(struct gateway *gateway, struct err *err)
{
    struct watch *watch = calloc(1, sizeof *watch);
    pthread_condattr_t attributes;

    if (!watch) {
        err_set_nomem(err, "the health checks");
        return NULL;
    }
    watch->gateway = gateway;
    watch->started_ms = clock_mono_ms();
    (void)pthread_mutex_init(&watch->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&watch->wake, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    register_gauges(watch);
    watch->started = pthread_create(&watch->thread, NULL, run, watch) == 0;
    if (!watch->started) {
        (void)err_set(err, ERR_UNAVAILABLE, "starting the thread of the health checks failed");
        watch_free(watch);
        return NULL;
    }
    return watch;
}

void watch_free(struct watch *watch)
{
    if (!watch)
        return;
    if (watch->started) {
        (void)pthread_mutex_lock(&watch->lock);
        watch->ending = true;
        (void)pthread_cond_signal(&watch->wake);
        (void)pthread_mutex_unlock(&watch->lock);
        (void)pthread_join(watch->thread, NULL);
    }
    (void)pthread_cond_destroy(&watch->wake);
    (void)pthread_mutex_destroy(&watch->lock);
    free(watch);
}

int watch_generator(struct watch *watch, struct err *err)
{
    bool up;

    (void)pthread_mutex_lock(&watch->lock);
    up = watch->checked_ms != 0 && watch->health.parts[HEALTH_GENERATOR].up &&
         clock_mono_ms() - watch->checked_ms <= EVERY_MS;
    (void)pthread_mutex_unlock(&watch->lock);
    return up ? 0 : health_ask_generator(watch->gateway->settings, err);
}

void watch_set_gauges(struct watch *watch)
{
    (void)pthread_mutex_lock(&watch->lock);
    for (int area = 0; area < 2; area++)
        for (int i = 0; i < EMOTION_COUNT; i++)
            metric_set(watch->live[area][i], (double)watch->health.live[area][i]);
    for (int i = 0; i < HEALTH_PARTS; i++)
        if (watch->up[i])
            metric_set(watch->up[i], watch->health.parts[i].up);
    metric_set(watch->lag, (double)watch->health.lag);
    (void)pthread_mutex_unlock(&watch->lock);
}

static void answer_when_fresh(struct watch *watch, struct http_request *request, bool whole,
                              struct reply *reply)
{
    struct waiter *waiter;

    (void)pthread_mutex_lock(&watch->lock);
    if (watch->checked_ms != 0 && clock_mono_ms() - watch->checked_ms < FRESH_MS) {
        make_reply(watch, &watch->health, whole, request, reply);
    } else if (watch->waiter_count < MAX_WAITERS && (waiter = malloc(sizeof *waiter))) {
        *waiter = (struct waiter){request, whole, watch->waiters};
        watch->waiters = waiter;
        watch->waiter_count++;
        reply->later = true;
        (void)pthread_cond_signal(&watch->wake);
    } else {
        reply_problem(reply, request, 503, "too many ask whether the garden is well");
    }
    (void)pthread_mutex_unlock(&watch->lock);
}

void watch_healthz(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    (void)gateway;
    (void)request;
    reply_text(reply, 200, "ok\n");
    reply_header(reply, "Cache-Control", "no-store");
}

void watch_readyz(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    answer_when_fresh(gateway->watch, request, false, reply);
}

void watch_status(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    answer_when_fresh(gateway->watch, request, true, reply);
}
