/* front.c - see front.h. */
#include "services/item-ingest/front.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/http/server.h"
#include "lib/json/json.h"
#include "lib/metrics/metrics.h"

#define JSON_TYPE "application/json"

enum { DRAIN_MS = 200, BODY_BYTES = 4096, CONNECTIONS = 256 };

struct front {
    struct http_server *server;
    atomic_bool connected; /* the following are set */
    struct health *health;
    struct reader *reader;
    struct reconcile *reconcile;
};

static void respond_buf(struct http_request *request, int status, const char *type,
                        struct buf *body)
{
    size_t size = body->size;

    http_respond(request, buf_ok(body) && body->data
                              ? http_response_owned(status, type, buf_take(body), size)
                              : NULL);
}

static void answer_ready(const struct front *front, struct http_request *request)
{
    OWNED_VALUE(buf) parts = {0};
    OWNED_VALUE(buf) body = {0};
    const char *state = "starting";
    bool ready = false;

    if (atomic_load(&front->connected)) {
        json_write_open(&parts, '{');
        ready = health_render(front->health, &parts);
        json_write_name(&parts, "reconcile");
        reconcile_render(front->reconcile, &parts);
        json_write_close(&parts, '}');
        state = ready ? "ready" : "in trouble";
        if (ready && !reader_joined(front->reader)) {
            ready = false;
            state = "joining the group";
        }
    }
    json_write_open(&body, '{');
    json_put_bool(&body, "ready", ready);
    json_put_str(&body, "state", state);
    if (parts.size) {
        json_write_name(&body, "detail");
        json_write_raw(&body, parts.data, parts.size);
    }
    json_write_close(&body, '}');
    respond_buf(request, ready ? 200 : 503, JSON_TYPE, &body);
}

static void answer_metrics(struct http_request *request)
{
    OWNED_VALUE(buf) body = {0};

    metrics_render(&body);
    respond_buf(request, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
}

static int begin_reconcile(const struct front *front, const struct http_request *request)
{
    const char *accept = http_query(request, "accept-empty");

    return reconcile_request(front->reconcile, accept && strcmp(accept, "1") == 0) ? 202 : 409;
}

static void answer_reconcile(const struct front *front, struct http_request *request,
                             bool begin)
{
    OWNED_VALUE(buf) body = {0};
    int status = 200;

    if (!atomic_load(&front->connected)) {
        http_respond_text(request, 503, "starting; try again in a moment\n");
        return;
    }
    if (begin)
        status = begin_reconcile(front, request);
    reconcile_render(front->reconcile, &body);
    respond_buf(request, status, JSON_TYPE, &body);
}

static void on_request(void *ctx, struct http_request *request)
{
    const struct front *front = ctx;
    const char *path = http_path(request), *method = http_method(request);
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    bool posts = strcmp(method, "POST") == 0;

    if (strcmp(path, "/reconcile") == 0 && (reads || posts))
        answer_reconcile(front, request, posts);
    else if (!reads)
        http_respond_text(request, 405, "this address takes GET; POST goes to /reconcile\n");
    else if (strcmp(path, "/healthz") == 0)
        http_respond_text(request, 200, "ok\n");
    else if (strcmp(path, "/readyz") == 0)
        answer_ready(front, request);
    else if (strcmp(path, "/metrics") == 0)
        answer_metrics(request);
    else
        http_respond_text(request, 404, "there are /healthz, /readyz, /metrics, /reconcile\n");
}

struct front *front_start(const char *listen, struct err *err)
{
    struct front *front = calloc(1, sizeof *front);
    const struct http_server_conf conf = {.listen = listen,
                                          .listen_fd = http_inherited_fd(),
                                          .loops = 1,
                                          .max_body_bytes = BODY_BYTES,
                                          .max_connections = CONNECTIONS,
                                          .on_request = on_request,
                                          .ctx = front};

    if (!front) {
        err_set_nomem(err, "the HTTP front");
        return NULL;
    }
    front->server = http_server_start(&conf, err);
    if (!front->server) {
        free(front);
        return NULL;
    }
    return front;
}

int front_port(const struct front *front)
{
    return http_server_port(front->server);
}

void front_connect(struct front *front, struct health *health, struct reader *reader,
                   struct reconcile *reconcile)
{
    front->health = health;
    front->reader = reader;
    front->reconcile = reconcile;
    atomic_store(&front->connected, true);
}

void front_free(struct front *front)
{
    if (!front)
        return;
    http_server_stop(front->server, DRAIN_MS);
    http_server_free(front->server);
    free(front);
}
