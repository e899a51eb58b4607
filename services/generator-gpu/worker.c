/* worker.c - see worker.h. */
#include "services/generator-gpu/worker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"

enum {
    TAKE_MS = 1000,
    GIVE_BACK_MS = 2000, /* for publishing, at the end */
};

struct worker {
    struct worker_conf conf;
    pthread_t thread;
    bool started;
};

static void count(const struct worker_conf *conf, enum figure_outcome outcome)
{
    metric_add(conf->output.figures->jobs[outcome], 1);
}

/* -- the ends of a job ----------------------------------------------------------------------
 */

/* The end is durable before the job may be committed. Where it cannot be told (only when
 * stopping) the job stays for whoever comes next. */
static void end(const struct worker_conf *conf, struct job *job, struct generation_event *event,
                enum figure_outcome outcome)
{
    struct err err = {0};

    if (tell_surely(conf->output.teller, job, event, 1, &err) < 0) {
        log_error("job %s: its end is not told: %s", job->request.job_id, err.text);
        if (stopping()) {
            queue_leave(conf->queue, job);
            return;
        }
    }
    count(conf, outcome);
    queue_finish(conf->queue, job);
}

static void fail(const struct worker_conf *conf, struct job *job, const char *reason,
                 enum figure_outcome outcome)
{
    struct generation_event event = {.type = GENERATION_FAILED, .reason = reason};

    log_warn("job %s failed: %s", job->request.job_id, reason);
    end(conf, job, &event, outcome);
}

/* Reasons are for the asker, who may be in another time zone. */
static void fail_expired(const struct worker_conf *conf, struct job *job, const char *how_far)
{
    char deadline[CLOCK_TEXT], reason[160];

    clock_format_rfc3339(job->request.deadline_ms, deadline);
    (void)snprintf(reason, sizeof reason, "its deadline (%s) came %s", deadline, how_far);
    fail(conf, job, reason, FIGURE_EXPIRED);
}

bool worker_expire(const struct worker_conf *conf, struct job *job)
{
    struct history_job history;

    if (!event_watch_ask(conf->output.watch, job->request.job_id, &history)) {
        queue_leave(conf->queue, job);
        return false;
    }
    if (history.ended) {
        count(conf, FIGURE_DUPLICATE);
        queue_finish(conf->queue, job);
    } else {
        fail_expired(conf, job, "before a worker was free for it");
    }
    return true;
}

static void bury(const struct worker_conf *conf, struct job *job, uint32_t crashes)
{
    struct err err = {0};
    char reason[160];

    (void)snprintf(reason, sizeof reason,
                   "%u workers crashed over it: it is not tried again (its record is in "
                   "garden.dead-letters)",
                   crashes);
    if (tell_dead_job(conf->output.teller, job, reason, &err) < 0) {
        log_error("job %s: %s", job->request.job_id, err.text);
        if (stopping()) {
            queue_leave(conf->queue, job);
            return;
        }
    }
    metric_add(conf->output.figures->dead_letters, 1);
    fail(conf, job, reason, FIGURE_CRASHED);
}

static void give_back(void *ctx, const struct job *job, uint32_t attempt)
{
    const struct worker_conf *conf = ctx;
    struct generation_event event = {
        .type = GENERATION_ACCEPTED,
        .outputs = (uint32_t)job->request.output_count,
        .steps = output_steps(&conf->output, job),
        .guidance = output_guidance(&conf->output, job),
        .attempt = attempt,
    };
    struct err err = {0};

    if (tell(conf->output.teller, job, &event, 1, GIVE_BACK_MS, &err) < 0)
        log_warn("job %s: giving it back is not told: %s", job->request.job_id, err.text);
    else
        log_info("job %s is given back", job->request.job_id);
}

/* The job does not go on here. given_back: that is told already. */
static void halt(const struct worker_conf *conf, struct job *job, uint32_t attempt,
                 enum control_word word, bool given_back)
{
    switch (word) {
    case CONTROL_ENDED:
        count(conf, FIGURE_CANCELLED);
        log_info("job %s was cancelled", job->request.job_id);
        queue_finish(conf->queue, job);
        return;
    case CONTROL_EXPIRED:
        fail_expired(conf, job, "while it was drawn");
        return;
    case CONTROL_TAKEN:
    case CONTROL_LOST:
        count(conf, FIGURE_LOST);
        log_warn("job %s is another worker's now", job->request.job_id);
        break;
    case CONTROL_STOP:
    case CONTROL_GO: /* a call was cut short by the stop before control heard of it */
        count(conf, FIGURE_GIVEN_BACK);
        break;
    }
    if (!given_back)
        give_back((void *)conf, job, attempt);
    queue_return(conf->queue, job); /* its partition may have come back meanwhile */
}

/* -- a job ----------------------------------------------------------------------------------
 */

/* Why it cannot be drawn here, or NULL. */
static const char *refuse(const struct worker_conf *conf, const struct job *job,
                          char reason[160])
{
    for (size_t i = 0; i < job->request.output_count; i++) {
        const struct generation_output *output = &job->request.outputs[i];

        if ((int64_t)output->width * output->height > conf->max_pixels) {
            (void)snprintf(reason, 160,
                           "%ux%u has more than %lld pixels: ask for a smaller picture, or "
                           "raise GENERATOR_MAX_PIXELS",
                           output->width, output->height, (long long)conf->max_pixels);
            return reason;
        }
    }
    return NULL;
}

