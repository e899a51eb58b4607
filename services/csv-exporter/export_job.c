/* export_job.c - see export_job.h. */
#include "services/csv-exporter/export_job.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "services/common/retry.h"
#include "services/csv-exporter/deliver.h"
#include "services/csv-exporter/export_tell.h"
#include "services/csv-exporter/tables.h"

enum { GIVE_BACK_MS = 2000 };

struct job {
    const struct export_job_conf *conf;
    const char *id;
    const struct trace *trace;
    const atomic_bool *stop;
    int64_t start_ms, until_ms; /* clock_mono_ms */
    struct tables tables;
    struct export_file files[DATASET_KINDS];
};

/* -- what is known of it -- */

struct known {
    bool ended;
    int starts;
};

static void look(void *ctx, const struct export *export)
{
    struct known *known = ctx;

    known->ended = export && export_has_ended(export);
    known->starts = export ? export->starts : 0;
}

/* Waits for the bus to say, as long as it takes. */
static int find_out(const struct job *job, struct known *ret_known, struct err *err)
{
    struct retry retry = {0};

    for (;;) {
        struct err why = {0};

        if (atomic_load(job->stop))
            return err_set(err, ERR_CONFLICT, "the export is no longer ours");
        if (export_watch_sync(job->conf->watch, &why) == 0)
            break;
        if (retry_loud(&retry))
            log_warn("%s; trying again", why.text);
        if (!retry_wait(&retry))
            return err_set(err, ERR_CONFLICT, "stopping");
    }
    export_watch_find(job->conf->watch, job->id, look, ret_known);
    return 0;
}

/* -- how it ends -- */

static bool tell_end(const struct job *job, struct export_event *event)
{
    struct err err = {0};

    event->export_id = job->id;
    if (export_tell_surely(job->conf->bus, event, job->trace, job->conf->trouble, &err) == 0)
        return true;
    log_warn("export %s: it cannot be told that it is %s: %s", job->id,
             export_type_names[event->type], err.text);
    return false;
}

static bool fail(const struct job *job, const char *reason)
{
    struct export_event event = {.type = EXPORT_FAILED, .reason = reason};

    log_error("export %s failed: %s", job->id, reason);
    metric_add(job->conf->figures->failed, 1);
    return tell_end(job, &event);
}

static bool give_back(const struct job *job)
{
    struct export_event event = {.type = EXPORT_REQUESTED, .export_id = job->id};
    struct err err = {0};

    metric_add(job->conf->figures->given_back, 1);
    if (export_tell(job->conf->bus, &event, job->trace, GIVE_BACK_MS, &err) < 0)
        log_warn("export %s: it cannot be told that it is given back: %s", job->id, err.text);
    else
        log_info("export %s is given back", job->id);
    return false;
}

static void count_done(const struct job *job)
{
    struct exporter_figures *figures = job->conf->figures;

    metric_add(figures->done, 1);
    metric_observe(figures->seconds, (double)(clock_mono_ms() - job->start_ms) / 1000);
    for (int i = 0; i < DATASET_KINDS; i++)
        metric_set(figures->rows[i], (double)job->tables.files[i].rows);
    metric_set(figures->unreadable, (double)job->tables.unreadable);
    metric_set(figures->repeated, (double)job->tables.repeated);
    metric_set(figures->ended_at, (double)clock_wall_ms() / 1000);
}

/* -- the work -- */

static void describe(struct job *job, struct export_event *ret_event)
{
    for (int i = 0; i < DATASET_KINDS; i++)
        job->files[i] = (struct export_file){.key = dataset_key((enum dataset_kind)i),
                                             .rows = job->tables.files[i].rows,
                                             .size_bytes = job->tables.files[i].size,
                                             .sha256 = job->tables.files[i].sha256};
    *ret_event = (struct export_event){.export_id = job->id,
                                       .type = EXPORT_DONE,
                                       .files = job->files,
                                       .file_count = DATASET_KINDS,
                                       .offsets = job->tables.snapshot.offsets,
                                       .offset_count = job->tables.snapshot.count,
                                       .unreadable = job->tables.unreadable,
                                       .repeated = job->tables.repeated};
}

/* A bus that goes away in the middle is begun with anew: the snapshot is then of later. */
static int make_tables(struct job *job, struct err *err)
{
    const struct tables_conf tables = {.bus = job->conf->bus,
                                       .dir = job->conf->dir,
                                       .memory_bytes = (size_t)job->conf->conf->sort_mb << 20,
                                       .stop = job->stop};
    struct retry retry = {0};

    for (;;) {
        struct err why = {0};

        if (tables_make(&tables, &job->tables, &why) == 0)
            break;
        if (!export_may_pass(why.code) || clock_mono_ms() > job->until_ms)
            return err_set(err, why.code, "%s", why.text);
        tables_done(&job->tables);
        trouble_set(job->conf->trouble, "%s", why.text);
        if (retry_loud(&retry))
            log_warn("export %s: %s; beginning anew", job->id, why.text);
        if (!retry_wait(&retry) || atomic_load(job->stop))
            return err_set(err, ERR_CONFLICT, "the export is no longer ours");
    }
    if (retry.attempts)
        trouble_clear(job->conf->trouble);
    return 0;
}

static bool work(struct job *job)
{
    const struct deliver_conf delivery = {.store = job->conf->store,
                                          .trouble = job->conf->trouble,
                                          .stop = job->stop,
                                          .until_ms = job->until_ms};
    struct export_event event;
    struct err err = {0};

    if (make_tables(job, &err) == 0) {
        describe(job, &event);
        (void)deliver(&delivery, &job->tables, &event, &err);
    }
    if (err.code)
        trouble_clear(job->conf->trouble);
    if (err.code == ERR_CONFLICT && (atomic_load(job->stop) || stopping()))
        return give_back(job);
    if (err.code)
        return fail(job, err.text);
    count_done(job);
    log_info("export %s is done: %llu users, %llu items, %llu interactions, %llu records could "
             "not be read, %llu had been sent again",
             job->id, (unsigned long long)job->files[DATASET_USERS].rows,
             (unsigned long long)job->files[DATASET_ITEMS].rows,
             (unsigned long long)job->files[DATASET_INTERACTIONS].rows,
             (unsigned long long)job->tables.unreadable,
             (unsigned long long)job->tables.repeated);
    return tell_end(job, &event);
}

bool export_job_run(const struct export_job_conf *conf, const char *id,
                    const struct trace *trace, const atomic_bool *stop)
{
    const int64_t now_ms = clock_mono_ms();
    struct job *job = calloc(1, sizeof *job);
    struct export_event started = {.type = EXPORT_STARTED};
    struct known known = {0};
    struct err err = {0};
    bool ended = false;

    if (!job)
        return false;
    *job = (struct job){.conf = conf,
                        .id = id,
                        .trace = trace,
                        .stop = stop,
                        .start_ms = now_ms,
                        .until_ms = now_ms + conf->conf->away_s * 1000};
    if (find_out(job, &known, &err) < 0)
        log_info("export %s: %s", id, err.text);
    else if (known.ended)
        ended = true;
    else if (known.starts >= EXPORT_DEATHS)
        ended = fail(job, "the exporter died at it each time that it was tried");
    else if (tell_end(job, &started))
        ended = work(job);
    tables_done(&job->tables);
    free(job);
    return ended;
}
