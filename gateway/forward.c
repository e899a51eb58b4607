/* forward.c - see forward.h.
 *
 * A forward belongs to the loop of its request, but for two steps: the bulkhead lets it in on
 * whatever thread ended another, and an Idempotency-Key's answer is stored by a worker. Both
 * hand it on. */
#include "gateway/forward.h"

#include <stdio.h>
#include <string.h>

#include "gateway/bulkhead.h"
#include "gateway/meters.h"
#include "gateway/site.h"
#include "gateway/workers.h"
#include "lib/base/clock.h"
#include "lib/http/client.h"

enum {
    MAX_ANSWER = 4 << 20,
    GRACE_MS = 500, /* the service's time ends before the server's own limit does */
};

#define RETRY_SECONDS "2"

/* What of a request's head the service gets to see, and of its answer's the client. */
static const char *const request_headers[] = {"Content-Type", "Accept", "X-user-id",
                                              "If-None-Match", "Last-Event-ID"};
static const struct {
    const char *lower, *name;
} answer_headers[] = {{"retry-after", "Retry-After"},
                      {"location", "Location"},
                      {"cache-control", "Cache-Control"},
                      {"etag", "ETag"},
                      {"allow", "Allow"},
                      {"x-privacy-receipt", "X-Privacy-Receipt"}};

struct forwards {
    struct bulkhead *bulkheads[SERVICE_COUNT];
};

struct forward {
    struct gateway *gateway;
    struct http_request *request;
    const struct route *route;
    struct bulkhead *bulkhead;
    struct bulkhead_call call;
    int64_t sent;           /* the client's id of it; 0: not sent yet */
    bool begun;             /* has a place in the bulkhead */
    bool gone;              /* nobody waits for the answer any more */
    bool sending, answered; /* the client may answer while it is being asked */
    bool claimed;
    struct claim claim;
    struct reply reply;
};

static const struct {
    const char *name, *setting;
} services[SERVICE_COUNT] = {
    [SERVICE_INGEST] = {"item-ingest", "GARDEN_INGEST_URL"},
    [SERVICE_EMOTION] = {"emotion", "GARDEN_EMOTION_URL"},
    [SERVICE_RECOMMENDER] = {"recommender", "GARDEN_RECOMMENDER_URL"},
    [SERVICE_EXPORTER] = {"csv-exporter", "GARDEN_EXPORTER_URL"},
    [SERVICE_DISPLAYS] = {"display-feed", "GARDEN_DISPLAY_FEED_URL"},
};

const char *forward_service_name(enum service service)
{
    return services[service].name;
}

static const char *url_of(const struct settings *settings, enum service service)
{
    switch (service) {
    case SERVICE_INGEST:
        return settings->ingest_url;
    case SERVICE_EMOTION:
        return settings->emotion_url;
    case SERVICE_RECOMMENDER:
        return settings->recommender_url;
    case SERVICE_EXPORTER:
        return settings->exporter_url;
    case SERVICE_DISPLAYS:
        return settings->display_feed_url;
    case SERVICE_COUNT:
        break;
    }
    return "";
}

struct forwards *forwards_new(const struct settings *settings, struct err *err)
{
    struct forwards *forwards = calloc(1, sizeof *forwards);

    if (!forwards) {
        (void)err_set_nomem(err, "what is passed on");
        return NULL;
    }
    for (int i = 0; i < SERVICE_COUNT; i++) {
        forwards->bulkheads[i] = bulkhead_new((size_t)settings->forward_calls,
                                              (size_t)settings->forward_waiting, err);
        if (!forwards->bulkheads[i]) {
            forwards_free(forwards);
            return NULL;
        }
    }
    return forwards;
}

void forwards_free(struct forwards *forwards)
{
    if (!forwards)
        return;
    for (int i = 0; i < SERVICE_COUNT; i++)
        bulkhead_free(forwards->bulkheads[i]);
    free(forwards);
}

void forward_count(struct forwards *forwards, enum service service, size_t *ret_calls,
                   size_t *ret_waiting)
{
    bulkhead_count(forwards->bulkheads[service], ret_calls, ret_waiting);
}

