/* recommender.c - see recommender.h. */
#include "services/recommender-proxy/recommender.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/json/json_write.h"
#include "services/common/front.h"
#include "services/common/garden_wait.h"
#include "services/common/refuse.h"
#include "services/common/retry.h"
#include "services/recommender-proxy/acts.h"
#include "services/recommender-proxy/answers.h"
#include "services/recommender-proxy/evaluations.h"
#include "services/recommender-proxy/looks.h"
#include "services/recommender-proxy/remote_feed.h"
#include "services/recommender-proxy/snapshot.h"
#include "services/recommender-proxy/trainer.h"

enum {
    REMOTE_THREADS = 32,
    DRAIN_MS = 2000,
    ASK_MS = 5000,
    TROUBLE_TRAINER = INTAKE_TOPICS,
    TROUBLE_FEED,
    TROUBLE_LOOKS,
    TROUBLES,
};

struct service {
    struct recommender parts;
    struct intake *intake;
    struct trainer *trainer;
    struct remote_feed *feed;
    struct evaluations *evaluations;
    struct looks *looks; /* NULL: pictures are not looked at */
    struct front *front;
    struct front_service answers;
    struct trouble troubles[TROUBLES];
    struct follow_offsets offsets[INTAKE_TOPICS];
    bool restored;
    char snapshot[PATH_MAX];
};

/* -- HTTP -- */

static void on_head(void *ctx, struct http_request *request)
{
    (void)ctx;
    answers_head(request);
}

static bool on_other(void *ctx, struct http_request *request)
{
    struct service *service = ctx;

    return evaluations_answer(service->evaluations, request) ||
           answers(&service->parts, request);
}

static void put_trouble(struct service *service, int which, const char *name, struct buf *out)
{
    char text[TROUBLE_TEXT];

    json_put_str(out, name, trouble_get(&service->troubles[which], text) ? text : "ok");
}

/* A remote engine that is away, or a store that is, holds nobody up, so it is told but is no
 * reason not to be ready. */
static bool on_ready(void *ctx, struct buf *out)
{
    struct service *service = ctx;
    const bool whole = intake_is_whole(service->intake);
    const bool ready = whole && trainer_is_ready(service->trainer);
    OWNED_VALUE(buf) detail = {0};
    bool well;

    json_write_open(&detail, '{');
    well = trouble_render(service->troubles, INTAKE_TOPICS, &detail);
    json_put_str(&detail, "engine",
                 service->parts.remote ? service->parts.remote->name : "local");
    if (service->feed)
        put_trouble(service, TROUBLE_FEED, "telling_the_engine", &detail);
    if (service->looks)
        put_trouble(service, TROUBLE_LOOKS, "looking_at_pictures", &detail);
    json_write_close(&detail, '}');
    json_write_open(out, '{');
    json_put_bool(out, "ready", ready && well);
    json_put_str(out, "state",
                 !well    ? "in trouble"
                 : !whole ? "reading what visitors have done"
                 : !ready ? "learning"
                          : "ready");
    json_write_name(out, "detail");
    json_write_raw(out, detail.data, detail.size);
    json_write_close(out, '}');
    return ready && well;
}

/* -- parts -- */

static void init_figures(struct recommender_figures *figures)
{
    static const char acts[] = "Acts of visitors, by what became of them.";

    figures->answers =
        metric_counter("garden_recommender_answers_total", "Answers that were given.", NULL);
    figures->fallbacks = metric_counter(
        "garden_recommender_fallbacks_total",
        "Answers that the local engine gave because the other one did not in time.", NULL);
    figures->seconds =
        metric_histogram("garden_recommender_answer_seconds", "Time that an answer took.", NULL,
                         metric_seconds_bounds, metric_seconds_bound_count);
    figures->accepted =
        metric_counter("garden_recommender_acts_total", acts, "result=\"accepted\"");
    figures->duplicate =
        metric_counter("garden_recommender_acts_total", acts, "result=\"duplicate\"");
    figures->refused =
        metric_counter("garden_recommender_acts_total", acts, "result=\"refused\"");
    figures->trainings =
        metric_counter("garden_recommender_trainings_total", "Trainings that ended.", NULL);
    figures->training_seconds = metric_gauge("garden_recommender_training_seconds",
                                             "Time that the last training took.", NULL);
    figures->learnt_changes =
        metric_gauge("garden_recommender_learnt_changes",
                     "Changes since the start that the last training knew of.", NULL);
}

/* Whether the topics still are those that the snapshot was made from. */
static int check_offsets(void *ctx, struct err *err)
{
    struct service *service = ctx;
    struct bus_partition_info infos[FOLLOW_PARTITIONS];

    for (int i = 0; i < INTAKE_TOPICS; i++) {
        int count = bus_topic_info(service->parts.bus, intake_topics[i], infos,
                                   FOLLOW_PARTITIONS, ASK_MS, err);

        if (count < 0)
            return count;
        for (int p = 0; p < count; p++)
            if (infos[p].partition < FOLLOW_PARTITIONS &&
                service->offsets[i].next[infos[p].partition] > infos[p].high)
                return err_set(err, ERR_INVALID, "%s ends before what it was made from",
                               intake_topics[i]);
    }
    return 0;
}