static int begin(const struct worker_conf *conf, const struct job *job,
                 const struct history_job *history, uint32_t attempt, struct err *err)
{
    struct generation_event events[2] = {
        {.type = GENERATION_ACCEPTED,
         .outputs = (uint32_t)job->request.output_count,
         .steps = output_steps(&conf->output, job),
         .guidance = output_guidance(&conf->output, job)},
        {.type = GENERATION_STARTED, .attempt = attempt},
    };
    const size_t skip = history->accepted ? 1 : 0;

    metric_add(conf->output.figures->attempts, 1);
    return tell_surely(conf->output.teller, job, events + skip, 2 - skip, err);
}

static int make_outputs(const struct worker_conf *conf, const struct job *job,
                        const struct history_job *history, struct err *err)
{
    for (uint32_t i = 0; i < job->request.output_count; i++) {
        if (history->images & (UINT32_C(1) << i))
            continue; /* by an earlier attempt */
        if (control_ask(conf->output.control) != CONTROL_GO)
            return err_set(err, ERR_UNAVAILABLE, "the job is not to go on");
        if (output_make(&conf->output, job, i, history->attempts > 0, err) < 0)
            return err->code;
    }
    return 0;
}

/* again: it was attempted before, and the worker of that attempt may have told the end. */
static void finish(const struct worker_conf *conf, struct job *job, bool again,
                   int64_t start_ms)
{
    struct history_job history = {.ended = false};
    struct generation_event event = {.type = GENERATION_DONE,
                                     .elapsed_ms = (uint64_t)(clock_mono_ms() - start_ms)};

    if (again)
        (void)event_watch_ask(conf->output.watch, job->request.job_id, &history);
    if (history.ended) {
        count(conf, FIGURE_DUPLICATE);
        queue_finish(conf->queue, job);
        return;
    }
    log_info("job %s: %zu pictures in %llu ms", job->request.job_id, job->request.output_count,
             (unsigned long long)event.elapsed_ms);
    end(conf, job, &event, FIGURE_DONE);
}

static void attempt(const struct worker_conf *conf, struct job *job,
                    const struct history_job *history)
{
    const uint32_t number =
        history->attempts < GENERATION_ATTEMPTS_MAX ? history->attempts + 1 : history->attempts;
    const int64_t start_ms = clock_mono_ms();
    enum control_word word;
    struct err err = {0};
    bool given_back;

    control_begin(conf->output.control, job, number);
    if (begin(conf, job, history, number, &err) == 0)
        (void)make_outputs(conf, job, history, &err);
    word = err.code ? control_ask(conf->output.control) : CONTROL_GO;
    given_back = !control_leave(conf->output.control);
    control_end(conf->output.control);
    if (err.code == 0)
        finish(conf, job, history->attempts > 0, start_ms);
    else if (err.code == ERR_UNAVAILABLE || word != CONTROL_GO)
        halt(conf, job, number, word, given_back);
    else
        fail(conf, job, err.text, FIGURE_FAILED);
}

static void do_job(const struct worker_conf *conf, struct job *job)
{
    struct history_job history;
    char reason[160];

    if (!event_watch_ask(conf->output.watch, job->request.job_id, &history)) { /* stopping */
        queue_leave(conf->queue, job);
        return;
    }
    if (history.ended) {
        count(conf, FIGURE_DUPLICATE);
        queue_finish(conf->queue, job);
    } else if (history_crashes(&history) >= WORKER_CRASHES) {
        bury(conf, job, history_crashes(&history));
    } else if (job_expired(job, clock_wall_ms())) {
        fail_expired(conf, job, "before a worker was free for it");
    } else if (refuse(conf, job, reason)) {
        fail(conf, job, reason, FIGURE_FAILED);
    } else {
        attempt(conf, job, &history);
    }
}

static void *run(void *arg)
{
    const struct worker *worker = arg;

    (void)pthread_setname_np(pthread_self(), "worker");
    while (!stopping()) {
        struct job *job = queue_take(worker->conf.queue, TAKE_MS);

        if (!job)
            continue;
        log_set_trace(job->trace.trace_id);
        do_job(&worker->conf, job);
        log_set_trace(NULL);
    }
    return NULL;
}

struct worker *worker_start(const struct worker_conf *conf, struct err *err)
{
    struct worker *worker = calloc(1, sizeof *worker);

    if (!worker) {
        err_set_nomem(err, "the worker");
        return NULL;
    }
    worker->conf = *conf;
    if (pthread_create(&worker->thread, NULL, run, worker) == 0) {
        worker->started = true;
        return worker;
    }
    err_set_nomem(err, "the worker's thread");
    free(worker);
    return NULL;
}

bool worker_stop(struct worker *worker, int timeout_ms)
{
    struct timespec until;

    if (!worker->started)
        return true;
    control_stop(worker->conf.output.control, give_back, &worker->conf);
    queue_wake(worker->conf.queue);
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    if (pthread_timedjoin_np(worker->thread, NULL, &until) != 0)
        return false;
    worker->started = false;
    return true;
}

void worker_free(struct worker *worker)
{
    if (!worker)
        return;
    if (worker->started)
        (void)pthread_join(worker->thread, NULL);
    free(worker);
}