bool forward_is_there(struct gateway *gateway, struct http_request *request,
                      const struct route *route, struct reply *reply)
{
    if (*url_of(gateway->settings, route->service))
        return true;
    reply_problem(reply, request, 503,
                  "this garden has no %s service: start it, and set %s to where it answers",
                  services[route->service].name, services[route->service].setting);
    return false;
}

bool forward_admit(struct gateway *gateway, struct http_request *request,
                   const struct route *route, struct reply *reply)
{
    if (!forward_is_there(gateway, request, route, reply))
        return false;
    if (bulkhead_admit(gateway->forwards->bulkheads[route->service]))
        return true;
    meters_refused_busy(gateway->meters);
    reply_problem(reply, request, 503, "too many wait for the %s service: try again later",
                  services[route->service].name);
    return false;
}

void forward_leave(struct gateway *gateway, const struct route *route)
{
    bulkhead_leave(gateway->forwards->bulkheads[route->service]);
}

void forward_limit(const struct gateway *gateway, struct http_request *request)
{
    http_answer_within(request, (int)gateway->settings->forward_ms + GRACE_MS);
}

static void answer(struct forward *forward)
{
    gateway_answer(forward->gateway, forward->request, &forward->reply);
    free(forward);
}

static void end_claim(void *ctx)
{
    struct forward *forward = ctx;

    claim_end(forward->gateway, &forward->claim, &forward->reply);
    answer(forward);
}

/* The reply is made. A claim whose end cannot be told runs out by itself. */
static void finish(struct forward *forward)
{
    struct workers *workers = forward->gateway->workers;

    http_wipe_body(forward->request);
    if (forward->begun)
        bulkhead_end(forward->bulkhead);
    if (!forward->claimed || !workers ||
        workers_submit(workers, LANE_QUICK, end_claim, forward) < 0)
        answer(forward);
}

static void refuse(struct forward *forward, const char *why)
{
    reply_problem(&forward->reply, forward->request, 503, "the %s service %s: try again later",
                  services[forward->route->service].name, why);
    finish(forward);
}

void forward_take(struct http_client_response *response, struct reply *reply)
{
    char value[1024];

    if (http_client_header(response, "content-type", value, sizeof value))
        reply->type = reply_type(value, strlen(value));
    reply->status = response->status;
    reply->body = response->body;
    response->body = (struct buf){0};
    for (size_t i = 0; i < sizeof answer_headers / sizeof *answer_headers; i++)
        if (http_client_header(response, answer_headers[i].lower, value, sizeof value))
            reply_header(reply, answer_headers[i].name, value);
    if (reply->status == 503 &&
        !http_client_header(response, "retry-after", value, sizeof value))
        reply_header(reply, "Retry-After", RETRY_SECONDS);
}

void forward_failed(struct http_request *request, const struct route *route,
                    const struct err *err, struct reply *reply)
{
    reply_problem(reply, request, 503, "the %s service %s: try again later",
                  services[route->service].name,
                  err->code == ERR_TIMEOUT ? "did not answer in time" : "does not answer");
}

static void on_answer(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct forward *forward = ctx;

    if (err->code)
        forward_failed(forward->request, forward->route, err, &forward->reply);
    else
        forward_take(response, &forward->reply);
    forward->answered = true;
    if (!forward->sending)
        finish(forward);
}

static void write_url(struct buf *out, const struct gateway *gateway,
                      const struct http_request *request, const struct route *route)
{
    const char *query = strchr(http_target(request), '?');

    buf_append_str(out, url_of(gateway->settings, route->service));
    if (route->upstream) {
        buf_append_str(out, route->upstream);
        return;
    }
    buf_append_str(out, http_raw_path(request));
    buf_append_str(out, query ? query : "");
}

/* How the client reaches the garden, for who writes URLs; a Host that is none: nothing is said.
 */
static size_t write_base(struct buf *out, const struct gateway *gateway,
                         struct http_request *request)
{
    OWNED_VALUE(buf) base = {0};
    struct err err = {0};

    if (site_base(gateway->settings, request, &base, &err) < 0)
        return 0;
    buf_printf(out, "X-Garden-Base: %s%c", buf_text(&base), '\0');
    return 1;
}

/* Each line with its NUL. Returns how many. */
static size_t write_headers(struct buf *out, const struct gateway *gateway,
                            struct http_request *request)
{
    char parent[TRACE_PARENT];
    size_t count = 1;