static int new_local(struct service *service, struct err *err)
{
    const struct rec_local_conf conf = recommender_conf_local(service->parts.conf);

    rec_local_free(service->parts.local);
    service->parts.local = rec_local_new(&conf, err);
    return service->parts.local ? 0 : err->code;
}

static int restore(struct service *service, struct err *err)
{
    struct err wrong = {0};

    if (new_local(service, err) < 0)
        return err->code;
    if (rec_snapshot_read(service->parts.local, service->snapshot, service->offsets, &wrong) ==
            0 &&
        retry_until(check_offsets, service, &wrong) == 0) {
        service->restored = true;
        return 0;
    }
    if (wrong.code != ERR_NOT_FOUND && !stopping())
        log_warn("the snapshot is left alone: %s; the topics are read from their beginning",
                 wrong.text);
    for (int i = 0; i < INTAKE_TOPICS; i++)
        service->offsets[i] = (struct follow_offsets){0};
    return new_local(service, err);
}

static size_t count_threads(const struct recommender *parts)
{
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (parts->conf->threads)
        return (size_t)parts->conf->threads;
    return parts->remote ? REMOTE_THREADS : cores > 0 ? (size_t)cores : 1;
}

static int start_feed(struct service *service, struct err *err)
{
    const struct remote_feed_conf conf = {.bus = service->parts.bus,
                                          .engine = service->parts.remote,
                                          .trouble = &service->troubles[TROUBLE_FEED]};

    if (service->parts.remote)
        service->feed = remote_feed_start(&conf, err);
    return err->code;
}

static int start_looks(struct service *service, struct err *err)
{
    const struct looks_conf conf = {.local = service->parts.local,
                                    .garden = &service->parts.conf->garden,
                                    .trouble = &service->troubles[TROUBLE_LOOKS]};

    if (service->parts.conf->looks)
        service->looks = looks_start(&conf, err);
    return err->code;
}

static int start(struct service *service, struct err *err)
{
    struct recommender *parts = &service->parts;
    struct intake_conf intake = {.bus = parts->bus,
                                 .local = parts->local,
                                 .troubles = service->troubles,
                                 .from = service->offsets};
    struct trainer_conf trainer = {.recommender = parts,
                                   .snapshot = service->snapshot,
                                   .trouble = &service->troubles[TROUBLE_TRAINER],
                                   .restored = service->restored};

    if (start_looks(service, err) < 0)
        return err->code;
    intake.on_item = service->looks ? looks_on_item : NULL;
    intake.ctx = service->looks;
    parts->recent = recent_new(err);
    parts->seen = parts->recent ? acts_seen_new(err) : NULL;
    parts->pool =
        parts->seen ? pool_new(count_threads(parts), (size_t)parts->conf->queue, err) : NULL;
    service->intake = parts->pool ? intake_start(&intake, err) : NULL;
    trainer.intake = service->intake;
    service->trainer = service->intake ? trainer_start(&trainer, err) : NULL;
    service->evaluations = service->trainer ? evaluations_new(parts, err) : NULL;
    if (!service->evaluations || start_feed(service, err) < 0)
        return err->code;
    service->answers = (struct front_service){.ready = on_ready,
                                              .other = on_other,
                                              .head = on_head,
                                              .refuse = refuse_response,
                                              .paths = ANSWERS_PATHS,
                                              .drain_ms = DRAIN_MS,
                                              .ctx = service};
    front_connect(service->front, &service->answers);
    return 0;
}

/* From the door inwards. */
static void stop(struct service *service)
{
    front_free(service->front);
    pool_free(service->parts.pool);
    evaluations_free(service->evaluations);
    remote_feed_free(service->feed);
    trainer_free(service->trainer);
    intake_free(service->intake);
    looks_free(service->looks); /* which the intake tells of pictures */
    acts_seen_free(service->parts.seen);
    recent_free(service->parts.recent);
    rec_local_free(service->parts.local);
    bus_free(service->parts.bus);
    for (int i = 0; i < TROUBLES; i++)
        (void)pthread_mutex_destroy(&service->troubles[i].lock);
}

int recommender_run(const struct recommender_conf *conf, struct rec_engine *remote,
                    struct err *err)
{
    struct service *service = calloc(1, sizeof *service);
    int r;

    if (!service)
        return err_set_nomem(err, "the service");
    service->parts.conf = conf;
    service->parts.remote = remote;
    for (int i = 0; i < TROUBLES; i++)
        (void)pthread_mutex_init(&service->troubles[i].lock, NULL);
    init_figures(&service->parts.figures);
    (void)snprintf(service->snapshot, sizeof service->snapshot, "%s/recommender/snapshot",
                   conf->garden.data);
    service->front = front_start(conf->listen, 0, err);
    if (!service->front) {
        (void)err_wrap(err, "listening on %s", conf->listen);
    } else {
        log_info("answering on port %d by the engine %s", front_port(service->front),
                 remote ? remote->name : "local");
        if (garden_wait(&conf->garden, RECOMMENDER_SERVICE, &service->parts.bus, NULL, err) ==
                0 &&
            restore(service, err) == 0 && start(service, err) == 0)
            (void)stop_wait(-1);
    }
    stop(service);
    free(service);
    r = err->code;
    return r && !stopping() ? r : 0;
}
