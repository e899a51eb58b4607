/* evaluations.c - see evaluations.h. */
#include "services/recommender-proxy/evaluations.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/json/json.h"
#include "services/common/front.h"
#include "services/common/refuse.h"
#include "services/recommender-proxy/evaluation.h"

#define PATH "/v1/evaluations"
#define DAY_MS INT64_C(86400000)

enum { REMEMBERED = 16 };

enum state { RUNNING, DONE, FAILED };

struct one {
    int64_t id; /* 0: none */
    enum state state;
    double done;
    struct evaluation_conf conf;
    struct evaluation_result result;
    struct err err;
};

struct evaluations {
    const struct recommender *recommender;
    pthread_mutex_t lock;
    pthread_t thread;
    bool started;
    atomic_bool stop;
    int64_t next_id;
    struct one ones[REMEMBERED]; /* locked; id % REMEMBERED */
    struct one *running;
};

/* -- running -- */

static bool go_on(void *ctx, double done)
{
    struct evaluations *evaluations = ctx;

    (void)pthread_mutex_lock(&evaluations->lock);
    evaluations->running->done = done;
    (void)pthread_mutex_unlock(&evaluations->lock);
    return !atomic_load(&evaluations->stop);
}

static void *run(void *arg)
{
    struct evaluations *evaluations = arg;
    struct evaluation_result result = {0};
    struct err err = {0};
    struct evaluation_conf conf;

    (void)pthread_setname_np(pthread_self(), "evaluation");
    (void)pthread_mutex_lock(&evaluations->lock);
    conf = evaluations->running->conf;
    (void)pthread_mutex_unlock(&evaluations->lock);
    (void)evaluation_run(&conf, &result, &err);
    (void)pthread_mutex_lock(&evaluations->lock);
    evaluations->running->state = err.code ? FAILED : DONE;
    evaluations->running->result = result;
    evaluations->running->err = err;
    evaluations->running = NULL;
    (void)pthread_mutex_unlock(&evaluations->lock);
    return NULL;
}

struct evaluations *evaluations_new(const struct recommender *recommender, struct err *err)
{
    struct evaluations *evaluations = calloc(1, sizeof *evaluations);

    if (!evaluations) {
        (void)err_set_nomem(err, "the evaluations");
        return NULL;
    }
    evaluations->recommender = recommender;
    evaluations->next_id = 1;
    (void)pthread_mutex_init(&evaluations->lock, NULL);
    return evaluations;
}

static void join(struct evaluations *evaluations)
{
    if (evaluations->started)
        (void)pthread_join(evaluations->thread, NULL);
    evaluations->started = false;
}

void evaluations_free(struct evaluations *evaluations)
{
    if (!evaluations)
        return;
    atomic_store(&evaluations->stop, true);
    join(evaluations);
    (void)pthread_mutex_destroy(&evaluations->lock);
    free(evaluations);
}

/* -- answers -- */

static void put_number(struct buf *out, const char *name, double number)
{
    json_write_name(out, name);
    json_write_number(out, number);
}

static void write_estimate(struct buf *out, const char *name,
                           const struct rec_estimate *estimate)
{
    json_write_name(out, name);
    json_write_open(out, '{');
    put_number(out, "value", estimate->value);
    put_number(out, "standard_error", estimate->standard_error);
    json_write_close(out, '}');
}

static void write_result(struct buf *out, const struct evaluation_result *result)
{
    put_number(out, "logged", result->logged);
    write_estimate(out, "ips", &result->policy.ips);
    write_estimate(out, "snips", &result->policy.snips);
    write_estimate(out, "dr", &result->policy.dr);
    put_number(out, "effective_sample_size", result->policy.effective_sample_size);
    put_number(out, "mean_weight", result->policy.mean_weight);
    put_number(out, "clipped_share", result->policy.clipped_share);
    json_put_int(out, "acts", (int64_t)result->acts);
    json_put_int(out, "judged_acts", (int64_t)result->judged_acts);
    json_put_int(out, "judged_places", (int64_t)result->judged_places);
    json_put_int(out, "without_propensities", (int64_t)result->unknown);
}

static void write_policy(struct buf *out, const struct evaluation_conf *conf)
{
    json_write_name(out, "policy");
    json_write_open(out, '{');
    put_number(out, "exploration", (double)conf->policy.exploration);
    json_put_int(out, "exploration_days", conf->policy.exploration_age_ms / DAY_MS);
    json_put_int(out, "factors", conf->policy.als.factors);
    json_put_int(out, "sweeps", conf->policy.als.sweeps);
    put_number(out, "learn_share", conf->learn_share);
    put_number(out, "clip", conf->clip);
    json_write_close(out, '}');
}

static void write_one(struct buf *out, const struct one *one)
{
    static const char *const states[] = {"running", "done", "failed"};

    json_write_open(out, '{');
    json_put_int(out, "id", one->id);
    json_put_str(out, "state", states[one->state]);
    put_number(out, "done", one->state == DONE ? 1 : one->done);
    write_policy(out, &one->conf);
    if (one->state == DONE)
        write_result(out, &one->result);
    if (one->state == FAILED)
        json_put_str(out, "reason", one->err.text);
    json_write_close(out, '}');
}