    trace_format(http_trace(request), parent);
    buf_printf(out, "traceparent: %s%c", parent, '\0');
    count += write_base(out, gateway, request);
    for (size_t i = 0; i < sizeof request_headers / sizeof *request_headers; i++) {
        const char *value = http_header(request, request_headers[i]);

        if (value && *value) {
            buf_printf(out, "%s: %s%c", request_headers[i], value, '\0');
            count++;
        }
    }
    return count;
}

void forward_ask(const struct gateway *gateway, struct http_request *request,
                 const struct route *route, struct forward_head *head,
                 struct http_client_request *asked)
{
    const char *line;

    write_url(&head->url, gateway, request, route);
    asked->header_count = write_headers(&head->text, gateway, request);
    line = buf_text(&head->text);
    for (size_t i = 0; i < asked->header_count; i++, line += strlen(line) + 1)
        head->lines[i] = line;
    asked->method = http_method(request);
    asked->url = buf_text(&head->url);
    asked->headers = head->lines;
}

void forward_head_done(struct forward_head *head)
{
    buf_done(&head->url);
    buf_done(&head->text);
}

/* In the bulkhead, and with time left. */
static void ask(struct forward *forward, struct http_client *client, int deadline_ms)
{
    OWNED_VALUE(forward_head) head = {0};
    struct http_client_request asked = {
        .deadline_ms = deadline_ms,
        .max_body_bytes = MAX_ANSWER,
        .secret = forward->route->face,
    };
    int64_t id;

    forward_ask(forward->gateway, forward->request, forward->route, &head, &asked);
    asked.body = http_body(forward->request, &asked.body_size);
    if (asked.body_size == 0)
        asked.body = NULL;
    forward->sending = true;
    id = http_client_send(client, &asked, on_answer, forward);
    forward->sending = false;
    forward->sent = id;
    if (forward->answered)
        finish(forward);
}

/* It has its place in the bulkhead; on the loop. */
static void begin(void *ctx)
{
    struct forward *forward = ctx;
    struct http_client *client = http_loop_client(forward->request);
    int64_t left_ms = http_deadline_ms(forward->request) - GRACE_MS - clock_mono_ms();

    forward->begun = true;
    if (!client || forward->gone)
        refuse(forward, "was not asked");
    else if (left_ms <= 0)
        refuse(forward, "did not answer in time");
    else
        ask(forward, client, (int)left_ms);
}

/* On any thread. */
static void enter(void *ctx)
{
    struct forward *forward = ctx;

    http_run_on_loop(forward->request, begin, forward);
}

/* Where it is on its way into the bulkhead, begin sees that it is gone. */
static void on_gone(void *ctx)
{
    struct forward *forward = ctx;

    forward->gone = true;
    if (forward->sent)
        http_client_cancel(http_loop_client(forward->request), forward->sent);
    else if (bulkhead_forget(forward->bulkhead, &forward->call))
        refuse(forward, "was not asked");
}

/* On the loop. */
static void queue(void *ctx)
{
    struct forward *forward = ctx;

    http_on_gone(forward->request, on_gone, forward);
    if (bulkhead_begin(forward->bulkhead, &forward->call))
        begin(forward);
}

static struct forward *forward_new(struct gateway *gateway, struct http_request *request,
                                   const struct route *route)
{
    struct forward *forward = calloc(1, sizeof *forward);
    struct reply reply = {0};

    if (!forward) {
        reply_problem(&reply, request, 503, "no memory for the request: try again later");
        gateway_answer(gateway, request, &reply);
        return NULL;
    }
    forward->gateway = gateway;
    forward->request = request;
    forward->route = route;
    forward->bulkhead = gateway->forwards->bulkheads[route->service];
    forward->call = (struct bulkhead_call){.enter = enter, .ctx = forward};
    return forward;
}

void forward_start(struct gateway *gateway, struct http_request *request,
                   const struct route *route)
{
    struct forward *forward = forward_new(gateway, request, route);

    if (forward)
        queue(forward);
}

void forward_claimed(struct gateway *gateway, struct http_request *request,
                     const struct route *route, const struct claim *claim)
{
    struct forward *forward = forward_new(gateway, request, route);

    if (!forward)
        return;
    forward->claimed = true;
    forward->claim = *claim;
    http_run_on_loop(request, queue, forward);
}
