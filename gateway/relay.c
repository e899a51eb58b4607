/* relay.c - see relay.h.
 *
 * All of a relay is on the loop of its request. It ends when the service is done with it and,
 * where its answer became a stream, the client is, too. */
#include "gateway/relay.h"

#include <stdlib.h>

#include "gateway/forward.h"
#include "gateway/meters.h"
#include "lib/base/text.h"
#include "lib/http/client.h"
#include "lib/http/sse.h"
#include "lib/http/stream.h"

enum {
    WAIT_MAX_S = 60,       /* that a service may be asked to wait */
    SPARE_MS = 8000,       /* for the rest of the way */
    GRACE_MS = 500,        /* the service's time ends before the server's own limit does */
    RETRIES = 4,           /* of a service that is being started again */
    MAX_ANSWER = 64 << 20, /* a fleet of 20,000 screens is about 20 MB */
};

struct relay {
    struct gateway *gateway;
    struct http_request *request; /* NULL once it was answered */
    const struct route *route;
    struct http_client *client;
    int64_t sent;               /* the client's id of it; 0: not yet */
    struct http_stream *stream; /* NULL: nothing came yet */
    bool sending, receiving;    /* inside the client */
    bool done;                  /* by the service */
    bool left;                  /* by the client, once there is a stream */
    bool gone;                  /* by the client before */
    struct reply reply;
};

static void relay_free(struct relay *relay)
{
    (void)atomic_fetch_sub(&relay->gateway->relays, 1);
    http_stream_free(relay->stream);
    free(relay);
}

static void answer(struct relay *relay)
{
    gateway_answer(relay->gateway, relay->request, &relay->reply);
    relay->request = NULL;
}

/* -- the client's side -- */

/* on_left: on the loop, as the stream was answered with there. */
static void on_left(void *ctx)
{
    struct relay *relay = ctx;

    relay->left = true;
    if (relay->done)
        relay_free(relay);
    else if (!relay->receiving)
        http_client_cancel(relay->client, relay->sent);
}

static void on_gone(void *ctx)
{
    struct relay *relay = ctx;

    relay->gone = true;
    if (relay->sent)
        http_client_cancel(relay->client, relay->sent);
}

/* False: no memory. */
static bool open_stream(struct relay *relay)
{
    const struct http_stream_conf conf = {.on_left = on_left, .ctx = relay};
    struct err err = {0};

    relay->stream = http_stream_new(&conf, &err);
    if (!relay->stream)
        return false;
    relay->reply.status = 200;
    relay->reply.type = SSE_TYPE;
    relay->reply.stream = http_stream_ref(relay->stream);
    reply_header(&relay->reply, "Cache-Control", "no-store");
    reply_header(&relay->reply, "X-Accel-Buffering", "no"); /* for a proxy in front */
    answer(relay);
    return true;
}

/* -- the service's side -- */

static bool pass(struct relay *relay, const char *bytes, size_t size)
{
    OWNED(http_chunk) chunk = http_chunk_new(bytes, size);
    struct err err = {0};

    return chunk && (relay->stream || open_stream(relay)) && !relay->left &&
           http_stream_write(relay->stream, chunk, &err) == 0;
}

static bool on_body(void *ctx, const char *bytes, size_t size)
{
    struct relay *relay = ctx;
    bool passed;

    relay->receiving = true;
    passed = pass(relay, bytes, size);
    relay->receiving = false;
    return passed;
}

static void finish(struct relay *relay)
{
    if (relay->request) {
        answer(relay);
        relay_free(relay);
    } else if (relay->left) {
        relay_free(relay);
    } else {
        http_stream_end(relay->stream); /* on_left follows */
    }
}

static void on_done(void *ctx, struct http_client_response *response, const struct err *err)
{
    struct relay *relay = ctx;

    relay->done = true;
    if (relay->request && err->code)
        forward_failed(relay->request, relay->route, err, &relay->reply);
    else if (relay->request)
        forward_take(response, &relay->reply);
    if (!relay->sending)
        finish(relay);
}

/* -- the start -- */

/* How long the service may take. */
static int limit_ms(const struct gateway *gateway, const struct http_request *request)
{
    const char *text = http_query(request, "wait");
    struct err ignored = {0};
    int64_t wait_s = 0;

    if (!text || text_parse_int(text, 0, WAIT_MAX_S, &wait_s, &ignored) < 0)
        return (int)gateway->settings->forward_ms;
    return (int)wait_s * 1000 + SPARE_MS;
}

static void ask(struct relay *relay)
{
    OWNED_VALUE(forward_head) head = {0};
    const int ms = limit_ms(relay->gateway, relay->request);
    struct http_client_request asked = {.deadline_ms = relay->route->streams ? -1 : ms,
                                        .retries = RETRIES,
                                        .max_body_bytes = MAX_ANSWER};

    if (relay->route->streams) {
        asked.on_body = on_body;
        asked.on_body_ctx = relay;
    }
    http_answer_within(relay->request, ms + GRACE_MS);
    http_on_gone(relay->request, on_gone, relay);
    forward_ask(relay->gateway, relay->request, relay->route, &head, &asked);
    relay->sending = true;
    relay->sent = http_client_send(relay->client, &asked, on_done, relay);
    relay->sending = false;
    if (relay->done)
        finish(relay);
    else if (relay->gone)
        http_client_cancel(relay->client, relay->sent);
}

static struct relay *relay_new(struct gateway *gateway, struct http_request *request,
                               const struct route *route, struct reply *reply)
{
    struct relay *relay;

    if (!forward_is_there(gateway, request, route, reply))
        return NULL;
    relay = calloc(1, sizeof *relay);
    if (!relay || atomic_fetch_add(&gateway->relays, 1) >= (size_t)gateway->settings->relays) {
        if (relay)
            (void)atomic_fetch_sub(&gateway->relays, 1);
        free(relay);
        meters_refused_busy(gateway->meters);
        reply_problem(reply, request, 503,
                      "too many screens follow their zones: raise GARDEN_RELAYS");
        return NULL;
    }
    relay->gateway = gateway;
    relay->request = request;
    relay->route = route;
    relay->client = http_loop_client(request);
    return relay;
}

void relay_start(struct gateway *gateway, struct http_request *request,
                 const struct route *route)
{
    struct reply reply = {0};
    struct relay *relay = relay_new(gateway, request, route, &reply);

    if (relay)
        ask(relay);
    else
        gateway_answer(gateway, request, &reply);
}
