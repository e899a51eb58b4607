/* emotion.c - see emotion.h. */
#include "services/emotion/emotion.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/secret.h"
#include "lib/base/stop.h"
#include "lib/base/text.h"
#include "services/common/front.h"
#include "services/common/garden_wait.h"
#include "services/common/refuse.h"
#include "services/emotion/emotion_health.h"
#include "services/emotion/emotion_mood.h"
#include "services/emotion/emotion_request.h"
#include "services/emotion/emotion_visit.h"

enum {
    TELLERS = 4,     /* they meet in the bus and share a commit */
    DRAIN_MS = 5000, /* for pictures that are being looked at when it stops */
    BUCKET = 128,
};

#define PATHS                                                                             \
    "there are POST /emotion, POST /v1/faces, /v1/users/{id}/mood, GET /v1/privacy/key, " \
    "/healthz, /readyz and /metrics\n"

struct service {
    struct emotion parts;
    struct emotion_health *health;
    struct front *front;
    struct front_service answers;
    char bucket[BUCKET];
};

/* -- HTTP -- */

static bool is_post(const struct http_request *request)
{
    return strcmp(http_method(request), "POST") == 0;
}

static bool takes_picture(const struct http_request *request, bool *ret_full)
{
    const char *path = http_path(request);

    *ret_full = strcmp(path, "/v1/faces") == 0;
    return *ret_full || strcmp(path, "/emotion") == 0;
}

static void on_head(void *ctx, struct http_request *request)
{
    struct service *service = ctx;
    bool full;

    if (is_post(request) && takes_picture(request, &full))
        emotion_visit_head(&service->parts, request);
}

static void on_answered(void *ctx, const struct http_request *request)
{
    struct service *service = ctx;

    emotion_visit_answered(&service->parts, request);
}

static void answer_key(const struct service *service, struct http_request *request)
{
    OWNED_VALUE(buf) body = {0};

    receipts_write_jwk(service->parts.receipts, &body);
    front_respond(request, 200, "application/jwk+json", &body);
}

static bool on_other(void *ctx, struct http_request *request)
{
    struct service *service = ctx;
    const bool key = strcmp(http_path(request), "/v1/privacy/key") == 0;
    bool full;

    if (takes_picture(request, &full)) {
        if (is_post(request))
            emotion_visit(&service->parts, request, full);
        else
            emotion_refuse(request, 405, "this takes POST, with a picture as its body", NULL);
        return true;
    }
    if (key && strcmp(http_method(request), "GET") == 0) {
        answer_key(service, request);
        return true;
    }
    return emotion_mood(&service->parts, request);
}

static bool on_ready(void *ctx, struct buf *out)
{
    struct service *service = ctx;

    return emotion_health_render(service->health, out);
}

/* -- parts -- */

/* What clients of the compatible answer see as its bucket. */
static void name_bucket(struct service *service, const char *store)
{
    const char *name = text_starts_with(store, "s3://") ? store + 5 : "garden";

    (void)snprintf(service->bucket, sizeof service->bucket, "%.*s", (int)strcspn(name, "?/"),
                   name);
    service->parts.bucket = service->bucket;
}

/* Whether pictures, up to the largest, are kept from being swapped out. */
static int try_lock(struct emotion *parts, struct err *err)
{
    const size_t bytes = (size_t)parts->conf->max_picture_mb << 20;

    secret_free(secret_alloc(bytes, NULL), bytes);
    parts->locked = secret_misses() == 0; /* also what the engine has taken */
    if (parts->locked)
        return 0;
    if (parts->conf->require_locked)
        return err_set(err, ERR_DENIED,
                       "EMOTION_REQUIRE_LOCKED is 1, but the limit on locked memory is too low "
                       "for a picture of %lld MiB: raise it (ulimit -l, LimitMEMLOCK=, docker "
                       "--ulimit memlock=-1)",
                       (long long)parts->conf->max_picture_mb);
    log_warn("pictures may be swapped out to disk, and receipts say so: the limit on locked "
             "memory is too low; raise it (ulimit -l, LimitMEMLOCK=, docker --ulimit "
             "memlock=-1)");
    return 0;
}

static int open_receipts(struct emotion *parts, struct err *err)
{
    char path[PATH_MAX];
    const char *file = parts->conf->receipt_key;

    (void)snprintf(path, sizeof path, "%s/receipt.pem", parts->conf->garden.data);
    parts->receipts = receipts_open(*file ? file : path, err);
    return parts->receipts ? 0 : err->code;
}

static int start(struct service *service, struct err *err)
{
    struct emotion *parts = &service->parts;
    const struct mood_watch_conf moods = {
        .bus = parts->bus, .visit_ms = parts->conf->visit_s * 1000, .trouble = &parts->trouble};
    const size_t eyes = (size_t)parts->engine->threads;
    const size_t waiting = (size_t)parts->conf->queue + eyes;

    parts->moods = mood_watch_start(&moods, err);
    if (!parts->moods)
        return err->code;
    parts->tellers = pool_new(TELLERS, waiting + TELLERS, err);
    parts->eyes = parts->tellers ? pool_new(eyes, waiting, err) : NULL;
    service->health = parts->eyes ? emotion_health_start(parts, err) : NULL;
    if (!service->health)
        return err->code;
    service->answers = (struct front_service){.ready = on_ready,
                                              .other = on_other,
                                              .head = on_head,
                                              .answered = on_answered,
                                              .refuse = refuse_response,
                                              .paths = PATHS,
                                              .drain_ms = DRAIN_MS,
                                              .ctx = service};
    front_connect(service->front, &service->answers);
    return 0;
}

/* From the door inwards. */
static void stop(struct service *service)
{
    struct emotion *parts = &service->parts;

    front_free(service->front);
    emotion_health_free(service->health);
    pool_free(parts->eyes); /* they may still give the tellers something to do */
    pool_free(parts->tellers);
    mood_watch_free(parts->moods);
    receipts_free(parts->receipts);
    bus_free(parts->bus);
    (void)pthread_mutex_destroy(&parts->trouble.lock);
}

int emotion_run(const struct emotion_conf *conf, struct face_engine *engine,
                const char *sent_to, struct err *err)
{
    struct service service = {.parts = {.conf = conf, .engine = engine}};

    (void)pthread_mutex_init(&service.parts.trouble.lock, NULL);
    (void)text_copy(service.parts.sent_to, sizeof service.parts.sent_to, sent_to);
    emotion_figures_init(&service.parts.figures);
    name_bucket(&service, conf->garden.store);
    if (try_lock(&service.parts, err) == 0) {
        service.front = front_start(conf->listen, 1, err);
        if (!service.front)
            (void)err_wrap(err, "listening on %s", conf->listen);
    }
    if (service.front) {
        log_info("answering on port %d, looking by %s with %d threads",
                 front_port(service.front), engine->name, engine->threads);
        if (open_receipts(&service.parts, err) == 0 &&
            garden_wait(&conf->garden, EMOTION_SERVICE, &service.parts.bus, NULL, err) == 0 &&
            start(&service, err) == 0)
            (void)stop_wait(-1);
    }
    stop(&service);
    return err->code && !stopping() ? err->code : 0;
}