static void answer_get(struct evaluations *evaluations, struct http_request *request,
                       const char *text)
{
    OWNED_VALUE(buf) out = {0};
    struct err err = {0};
    int64_t id = 0;
    bool found;

    if (text_parse_int(text, 1, INT64_MAX, &id, &err) < 0)
        id = 0;
    (void)pthread_mutex_lock(&evaluations->lock);
    found = id > 0 && evaluations->ones[id % REMEMBERED].id == id;
    if (found)
        write_one(&out, &evaluations->ones[id % REMEMBERED]);
    (void)pthread_mutex_unlock(&evaluations->lock);
    if (found)
        front_respond(request, 200, "application/json", &out);
    else
        refuse(request, 404,
               "there is no such evaluation: they are forgotten when the service "
               "starts anew, and when there were many after it");
}

/* -- asking for one -- */

static int read_number(const json_t *body, const char *name, double min, double max,
                       double *ret, struct err *err)
{
    double number = *ret;

    if (json_opt_number(body, name, &number, err) < 0)
        return err->code;
    if (!(number >= min && number <= max))
        return err_set(err, ERR_INVALID, "%s is %g: it takes %g to %g", name, number, min, max);
    *ret = number;
    return 0;
}

/* What is not named is as it is now. */
static int read_conf(const struct evaluations *evaluations, const json_t *body,
                     struct evaluation_conf *ret, struct err *err)
{
    const struct recommender *recommender = evaluations->recommender;
    struct evaluation_conf conf = {.bus = recommender->bus,
                                   .policy = recommender_conf_local(recommender->conf),
                                   .learn_share = 0.5,
                                   .clip = 20};
    double exploration = (double)conf.policy.exploration;
    double days = (double)conf.policy.exploration_age_ms / (double)DAY_MS;
    double factors = conf.policy.als.factors, sweeps = conf.policy.als.sweeps;

    if (read_number(body, "exploration", 0, 1, &exploration, err) < 0 ||
        read_number(body, "exploration_days", 0, 3650, &days, err) < 0 ||
        read_number(body, "factors", 16, REC_FACTORS_MAX, &factors, err) < 0 ||
        read_number(body, "sweeps", 1, 100, &sweeps, err) < 0 ||
        read_number(body, "learn_share", 0, 0.95, &conf.learn_share, err) < 0 ||
        read_number(body, "clip", 0, 1e6, &conf.clip, err) < 0)
        return err->code;
    if ((int)factors % 16 != 0)
        return err_set(err, ERR_INVALID, "factors is %g: it takes a multiple of 16", factors);
    conf.policy.exploration = (float)exploration;
    conf.policy.exploration_age_ms = (int64_t)days * DAY_MS;
    conf.policy.als.factors = (int)factors;
    conf.policy.als.sweeps = (int)sweeps;
    *ret = conf;
    return 0;
}

static int start(struct evaluations *evaluations, const struct evaluation_conf *conf,
                 struct one *ret_one, struct err *err)
{
    struct one *one;
    int r = 0;

    (void)pthread_mutex_lock(&evaluations->lock);
    if (evaluations->running) {
        r = err_set(err, ERR_CONFLICT, "evaluation %lld is under way: wait for its end",
                    (long long)evaluations->running->id);
    } else {
        join(evaluations); /* it has ended */
        one = &evaluations->ones[evaluations->next_id % REMEMBERED];
        *one = (struct one){.id = evaluations->next_id++, .conf = *conf};
        one->conf.go_on = go_on;
        one->conf.ctx = evaluations;
        evaluations->running = one;
        evaluations->started =
            pthread_create(&evaluations->thread, NULL, run, evaluations) == 0;
        if (!evaluations->started) {
            one->id = 0;
            evaluations->running = NULL;
            r = err_set_nomem(err, "an evaluation");
        } else {
            *ret_one = *one;
        }
    }
    (void)pthread_mutex_unlock(&evaluations->lock);
    return r;
}

static void answer_post(struct evaluations *evaluations, struct http_request *request)
{
    size_t size;
    const void *bytes = http_body(request, &size);
    struct err err = {0};
    OWNED_JSON body = size ? json_parse(bytes, size, &err) : json_object();
    OWNED_VALUE(buf) out = {0};
    struct evaluation_conf conf = {0};
    struct http_response *response;
    struct one one = {0};
    char location[64];

    if (body && !json_is_object(body))
        (void)err_set(&err, ERR_INVALID, "the body is no JSON object");
    if (err.code || read_conf(evaluations, body, &conf, &err) < 0 ||
        start(evaluations, &conf, &one, &err) < 0) {
        refuse_err(request, &err);
        return;
    }
    write_one(&out, &one);
    response = http_response_copy(202, "application/json", buf_text(&out), out.size);
    (void)snprintf(location, sizeof location, PATH "/%lld", (long long)one.id);
    if (response)
        http_response_header(response, "Location", location);
    http_respond(request, response);
}

bool evaluations_answer(struct evaluations *evaluations, struct http_request *request)
{
    const char *path = http_path(request), *method = http_method(request);

    if (strcmp(path, PATH) == 0) {
        if (strcmp(method, "POST") == 0)
            answer_post(evaluations, request);
        else
            refuse(request, 405, "this takes POST");
        return true;
    }
    if (!text_starts_with(path, PATH "/"))
        return false;
    if (strcmp(method, "GET") == 0)
        answer_get(evaluations, request, path + sizeof PATH);
    else
        refuse(request, 405, "this takes GET");
    return true;
}
