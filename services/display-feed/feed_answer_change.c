/* feed_answer_change.c - PUT /v1/zones/{zone} and POST /updateDisplay. On a thread. */
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "services/common/problem.h"
#include "services/display-feed/change.h"
#include "services/display-feed/feed_answers.h"

enum {
    COPIES_MS = 2000,
    WHOLE_MS = 3000
}; /* a service that has just been started again reads first */

/* A refusal that lists the keys that are wrong. */
static void refuse_keys(struct http_request *request, const char *detail,
                        const struct buf *unknown)
{
    const struct problem problem = {.status = 422,
                                    .detail = detail,
                                    .instance = http_raw_path(request),
                                    .trace_id = http_trace(request)->trace_id};
    OWNED_VALUE(buf) out = {0};

    problem_write(&out, &problem);
    if (out.size > 0)
        out.size--; /* goes on where it was closed */
    json_write_name(&out, "keys");
    json_write_open(&out, '[');
    json_write_raw(&out, unknown->data, unknown->size);
    json_write_close(&out, ']');
    json_write_close(&out, '}');
    http_respond(request, buf_ok(&out)
                              ? http_response_copy(422, PROBLEM_TYPE, out.data, out.size)
                              : NULL);
}

static bool is_v1(const struct http_request *request)
{
    return strncmp(http_raw_path(request), "/v1/", 4) == 0;
}

/* Reads, looks up and publishes. Returns 0 or the status to refuse with. */
static int apply(struct display_feed_parts *parts, struct http_request *request,
                 struct change *change, struct manifest **ret_manifest, struct buf *ret_unknown,
                 struct err *err)
{
    const struct display_publisher_change published = {
        .zone = change->zone, .make = change_make, .ctx = change, .trace = http_trace(request)};
    const int status = change_find(change, parts->pictures, ret_unknown, err);

    if (status)
        return status;
    if (display_publisher_publish(parts->publisher, &published, ret_manifest, err) < 0)
        return problem_status_of(err->code);
    metric_add(parts->figures.changes, 1);
    if (!copies_wait(parts->copies, *ret_manifest, COPIES_MS))
        log_warn("zone %s is changed, its copies for old screens are not yet", change->zone);
    return 0;
}

/* Returns 0 or the status to refuse with. */
static int check_zone(struct display_feed_parts *parts, const char *zone, struct err *err)
{
    if (!zones_await_whole(parts->zones, WHOLE_MS)) {
        (void)err_set(err, ERR_UNAVAILABLE,
                      "what the zones show is being read: try again in a moment");
        return 503;
    }
    if (!zones_has_room(parts->zones, zone)) {
        (void)err_set(err, ERR_INVALID,
                      "there are %lld zones already: raise DISPLAY_FEED_ZONES",
                      (long long)parts->conf->max_zones);
        return 422;
    }
    return 0;
}

/* NULL: it was refused. */
static struct manifest *put(struct display_feed_parts *parts, struct http_request *request,
                            const char *zone, const json_t *root)
{
    struct change change = {0};
    struct manifest *manifest = NULL;
    OWNED_VALUE(buf) unknown = {0};
    struct err err = {0};
    int status = change_read(&change, zone, root, clock_wall_ms(), parts->conf->lead_ms, &err);

    if (status == 0)
        status = check_zone(parts, zone, &err);
    if (status == 0)
        status = apply(parts, request, &change, &manifest, &unknown, &err);
    if (status >= 500)
        log_warn("changing zone %s: %s", zone, err.text);
    if (status && unknown.size > 0 && is_v1(request))
        refuse_keys(request, err.text, &unknown);
    else if (status)
        refuse(request, status, err.text);
    return status ? NULL : manifest;
}

void feed_answer_put(struct display_feed_parts *parts, struct http_request *request,
                     const char *name)
{
    OWNED_JSON root = feed_answer_body(request);
    OWNED(manifest) manifest = root ? put(parts, request, name, root) : NULL;
    struct http_response *response;

    if (!manifest)
        return;
    response =
        http_response_copy(200, "application/json", manifest->json.data, manifest->json.size);
    if (response) {
        http_response_header(response, "ETag", manifest->etag);
        http_response_header(response, "Cache-Control", "no-store");
    }
    http_respond(request, response);
}

void feed_answer_update(struct display_feed_parts *parts, struct http_request *request,
                        const char *name)
{
    OWNED_JSON root = feed_answer_body(request);
    OWNED(manifest) manifest = NULL;
    const char *zone = "";
    struct err err = {0};

    (void)name;
    if (!root)
        return;
    if (json_get_str(root, "zone", &zone, &err) < 0 || display_zone_check(zone, &err) < 0) {
        refuse_err(request, &err);
        return;
    }
    manifest = put(parts, request, zone, root);
    if (manifest)
        http_respond_text(request, 200, "sucess");
}
