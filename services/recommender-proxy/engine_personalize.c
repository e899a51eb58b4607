/* engine_personalize.c - Amazon Personalize: GetRecommendations of a campaign or a recommender;
 * PutEvents, PutItems and PutUsers. See engine_remote.h.
 *
 * Personalize cannot take single items out. Those that were removed are told again with the
 * column AVAILABLE "0", which the filter leaves out; so does who gets the answer, until
 * Personalize has heard of it. */
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "services/common/aws.h"
#include "services/recommender-proxy/engine_remote.h"
#include "services/recommender-proxy/personalize_body.h"
#include "services/recommender-proxy/remote_answer.h"
#include "services/recommender-proxy/remote_batch.h"

enum {
    THREADS = 32, /* that may wait for an answer */
    DONE_BYTES = 64 << 10,
};

struct personalize {
    struct rec_engine engine; /* the first: what others see of it */
    struct aws *runtime, *events;
    char *campaign, *filter, *tracking_id, *items_dataset, *users_dataset;
    bool context;
};

static struct personalize *of(struct rec_engine *engine)
{
    return (struct personalize *)engine;
}

/* -- recommendations -- */

static int recommend(struct rec_engine *engine, const struct rec_query *query,
                     int64_t deadline_ms, struct rec_answer *ret_answer, struct err *err)
{
    const struct personalize *p = of(engine);
    const struct personalize_query conf = {p->campaign, p->filter, p->context};
    struct http_client_response response = {0};
    OWNED_VALUE(buf) body = {0};
    struct aws_request request = {.path = "/recommendations",
                                  .content_type = "application/json",
                                  .max_answer_bytes = REMOTE_ANSWER_BYTES,
                                  .deadline_ms = deadline_ms};
    int r;

    remote_answer_clear(ret_answer);
    personalize_write_query(&body, &conf, query);
    if (!buf_ok(&body))
        return err_set_nomem(err, "a question to Personalize");
    request.body = body.data;
    request.body_size = body.size;
    r = aws_post(p->runtime, &request, &response, err);
    if (r == 0)
        r = remote_answer_personalize(buf_text(&response.body), response.body.size, query,
                                      ret_answer, err);
    http_client_response_done(&response);
    return r < 0 ? err_wrap(err, "recommendations of Amazon Personalize") : 0;
}

/* -- telling it -- */

static int put(const struct personalize *p, const char *path, const struct buf *body,
               int64_t deadline_ms, struct err *err)
{
    const struct aws_request request = {.path = path,
                                        .content_type = "application/json",
                                        .body = body->data,
                                        .body_size = body->size,
                                        .max_answer_bytes = DONE_BYTES,
                                        .deadline_ms = deadline_ms};
    struct http_client_response response = {0};
    int r = 0;

    if (!buf_ok(body))
        return err_set_nomem(err, "events for Personalize");
    r = aws_post(p->events, &request, &response, err);
    http_client_response_done(&response);
    return r;
}

static int tell_records(const struct personalize *p, const struct personalize_kind *kind,
                        const char *dataset, const struct remote_batch *batch,
                        const char *events, struct err *err)
{
    const int64_t deadline_ms = clock_mono_ms() + REMOTE_PUT_MS;

    for (size_t i = 0; i < batch->count;) {
        const void *together[PERSONALIZE_TOGETHER];
        OWNED_VALUE(buf) body = {0};
        size_t n = 0;

        for (; i < batch->count && n < PERSONALIZE_TOGETHER; i++)
            if (batch->keep[i])
                together[n++] = events + i * kind->size;
        personalize_write_records(&body, kind, dataset, together, n);
        if (n > 0 && put(p, kind->path, &body, deadline_ms, err) < 0)
            return err->code;
    }
    return 0;
}

static int put_records(const struct personalize *p, const struct personalize_kind *kind,
                       const char *dataset, const void *events, size_t count, struct err *err)
{
    OWNED_VALUE(remote_batch) batch = {0};
    struct err why = {0};
    int r;

    if (remote_batch_init(&batch, count, err) < 0)
        return err->code;
    for (size_t i = 0; i < count; i++)
        batch.ids[i] = kind->id((const char *)events + i * kind->size);
    remote_batch_check(&batch, personalize_check_id, &why);
    r = remote_batch_latest(&batch, err);
    if (r == 0)
        r = tell_records(p, kind, dataset, &batch, events, err);
    return remote_batch_end(&batch, r, &why, err);
}

static int put_items(struct rec_engine *engine, const struct item_event *events, size_t count,
                     struct err *err)
{
    return put_records(of(engine), &personalize_items, of(engine)->items_dataset, events, count,
                       err);
}

static int put_users(struct rec_engine *engine, const struct user_event *events, size_t count,
                     struct err *err)
{
    return put_records(of(engine), &personalize_users, of(engine)->users_dataset, events, count,
                       err);
}

