/* front.c - see front.h. */
#include "services/common/front.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "lib/metrics/metrics.h"

enum { DRAIN_MS = 200, CONNECTIONS = 256 };

struct front {
    struct http_server *server;
    _Atomic(const struct front_service *) service; /* NULL while starting */
};

void front_respond(struct http_request *request, int status, const char *type, struct buf *body)
{
    size_t size = body->size;

    http_respond(request, buf_ok(body) && body->data
                              ? http_response_owned(status, type, buf_take(body), size)
                              : NULL);
}

static void answer_ready(const struct front_service *service, struct http_request *request)
{
    OWNED_VALUE(buf) body = {0};
    bool ready = false;

    if (service)
        ready = service->ready(service->ctx, &body);
    else
        buf_append_str(&body, "{\"ready\":false,\"state\":\"starting\"}");
    front_respond(request, ready ? 200 : 503, "application/json", &body);
}

static void answer_metrics(struct http_request *request)
{
    OWNED_VALUE(buf) body = {0};

    metrics_render(&body);
    front_respond(request, 200, "text/plain; version=0.0.4; charset=utf-8", &body);
}

static void answer_starting(struct http_request *request)
{
    static const char text[] = "starting; try again in a moment\n";
    struct http_response *response =
        http_response_static(503, "text/plain; charset=utf-8", text, sizeof text - 1);

    if (response)
        http_response_header(response, "Retry-After", "1");
    http_respond(request, response);
}

static bool is_get(const struct http_request *request)
{
    return strcmp(http_method(request), "GET") == 0 ||
           strcmp(http_method(request), "HEAD") == 0;
}

static void answer_other(const struct front_service *service, struct http_request *request)
{
    if (!service)
        answer_starting(request);
    else if (service->other && service->other(service->ctx, request))
        return;
    else
        http_respond_text(request, is_get(request) ? 404 : 405, service->paths);
}

static void on_request(void *ctx, struct http_request *request)
{
    const struct front *front = ctx;
    const struct front_service *service = atomic_load(&front->service);
    const char *path = http_path(request);
    const bool reads = is_get(request);

    if (reads && strcmp(path, "/healthz") == 0)
        http_respond_text(request, 200, "ok\n");
    else if (reads && strcmp(path, "/readyz") == 0)
        answer_ready(service, request);
    else if (reads && strcmp(path, "/metrics") == 0)
        answer_metrics(request);
    else
        answer_other(service, request);
}

/* What cannot be answered yet is not read either. */
static void on_head(void *ctx, struct http_request *request)
{
    const struct front *front = ctx;
    const struct front_service *service = atomic_load(&front->service);

    if (is_get(request))
        return;
    if (!service)
        answer_starting(request);
    else if (service->head)
        service->head(service->ctx, request);
}

static void on_answered(void *ctx, const struct http_request *request, int status,
                        uint64_t body_bytes, int64_t took_ns)
{
    const struct front *front = ctx;
    const struct front_service *service = atomic_load(&front->service);

    (void)status;
    (void)body_bytes;
    (void)took_ns;
    if (service && service->answered)
        service->answered(service->ctx, request);
}

static struct http_response *on_error(void *ctx, const struct http_request *request, int status,
                                      const char *text)
{
    const struct front *front = ctx;
    const struct front_service *service = atomic_load(&front->service);

    return service && service->refuse ? service->refuse(service->ctx, request, status, text)
                                      : NULL;
}

struct front *front_start(const char *listen, int loops, struct err *err)
{
    return front_open(&(struct front_conf){.listen = listen, .loops = loops}, err);
}

struct front *front_open(const struct front_conf *wanted, struct err *err)
{
    struct front *front = calloc(1, sizeof *front);
    const struct http_server_conf conf = {
        .listen = wanted->listen,
        .listen_fd = http_inherited_fd(),
        .loops = wanted->loops,
        .max_body_bytes = FRONT_BODY_BYTES,
        .max_connections = wanted->max_connections ? wanted->max_connections : CONNECTIONS,
        .head_bytes = wanted->head_bytes,
        .on_head = on_head,
        .on_request = on_request,
        .on_answered = on_answered,
        .on_error = on_error,
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

int front_port(const struct front *front)
{
    return http_server_port(front->server);
}

void front_connect(struct front *front, const struct front_service *service)
{
    atomic_store(&front->service, service);
}

void front_free(struct front *front)
{
    const struct front_service *service = front ? atomic_load(&front->service) : NULL;

    if (!front)
        return;
    http_server_stop(front->server,
                     service && service->drain_ms ? service->drain_ms : DRAIN_MS);
    http_server_free(front->server);
    free(front);
}
