/* gateway.c - see gateway.h. */
#include "gateway/gateway.h"

#include <string.h>

#include "gateway/access.h"
#include "gateway/cors.h"
#include "gateway/dispatch.h"
#include "gateway/drawings.h"
#include "gateway/drawings_follow.h"
#include "gateway/forward.h"
#include "gateway/handles.h"
#include "gateway/lru.h"
#include "gateway/meters.h"
#include "gateway/pages.h"
#include "gateway/thumbs.h"
#include "gateway/watch.h"
#include "gateway/workers.h"
#include "proto/topics.h"

enum { PUBLISH_MS = 8000, MIB = 1 << 20 };

static int open_engines(struct gateway *gateway, struct err *err)
{
    const struct settings *settings = gateway->settings;

    gateway->store = garden_open_store(&settings->garden, err);
    if (!gateway->store)
        return err_wrap(err, "opening the store");
    gateway->bus = garden_open_bus(&settings->garden, "gateway", err);
    if (!gateway->bus)
        return err_wrap(err, "opening the bus");
    if (strcmp(settings->garden.bus, "local") == 0 && /* a broker may be away: see watch.c */
        bus_create_topics(gateway->bus, garden_topics, garden_topic_count, err) < 0)
        return err_wrap(err, "making the topics");
    gateway->catalogs = handles_new(&settings->garden, err);
    if (!gateway->catalogs)
        return err->code;
    gateway->writer = (struct object_writer_conf){
        .store = gateway->store,
        .bus = gateway->bus,
        .silent = settings->garden.store_events,
        .source = "/gateway",
        .timeout_ms = PUBLISH_MS,
    };
    return 0;
}

static int open_parts(struct gateway *gateway, bool on_loopback, struct err *err)
{
    const struct settings *settings = gateway->settings;
    const struct workers_conf workers = {
        .threads = {(size_t)settings->quick_workers, (size_t)settings->slow_workers},
        .queue = (size_t)settings->queue,
    };
    size_t cache_bytes = (size_t)settings->cache_mb * MIB;

    gateway->access = access_new(settings, on_loopback, err);
    gateway->lists = gateway->access ? lru_new(cache_bytes, err) : NULL;
    gateway->pictures = gateway->lists ? lru_new(cache_bytes, err) : NULL;
    gateway->pages = gateway->pictures ? pages_new(settings, err) : NULL;
    gateway->meters = gateway->pages ? meters_new(gateway, err) : NULL;
    gateway->dispatch = gateway->meters ? dispatch_new(gateway, err) : NULL;
    gateway->forwards = gateway->dispatch ? forwards_new(settings, err) : NULL;
    gateway->workers = gateway->forwards ? workers_new(&workers, err) : NULL;
    gateway->thumbs = gateway->workers ? thumbs_new(gateway, err) : NULL;
    gateway->watch = gateway->thumbs ? watch_new(gateway, err) : NULL;
    gateway->drawings = gateway->watch ? drawings_new(gateway, err) : NULL;
    gateway->follow =
        gateway->drawings ? drawings_follow_new(gateway->bus, gateway->drawings, err) : NULL;
    return gateway->follow ? 0 : err->code;
}

struct gateway *gateway_new(const struct settings *settings, bool on_loopback, struct err *err)
{
    struct gateway *gateway = calloc(1, sizeof *gateway);

    if (!gateway) {
        err_set_nomem(err, "the gateway");
        return NULL;
    }
    gateway->settings = settings;
    if (open_engines(gateway, err) < 0 || open_parts(gateway, on_loopback, err) < 0) {
        gateway_free(gateway);
        return NULL;
    }
    return gateway;
}

void gateway_closing(struct gateway *gateway)
{
    drawings_close(gateway->drawings);
}

void gateway_stop(struct gateway *gateway)
{
    drawings_follow_free(gateway->follow);
    gateway->follow = NULL;
    watch_free(gateway->watch);
    gateway->watch = NULL;
    workers_free(gateway->workers); /* its jobs use all the rest */
    gateway->workers = NULL;
}

void gateway_free(struct gateway *gateway)
{
    if (!gateway)
        return;
    gateway_stop(gateway);
    drawings_free(gateway->drawings);
    thumbs_free(gateway->thumbs);
    forwards_free(gateway->forwards);
    dispatch_free(gateway->dispatch);
    meters_free(gateway->meters);
    pages_free(gateway->pages);
    lru_free(gateway->pictures);
    lru_free(gateway->lists);
    access_free(gateway->access);
    handles_free(gateway->catalogs);
    bus_free(gateway->bus);
    store_free(gateway->store);
    free(gateway);
}

void gateway_answer(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    const char *allowed = gateway->settings->cors_origins;
    const char *origin = *allowed ? http_header(request, "Origin") : NULL;
    bool by_name = false;

    if (*allowed)
        reply_header(reply, "Vary", "Origin");
    if (origin && cors_allows(allowed, origin, &by_name)) {
        reply_header(reply, "Access-Control-Allow-Origin", by_name ? origin : "*");
        if (by_name)
            reply_header(reply, "Access-Control-Allow-Credentials", "true");
        reply_header(reply, "Access-Control-Expose-Headers",
                     "ETag, Link, Location, Retry-After, Idempotency-Replayed, "
                     "Preference-Applied, X-Privacy-Receipt");
    }
    reply_send(reply, request);
}
