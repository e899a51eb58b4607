/* dispatch.c - see dispatch.h.
 *
 * What is known of a request when its head was read - its route and its caller - is one of few
 * combinations; they are listed once, and a request points at its own. So nothing has to be
 * allocated for a request, or freed after it. */
#include "gateway/dispatch.h"

#include <string.h>

#include "gateway/claim.h"
#include "gateway/forward.h"
#include "gateway/meters.h"
#include "gateway/relay.h"
#include "gateway/workers.h"
#include "lib/base/clock.h"

struct visit {
    const struct route *route; /* NULL: none fits */
    const struct caller *caller;
    bool admitted; /* to another service (forward_admit) */
};

struct dispatch {
    size_t callers;
    struct visit visits[]; /* [route_count + 1][callers][admitted] */
};

struct dispatch *dispatch_new(struct gateway *gateway, struct err *err)
{
    size_t callers = access_caller_count(gateway->access);
    struct dispatch *dispatch = calloc(1, sizeof *dispatch + (route_count + 1) * callers * 2 *
                                                                 sizeof dispatch->visits[0]);

    if (!dispatch) {
        err_set_nomem(err, "the route table");
        return NULL;
    }
    dispatch->callers = callers;
    for (size_t r = 0; r <= route_count; r++)
        for (size_t c = 0; c < callers * 2; c++)
            dispatch->visits[r * callers * 2 + c] =
                (struct visit){r < route_count ? &routes[r] : NULL,
                               access_caller(gateway->access, c / 2), c % 2 == 1};
    return dispatch;
}

void dispatch_free(struct dispatch *dispatch)
{
    free(dispatch);
}

static void remember(struct gateway *gateway, struct http_request *request,
                     const struct route *route, const struct caller *caller)
{
    struct dispatch *dispatch = gateway->dispatch;
    size_t r = route ? (size_t)(route - routes) : route_count;

    http_set_user(
        request, &dispatch->visits[(r * dispatch->callers + (caller ? caller->index : 0)) * 2]);
}

static void remember_admitted(struct http_request *request)
{
    struct visit *visit = http_user(request);

    http_set_user(request, visit + 1);
}

static const struct visit *visit_of(const struct http_request *request)
{
    return http_user(request);
}

const struct caller *dispatch_caller(const struct http_request *request)
{
    return visit_of(request)->caller;
}

const char *dispatch_rest(const struct http_request *request)
{
    return http_path(request) + strlen(visit_of(request)->route->pattern) - 1;
}