/* Takes out of the batch the next events of the user of event first, in order. */
static size_t of_one_user(struct remote_batch *batch, const struct interaction_event *events,
                          size_t first,
                          const struct interaction_event *together[PERSONALIZE_TOGETHER])
{
    size_t n = 0;

    for (size_t i = first; i < batch->count && n < PERSONALIZE_TOGETHER; i++) {
        if (!batch->keep[i] || strcmp(events[i].user_id, events[first].user_id) != 0)
            continue;
        batch->keep[i] = false;
        together[n++] = &events[i];
    }
    return n;
}

static int tell_interactions(const struct personalize *p, struct remote_batch *batch,
                             const struct interaction_event *events, struct err *err)
{
    const int64_t deadline_ms = clock_mono_ms() + REMOTE_PUT_MS;

    memset(batch->keep, true, batch->count);
    for (size_t i = 0; i < batch->count; i++) {
        const struct interaction_event *together[PERSONALIZE_TOGETHER];
        const size_t n = of_one_user(batch, events, i, together);
        OWNED_VALUE(buf) body = {0};

        if (n == 0)
            continue;
        personalize_write_events(&body, p->tracking_id, p->context, together, n);
        if (put(p, "/events", &body, deadline_ms, err) < 0)
            return err->code;
    }
    return 0;
}

static int put_interactions(struct rec_engine *engine, const struct interaction_event *events,
                            size_t count, struct err *err)
{
    OWNED_VALUE(remote_batch) batch = {0};
    struct err why = {0};

    if (remote_batch_init(&batch, count, err) < 0)
        return err->code;
    for (size_t i = 0; i < count; i++)
        batch.ids[i] = events[i].item_id;
    remote_batch_check(&batch, personalize_check_id, &why);
    return remote_batch_end(&batch, tell_interactions(of(engine), &batch, events, err), &why,
                            err);
}

/* -- a new one -- */

static void personalize_free(struct rec_engine *engine)
{
    struct personalize *p = of(engine);

    aws_free(p->runtime);
    aws_free(p->events);
    free(p->campaign);
    free(p->filter);
    free(p->tracking_id);
    free(p->items_dataset);
    free(p->users_dataset);
    free(p);
}

static const struct aws_refusal refusals[] = {
    {"InvalidInputException", ERR_INVALID,
     "the schema, the filter or the context is another one; see docs/recommender.md"},
    {"ValidationException", ERR_INVALID, "see docs/recommender.md"},
    {"ResourceNotFoundException", ERR_NOT_FOUND,
     "check the ARNs and the tracking id in RECOMMENDER_PERSONALIZE_*"},
    {"ResourceInUseException", ERR_UNAVAILABLE, "it is being changed; try again"},
    {"AccessDeniedException", ERR_DENIED, "the key lacks a right; see docs/recommender.md"},
};

static struct aws *open_aws(const struct engine_personalize_conf *conf, const char *host,
                            const char *endpoint, struct err *err)
{
    const struct aws_conf aws = {.title = "Amazon Personalize",
                                 .service = "personalize",
                                 .host = host,
                                 .region = conf->region,
                                 .endpoint = endpoint,
                                 .access_key = conf->access_key,
                                 .secret_key = conf->secret_key,
                                 .session_token = conf->session_token,
                                 .refusals = refusals,
                                 .refusal_count = sizeof refusals / sizeof *refusals,
                                 .threads = THREADS};

    return aws_new(&aws, err);
}

static int fill(struct personalize *p, const struct engine_personalize_conf *conf,
                struct err *err)
{
    p->engine =
        (struct rec_engine){.name = "personalize",
                            .recommend = recommend,
                            .put_items = *conf->items_dataset ? put_items : NULL,
                            .put_users = *conf->users_dataset ? put_users : NULL,
                            .put_interactions = *conf->tracking_id ? put_interactions : NULL,
                            .free = personalize_free};
    p->context = conf->context;
    p->campaign = strdup(conf->campaign);
    p->filter = strdup(conf->filter);
    p->tracking_id = strdup(conf->tracking_id);
    p->items_dataset = strdup(conf->items_dataset);
    p->users_dataset = strdup(conf->users_dataset);
    if (!p->campaign || !p->filter || !p->tracking_id || !p->items_dataset || !p->users_dataset)
        return err_set_nomem(err, "the engine");
    p->runtime = open_aws(conf, "personalize-runtime", conf->runtime_endpoint, err);
    if (p->runtime)
        p->events = open_aws(conf, "personalize-events", conf->events_endpoint, err);
    return p->events ? 0 : err->code;
}

struct rec_engine *engine_personalize_new(const struct engine_personalize_conf *conf,
                                          struct err *err)
{
    struct personalize *p = calloc(1, sizeof *p);

    if (!p) {
        err_set_nomem(err, "the engine");
        return NULL;
    }
    if (fill(p, conf, err) == 0)
        return &p->engine;
    personalize_free(&p->engine);
    return NULL;
}
