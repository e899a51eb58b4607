/* generator_front.c - see generator_front.h. */
#include "services/generator-gpu/generator_front.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/http/server.h"
#include "lib/metrics/metrics.h"

enum { DRAIN_MS = 200, BODY_BYTES = 4096, CONNECTIONS = 256 };

struct generator_front {
    struct http_server *server;
    _Atomic(struct generator_health *) health; /* NULL while starting */
};

static void respond(struct http_request *request, int status, const char *type,
                    struct buf *body)
{
    size_t size = body->size;

    http_respond(request, buf_ok(body) && body->data
                              ? http_response_owned(status, type, buf_take(body), size)
                              : NULL);
}

static void answer_ready(struct generator_front *front, struct http_request *request)
{
    struct generator_health *health = atomic_load(&front->health);
    OWNED_VALUE(buf) body = {0};
    bool ready = false;

    if (health)
        ready = generator_health_render(health, &body);
    else
        buf_append_str(&body, "{\"ready\":false,\"state\":\"starting\"}");
    respond(request, ready ? 200 : 503, "application/json", &body);
}

static void answer_metrics(struct http_request *request)
{
    OWNED_VALUE(buf) body = {0};

    metrics_render(&body);
    respond(request, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
}

static void on_request(void *ctx, struct http_request *request)
{
    const char *path = http_path(request), *method = http_method(request);

    if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0)
        http_respond_text(request, 405, "this address takes GET\n");
    else if (strcmp(path, "/healthz") == 0)
        http_respond_text(request, 200, "ok\n");
    else if (strcmp(path, "/readyz") == 0)
        answer_ready(ctx, request);
    else if (strcmp(path, "/metrics") == 0)
        answer_metrics(request);
    else
        http_respond_text(request, 404, "there are /healthz, /readyz, /metrics\n");
}

struct generator_front *generator_front_start(const char *listen, struct err *err)
{
    struct generator_front *front = calloc(1, sizeof *front);
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
    if (front->server)
        return front;
    free(front);
    return NULL;
}

int generator_front_port(const struct generator_front *front)
{
    return http_server_port(front->server);
}

void generator_front_connect(struct generator_front *front, struct generator_health *health)
{
    atomic_store(&front->health, health);
}

void generator_front_free(struct generator_front *front)
{
    if (!front)
        return;
    http_server_stop(front->server, DRAIN_MS);
    http_server_free(front->server);
    free(front);
}