static void answer_preflight(struct http_request *request, struct reply *reply)
{
    reply->status = 204;
    reply_header(reply, "Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
    if (!http_header(request, "Access-Control-Request-Method"))
        return;
    reply_header(reply, "Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE");
    reply_header(reply, "Access-Control-Allow-Headers",
                 "Authorization, Content-Type, Idempotency-Key, If-None-Match, Last-Event-ID, "
                 "Prefer, Range, traceparent, X-user-id");
    reply_header(reply, "Access-Control-Max-Age", "600");
}

/* Without a route: 404, or 405 where the path is right. */
static void answer_no_route(struct http_request *request, const struct route *other,
                            struct reply *reply)
{
    if (!other) {
        reply_problem(reply, request, 404, "there is nothing at %.200s", http_path(request));
        return;
    }
    reply_problem(reply, request, 405, "%.200s does not take %.20s, but %s", http_path(request),
                  http_method(request), other->method);
    reply_header(reply, "Allow", other->method);
}

/* All that can be refused before the body comes. Returns false where the reply is made. */
static bool admit(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    const struct route *other = NULL,
                       *route = route_find(http_method(request), http_path(request), &other);
    const struct caller *caller;

    if ((route && route->face) || (other && other->face)) /* also where it will be refused */
        http_secret_body(request);
    remember(gateway, request, route, NULL);
    if (strcmp(http_method(request), "OPTIONS") == 0) {
        answer_preflight(request, reply);
        return false;
    }
    caller = access_identify(gateway->access, request, reply);
    if (!caller)
        return false;
    remember(gateway, request, route, caller);
    if (!access_within_rate(gateway->access, request, caller, reply))
        return false;
    if (!route) {
        answer_no_route(request, other, reply);
        return false;
    }
    if (!access_permit(gateway->access, request, caller, route->roles, reply))
        return false;
    if (route->place != PASSED_ON)
        return true;
    if (!forward_admit(gateway, request, route, reply))
        return false;
    remember_admitted(request);
    return true;
}

static void limit_body(const struct settings *settings, struct http_request *request,
                       const struct route *route)
{
    if (route->large_body)
        http_limit_body(request, (size_t)settings->max_upload_mb << 20);
    else if (route->face)
        http_limit_body(request, (size_t)settings->max_face_mb << 20);
}

void dispatch_on_head(void *ctx, struct http_request *request)
{
    struct gateway *gateway = ctx;
    struct reply reply = {0};

    meters_began(gateway->meters);
    if (!admit(gateway, request, &reply)) {
        gateway_answer(gateway, request, &reply);
        return;
    }
    limit_body(gateway->settings, request, visit_of(request)->route);
}

/* -- on a worker -- */

struct errand {
    struct gateway *gateway;
    struct http_request *request;
};

static void handle_with_claim(struct gateway *gateway, struct http_request *request,
                              struct reply *reply)
{
    const struct route *route = visit_of(request)->route;
    struct claim claim;

    if (!claim_begin(gateway, request, &claim, reply))
        return;
    if (route->place == PASSED_ON) {
        reply->later = true;
        forward_claimed(gateway, request, route, &claim);
        return;
    }
    route->handle(gateway, request, reply);
    claim_end(gateway, &claim, reply);
}

static bool wants_claim(const struct http_request *request)
{
    return !visit_of(request)->route->no_replay && strcmp(http_method(request), "POST") == 0 &&
           http_header(request, "Idempotency-Key");
}

static void run_errand(void *ctx)
{
    struct errand errand = *(struct errand *)ctx;
    struct reply reply = {0};

    free(ctx);
    if (clock_mono_ms() >= http_deadline_ms(errand.request))
        reply_problem(&reply, errand.request, 503, "the gateway is too busy: try again later");
    else if (wants_claim(errand.request))
        handle_with_claim(errand.gateway, errand.request, &reply);
    else
        visit_of(errand.request)->route->handle(errand.gateway, errand.request, &reply);
    if (!reply.later)
        gateway_answer(errand.gateway, errand.request, &reply);
}

static void hand_to_worker(struct gateway *gateway, struct http_request *request, bool slow)
{
    struct errand *errand = malloc(sizeof *errand);
    struct reply reply = {0};

    if (errand) {
        *errand = (struct errand){gateway, request};
        if (workers_submit(gateway->workers, slow ? LANE_SLOW : LANE_QUICK, run_errand,
                           errand) == 0)
            return;
        free(errand);
    }
    meters_refused_busy(gateway->meters);
    reply_problem(&reply, request, 503, "the gateway is too busy: try again later");
    gateway_answer(gateway, request, &reply);
}

void dispatch_on_request(void *ctx, struct http_request *request)
{
    struct gateway *gateway = ctx;
    const struct route *route = visit_of(request)->route;
    struct reply reply = {0};

    if (route->place == PASSED_ON)
        forward_limit(gateway, request);
    if (wants_claim(request)) {
        hand_to_worker(gateway, request, route->place == ON_SLOW_WORKER);
        return;
    }
    if (route->place == PASSED_ON || route->place == RELAYED) {
        (route->place == RELAYED ? relay_start : forward_start)(gateway, request, route);
        return;
    }
    if (route->place == ON_LOOP) {
        route->handle(gateway, request, &reply);
    } else if (!route->attempt || !route->attempt(gateway, request, &reply)) {
        reply_done(&reply);
        hand_to_worker(gateway, request, route->place == ON_SLOW_WORKER);
        return;
    }
    if (!reply.later)
        gateway_answer(gateway, request, &reply);
}

void dispatch_on_answered(void *ctx, const struct http_request *request, int status,
                          uint64_t body_bytes, int64_t took_ns)
{
    struct gateway *gateway = ctx;
    const struct visit *visit = visit_of(request);

    if (visit && visit->admitted)
        forward_leave(gateway, visit->route);
    meters_ended(gateway->meters, visit ? visit->route : NULL, visit != NULL, status,
                 body_bytes, took_ns);
}
