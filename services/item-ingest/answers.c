/* answers.c - see answers.h. */
#include "services/item-ingest/answers.h"

#include <string.h>

#include "lib/json/json.h"

static bool ready(void *ctx, struct buf *out)
{
    const struct answers *answers = ctx;
    OWNED_VALUE(buf) parts = {0};
    const char *state = "in trouble";
    bool well;

    json_write_open(&parts, '{');
    well = health_render(answers->health, &parts);
    json_write_name(&parts, "reconcile");
    reconcile_render(answers->reconcile, &parts);
    json_write_close(&parts, '}');
    if (well)
        state = reader_joined(answers->reader) ? "ready" : "joining the group";
    well = well && reader_joined(answers->reader);
    json_write_open(out, '{');
    json_put_bool(out, "ready", well);
    json_put_str(out, "state", state);
    json_write_name(out, "detail");
    json_write_raw(out, buf_text(&parts), parts.size);
    json_write_close(out, '}');
    return well;
}

static int begin_reconcile(const struct answers *answers, const struct http_request *request)
{
    const char *accept = http_query(request, "accept-empty");

    return reconcile_request(answers->reconcile, accept && strcmp(accept, "1") == 0) ? 202
                                                                                     : 409;
}

static bool other(void *ctx, struct http_request *request)
{
    const struct answers *answers = ctx;
    const char *method = http_method(request);
    const bool posts = strcmp(method, "POST") == 0;
    OWNED_VALUE(buf) body = {0};
    int status = 200;

    if (strcmp(http_path(request), "/reconcile") != 0 ||
        (!posts && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0))
        return false;
    if (posts)
        status = begin_reconcile(answers, request);
    reconcile_render(answers->reconcile, &body);
    front_respond(request, status, "application/json", &body);
    return true;
}

struct front_service answers_service(struct answers *answers)
{
    return (struct front_service){
        .ready = ready,
        .other = other,
        .paths = "there are /healthz, /readyz, /metrics, /reconcile, and they take GET; POST "
                 "goes to /reconcile\n",
        .ctx = answers,
    };
}
