/* answers.c - see answers.h: which path is whose, and the way onto a thread. */
#include "services/recommender-proxy/answers.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/text.h"
#include "services/common/refuse.h"
#include "services/recommender-proxy/answers_acts.h"
#include "services/recommender-proxy/answers_gardens.h"

enum { BODY_MAX = 4 << 20 };

#define USERS "/v1/users/"
#define RECOMMENDATIONS "/recommendations"

typedef void answer_fn(struct recommender *recommender, struct http_request *request);

static const struct path {
    const char *path, *method;
    answer_fn *answer;
    bool asks_engine; /* and nobody else */
} paths[] = {
    {"/garden", "POST", answers_garden, true},
    {"/like", "POST", answers_like, false},
    {"/v1/events", "POST", answers_events, false},
};

static const struct path recommendations = {NULL, "GET", answers_recommendations, true};

struct call {
    struct recommender *recommender;
    struct http_request *request;
    answer_fn *answer;
};

static void run(struct recommender *recommender, struct http_request *request,
                answer_fn *answer)
{
    log_set_trace(http_trace(request)->trace_id);
    answer(recommender, request);
    log_set_trace(NULL);
}

static void run_call(void *ctx)
{
    struct call *call = ctx;

    run(call->recommender, call->request, call->answer);
    free(call);
}

static void submit(struct recommender *recommender, struct http_request *request,
                   answer_fn *answer)
{
    struct call *call = malloc(sizeof *call);

    if (call) {
        *call = (struct call){recommender, request, answer};
        if (pool_submit(recommender->pool, run_call, call) == 0)
            return;
        free(call);
    }
    refuse(request, 503, "too many wait for an answer: try again in a moment");
}

/* The local engine takes a fraction of a millisecond, much of which handing over to another
 * thread would cost again; whatever may wait for somebody else is handed over. */
static void route(struct recommender *recommender, struct http_request *request,
                  const struct path *path)
{
    if (strcmp(http_method(request), path->method) != 0)
        refuse(request, 405,
               *path->method == 'P' ? "this takes POST, with JSON as its body"
                                    : "this takes GET");
    else if (path->asks_engine && !recommender->remote)
        run(recommender, request, path->answer);
    else
        submit(recommender, request, path->answer);
}

static bool is_recommendations(const char *path)
{
    return text_starts_with(path, USERS) && text_ends_with(path, RECOMMENDATIONS) &&
           strlen(path) > strlen(USERS) + strlen(RECOMMENDATIONS);
}

void answers_head(struct http_request *request)
{
    http_limit_body(request, BODY_MAX);
}

bool answers(struct recommender *recommender, struct http_request *request)
{
    const char *path = http_raw_path(request);

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        if (strcmp(path, paths[i].path) == 0) {
            route(recommender, request, &paths[i]);
            return true;
        }
    if (!is_recommendations(path))
        return false;
    route(recommender, request, &recommendations);
    return true;
}
