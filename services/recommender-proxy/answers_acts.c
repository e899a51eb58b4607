/* answers_acts.c - see answers_acts.h. */
#include "services/recommender-proxy/answers_acts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "proto/codec.h"
#include "services/common/front.h"
#include "services/common/problem.h"
#include "services/common/refuse.h"
#include "services/recommender-proxy/acts.h"

json_t *answers_body(struct http_request *request)
{
    struct err err = {0};
    size_t size;
    const void *bytes = http_body(request, &size);
    json_t *body = json_parse(bytes, size, &err);

    if (json_is_object(body))
        return body;
    refuse(request, 400, body ? "the body is no JSON object" : err.text);
    json_decref(body);
    return NULL;
}

const char *answers_user(struct http_request *request, const json_t *body, const char *name)
{
    const json_t *value = json_object_get(body, name);
    const char *id = json_string_value(value);
    char line[120];
    struct err err = {0};

    if (!id || !*id)
        (void)snprintf(line, sizeof line,
                       "%s is missing, or no text: it says who the visitor is", name);
    else if (strlen(id) > USER_ID_MAX)
        (void)snprintf(line, sizeof line, "%s has %zu bytes: it may have %d", name, strlen(id),
                       USER_ID_MAX);
    else if (codec_check_id(id, &err) < 0)
        (void)snprintf(line, sizeof line, "%s %.80s", name, err.text);
    else
        return id;
    refuse(request, 400, line);
    return NULL;
}

static void not_published(struct http_request *request, const struct err *err)
{
    log_warn("what a visitor did: %s", err->text);
    refuse(request, problem_status_of(err->code),
           "the bus, which keeps what visitors do, does not answer; nothing was taken: send it "
           "again in a moment");
}

void answers_like(struct recommender *recommender, struct http_request *request)
{
    OWNED_JSON body = answers_body(request);
    const char *user = body ? answers_user(request, body, "id") : NULL;
    const json_t *impression = body ? json_object_get(body, "impression") : NULL;
    struct client_act act;
    struct err err = {0};

    if (!user)
        return;
    client_act_like(&act, user, json_string_value(json_object_get(body, "itemId")),
                    json_is_array(impression) ? impression : NULL);
    if (act.status != ACT_REFUSED &&
        acts_publish(recommender, &act, 1, http_trace(request), &err) < 0) {
        not_published(request, &err);
    } else if (act.status == ACT_REFUSED) {
        metric_add(recommender->figures.refused, 1);
        refuse(request, 400, act.detail);
    } else {
        metric_add(recommender->figures.accepted, 1);
        http_respond_text(request, 200, "Success");
    }
    client_act_done(&act);
}

/* -- /v1/events -- */

static const char *const status_names[] = {"accepted", "duplicate", "refused"};

static void write_result(struct buf *out, const json_t *sent, const struct client_act *act)
{
    json_write_open(out, '{');
    json_put_str(out, "event_id", json_string_value(json_object_get(sent, "event_id")));
    json_put_str(out, "status", status_names[act->status]);
    if (*act->detail)
        json_put_str(out, "detail", act->detail);
    json_write_close(out, '}');
}

static void answer_events(struct recommender *recommender, struct http_request *request,
                          const json_t *sent, const struct client_act *acts)
{
    struct metric *const metrics[] = {recommender->figures.accepted,
                                      recommender->figures.duplicate,
                                      recommender->figures.refused};
    OWNED_VALUE(buf) out = {0};

    json_write_open(&out, '{');
    json_write_name(&out, "results");
    json_write_open(&out, '[');
    for (size_t i = 0; i < json_array_size(sent); i++) {
        write_result(&out, json_array_get(sent, i), &acts[i]);
        metric_add(metrics[acts[i].status], 1);
    }
    json_write_close(&out, ']');
    json_write_close(&out, '}');
    front_respond(request, 200, "application/json", &out);
}

void answers_events(struct recommender *recommender, struct http_request *request)
{
    OWNED_JSON body = answers_body(request);
    const json_t *sent = body ? json_object_get(body, "events") : NULL;
    const size_t count = json_array_size(sent);
    struct client_act *acts;
    struct err err = {0};

    if (!body)
        return;
    if (count == 0 || count > ACTS_MAX) {
        refuse(request, 400,
               "events has to be a list of 1 to 1000 events, each like "
               "{\"event_id\":\"1\",\"user_id\":\"a\",\"event_type\":\"like\","
               "\"item_id\":\"emotions/happy/img_1h.jpeg\"}");
        return;
    }
    acts = calloc(count, sizeof *acts);
    if (!acts) {
        refuse(request, 503, "there is no memory for so many events: send fewer, or later");
        return;
    }
    for (size_t i = 0; i < count; i++)
        client_act_read(&acts[i], json_array_get(sent, i));
    if (acts_publish(recommender, acts, count, http_trace(request), &err) < 0)
        not_published(request, &err);
    else
        answer_events(recommender, request, sent, acts);
    for (size_t i = 0; i < count; i++)
        client_act_done(&acts[i]);
    free(acts);
}
