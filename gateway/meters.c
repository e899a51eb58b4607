/* meters.c - see meters.h. Counters of a route and a status are made when they are first
 * needed, and found again without a lock. */
#include "gateway/meters.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "gateway/drawings.h"
#include "gateway/forward.h"
#include "gateway/lru.h"
#include "gateway/watch.h"
#include "gateway/workers.h"
#include "lib/metrics/metrics.h"

enum { FIRST_STATUS = 100, STATUSES = 500, CLIENT_LEFT = 499 };

struct route_meters {
    _Atomic(struct metric *) by_status[STATUSES];
    struct metric *seconds;
};

struct meters {
    struct metric *in_flight, *sent_bytes, *busy;
    struct metric *waiting[LANE_COUNT];
    struct metric *cache_hits[METERS_CACHES], *cache_misses[METERS_CACHES];
    struct metric *cache_bytes[2];
    struct metric *jobs_waiting, *jobs_running;
    struct metric *calls[SERVICE_COUNT], *calls_waiting[SERVICE_COUNT];
    size_t route_count;
    struct route_meters routes[]; /* the last is for requests without a route */
};

static void register_shared(struct meters *meters)
{
    static const char *const caches[METERS_CACHES] = {"cache=\"lists\"", "cache=\"pictures\"",
                                                      "cache=\"thumbnails\""};

    meters->in_flight =
        metric_gauge("garden_http_in_flight", "Requests that are being answered.", NULL);
    meters->sent_bytes =
        metric_counter("garden_http_sent_bytes_total", "Bytes of answers' bodies.", NULL);
    meters->busy =
        metric_counter("garden_http_busy_total",
                       "Requests refused because the workers' queue was full.", NULL);
    meters->waiting[LANE_QUICK] = metric_gauge(
        "garden_workers_waiting", "Jobs that wait for a worker.", "lane=\"quick\"");
    meters->waiting[LANE_SLOW] =
        metric_gauge("garden_workers_waiting", "Jobs that wait for a worker.", "lane=\"slow\"");
    for (int i = 0; i < METERS_CACHES; i++) {
        meters->cache_hits[i] = metric_counter("garden_cache_hits_total",
                                               "Answers that were in the cache.", caches[i]);
        meters->cache_misses[i] = metric_counter("garden_cache_misses_total",
                                                 "Answers that had to be made.", caches[i]);
    }
    meters->jobs_waiting = metric_gauge(
        "garden_generation_jobs", "Jobs of the generator that go on.", "state=\"waiting\"");
    meters->jobs_running = metric_gauge(
        "garden_generation_jobs", "Jobs of the generator that go on.", "state=\"running\"");
    for (int i = 0; i < 2; i++)
        meters->cache_bytes[i] =
            metric_gauge("garden_cache_bytes", "Bytes in the cache.", caches[i]);
}

static void register_calls(struct meters *meters)
{
    for (int i = 0; i < SERVICE_COUNT; i++) {
        OWNED_VALUE(buf) under_way = {0}, waiting = {0};

        metrics_label(&under_way, "service", forward_service_name((enum service)i));
        metrics_label(&under_way, "state", "under way");
        metrics_label(&waiting, "service", forward_service_name((enum service)i));
        metrics_label(&waiting, "state", "waiting");
        meters->calls[i] = metric_gauge("garden_forwards", "Requests passed on to a service.",
                                        buf_text(&under_way));
        meters->calls_waiting[i] = metric_gauge(
            "garden_forwards", "Requests passed on to a service.", buf_text(&waiting));
    }
}

static void set_calls(const struct meters *meters, struct forwards *forwards)
{
    for (int i = 0; i < SERVICE_COUNT; i++) {
        size_t calls, waiting;

        forward_count(forwards, (enum service)i, &calls, &waiting);
        metric_set(meters->calls[i], (double)calls);
        metric_set(meters->calls_waiting[i], (double)waiting);
    }
}

struct meters *meters_new(struct gateway *gateway, struct err *err)
{
    struct meters *meters =
        calloc(1, sizeof *meters + (route_count + 1) * sizeof meters->routes[0]);

    (void)gateway;
    if (!meters) {
        err_set_nomem(err, "metrics");
        return NULL;
    }
    meters->route_count = route_count;
    register_shared(meters);
    register_calls(meters);
    for (size_t i = 0; i <= route_count; i++) {
        OWNED_VALUE(buf) labels = {0};

        metrics_label(&labels, "route", i < route_count ? routes[i].pattern : "none");
        metrics_label(&labels, "method", i < route_count ? routes[i].method : "any");
        meters->routes[i].seconds = metric_histogram(
            "garden_http_request_seconds",
            "From the head of a request to the end of its answer.", buf_text(&labels),
            metric_seconds_bounds, metric_seconds_bound_count);
    }
    return meters;
}

void meters_free(struct meters *meters)
{
    free(meters);
}

void meters_began(struct meters *meters)
{
    metric_add(meters->in_flight, 1);
}

static struct metric *status_counter(struct meters *meters, size_t route, int status)
{
    _Atomic(struct metric *) *place =
        &meters->routes[route].by_status[(unsigned)(status - FIRST_STATUS) % STATUSES];
    struct metric *counter = atomic_load_explicit(place, memory_order_acquire);

    if (!counter) {
        OWNED_VALUE(buf) labels = {0};
        char code[16];

        (void)snprintf(code, sizeof code, "%d", status);
        metrics_label(&labels, "route",
                      route < meters->route_count ? routes[route].pattern : "none");
        metrics_label(&labels, "method",
                      route < meters->route_count ? routes[route].method : "any");
        metrics_label(&labels, "code", code);
        counter = metric_counter("garden_http_requests_total", "Requests answered.",
                                 buf_text(&labels));
        atomic_store_explicit(place, counter, memory_order_release);
    }
    return counter;
}

void meters_ended(struct meters *meters, const struct route *route, bool began, int status,
                  uint64_t body_bytes, int64_t took_ns)
{
    size_t index = route ? (size_t)(route - routes) : meters->route_count;

    if (began)
        metric_add(meters->in_flight, -1);
    metric_add(status_counter(meters, index, status ? status : CLIENT_LEFT), 1);
    metric_add(meters->sent_bytes, (double)body_bytes);
    metric_observe(meters->routes[index].seconds, (double)took_ns / 1e9);
}

void meters_refused_busy(struct meters *meters)
{
    metric_add(meters->busy, 1);
}

void meters_cache(struct meters *meters, enum meters_cache cache, bool hit)
{
    metric_add(hit ? meters->cache_hits[cache] : meters->cache_misses[cache], 1);
}

void meters_show(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    struct meters *meters = gateway->meters;
    size_t waiting, running;

    (void)request;
    for (int i = 0; i < LANE_COUNT; i++)
        metric_set(meters->waiting[i], (double)workers_waiting(gateway->workers, (enum lane)i));
    metric_set(meters->cache_bytes[METERS_LISTS], (double)lru_bytes(gateway->lists));
    metric_set(meters->cache_bytes[METERS_PICTURES], (double)lru_bytes(gateway->pictures));
    watch_set_gauges(gateway->watch);
    drawings_count(gateway->drawings, &waiting, &running);
    metric_set(meters->jobs_waiting, (double)waiting);
    metric_set(meters->jobs_running, (double)running);
    set_calls(meters, gateway->forwards);
    metrics_render(&reply->body);
    reply->status = 200;
    reply->type = "text/plain; version=0.0.4; charset=utf-8";
}
