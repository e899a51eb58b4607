/* applier.c - see applier.h. */
#include "services/item-ingest/applier.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "proto/topics.h"
#include "services/common/retry.h"
#include "services/item-ingest/batch.h"
#include "services/item-ingest/decide.h"
#include "services/item-ingest/outcome.h"

/* How far a partition of ours is. */
struct position {
    uint64_t epoch;
    int64_t next; /* what the catalogue holds: -1: nothing yet */
};

struct applier {
    struct applier_conf conf;
    pthread_t thread;
    struct position positions[PARTITIONS_MAX];
    struct decision decision;
    struct outcome outcome;
};

static bool is_ours(const struct applier *applier, const struct batch *batch)
{
    return partitions_epoch(applier->conf.partitions, batch->partition) == batch->epoch;
}

/* After a failed call: says so, pauses. False where the batch is to be given up. */
static bool goes_on(const struct applier *applier, const struct batch *batch,
                    struct retry *retry, const struct err *why)
{
    metric_add(applier->conf.figures->retries_catalog, 1);
    trouble_set(applier->conf.trouble, "catalogue: %s", why->text);
    if (retry_loud(retry))
        log_warn("partition %d: %s; trying again", (int)batch->partition, why->text);
    return retry_wait(retry) && is_ours(applier, batch);
}

static void is_well_again(const struct applier *applier, const struct retry *retry)
{
    if (retry->attempts)
        trouble_clear(applier->conf.trouble);
}

/* Finds out what the catalogue knows of the batch's pictures, and decides. */
static bool decide(struct applier *applier, const struct batch *batch)
{
    struct decision *decision = &applier->decision;
    struct retry retry = {0};

    for (;;) {
        struct err err = {0};
        int r = decide_pictures(decision, batch, &err);

        if (r == 0 && decision->count)
            r = catalog_get(applier->conf.catalog, decision->refs, decision->count,
                            decision->rows, decision->found, &err);
        if (r == 0)
            break;
        if (!goes_on(applier, batch, &retry, &err))
            return false;
    }
    is_well_again(applier, &retry);
    decide_batch(decision, batch, applier->conf.figures);
    return true;
}

/* A transaction of which it is not known whether it happened did if the offset says so. */
static int settle_unknown(const struct applier *applier, const struct catalog_offset *offset,
                          struct err *err)
{
    int64_t stored;
    struct err why = {0};
    int r = catalog_offset_get(applier->conf.catalog, offset->group, offset->topic,
                               offset->partition, &stored, &why);

    if (r == 0 && offset->next != offset->expected && stored == offset->next) {
        err_clear(err);
        return 0;
    }
    return err->code;
}

static int apply_once(const struct applier *applier, const struct catalog_batch *rows,
                      struct err *err)
{
    int r = catalog_apply(applier->conf.catalog, rows, err);

    return r < 0 && r != ERR_CONFLICT ? settle_unknown(applier, rows->offset, err) : r;
}

/* Applies until it works. ERR_CONFLICT: the partition is another's; ERR_UNAVAILABLE: the batch
 * is to be given up. */
static int apply(const struct applier *applier, const struct batch *batch,
                 const struct catalog_batch *rows, struct err *err)
{
    struct partitions *partitions = applier->conf.partitions;
    struct retry retry = {0};

    for (;;) {
        struct err why = {0};
        int r;

        if (!partitions_enter(partitions, batch->partition, batch->epoch))
            return err_set(err, ERR_UNAVAILABLE, "the partition was taken away");
        r = apply_once(applier, rows, &why);
        if (r == 0) /* while inside: whoever asks after us finds it */
            partitions_done(partitions, batch->partition, rows->offset->next, batch->newest_ms);
        partitions_leave(partitions, batch->partition);
        if (r == 0)
            break;
        if (r == ERR_CONFLICT)
            return err_set(err, ERR_CONFLICT, "%s", why.text);
        if (!goes_on(applier, batch, &retry, &why))
            return err_set(err, ERR_UNAVAILABLE, "%s", why.text);
    }
    is_well_again(applier, &retry);
    return 0;
}

/* Writes what is ready, with the offset at next. */
static int write_ready(struct applier *applier, struct batch *batch, int64_t next,
                       struct err *err)
{
    struct position *position = &applier->positions[batch->partition];
    struct outcome *outcome = &applier->outcome;
    const struct catalog_offset offset = {.group = applier->conf.group,
                                          .topic = TOPIC_OBJECTS,
                                          .partition = batch->partition,
                                          .expected = position->next,
                                          .next = next};
    struct catalog_batch rows = {.offset = &offset};
    struct outbox_marks marks;
    int64_t start_ns = clock_mono_ns();

    publisher_marks(applier->conf.publisher, &marks);
    if (outcome_collect(outcome, batch, &applier->decision, &marks, applier->conf.figures,
                        err) < 0)
        return err->code;
    buf_append(&outcome->outbox, batch->dead.data, batch->dead.size);
    buf_clear(&batch->dead);
    rows.items = outcome->items;
    rows.item_count = outcome->item_count;
    if (!outbox_is_empty(&outcome->outbox)) {
        rows.outbox = outcome->outbox.data;
        rows.outbox_size = outcome->outbox.size;
    }
    if (!buf_ok(&outcome->outbox))
        return err_set_nomem(err, "the events of a batch");
    if (apply(applier, batch, &rows, err) < 0)
        return err->code;
    position->next = next;
    figures_stage(applier->conf.figures, FIGURE_APPLY, start_ns);
    if (rows.outbox && publisher_push(applier->conf.publisher, batch->partition, batch->epoch,
                                      next, &outcome->outbox) < 0)
        return err_set(err, ERR_UNAVAILABLE, "stopping");
    return 0;
}

/* The offset of the first record whose picture is still being looked at; the end of the batch
 * where there is none. Decides about those that are done. */
static int64_t first_waiting(struct applier *applier, const struct batch *batch,
                             struct verdict **ret_verdict)
{
    struct decision *decision = &applier->decision;
    int64_t first = batch->next;

    *ret_verdict = NULL;
    for (size_t i = 0; i < decision->count; i++) {
        struct verdict *verdict = &decision->verdicts[i];

        if (verdict->state != VERDICT_FETCH)
            continue;
        if (fetcher_done(applier->conf.fetcher, &verdict->job) &&
            verdict->job.outcome != FETCH_STOPPED) {
            decide_fetched(verdict, applier->conf.figures);
        } else if (verdict->change->offset < first || !*ret_verdict) {
            first = verdict->change->offset;
            *ret_verdict = verdict;
        }
    }
    return first;
}

static void wait_for_all(struct applier *applier)
{
    for (size_t i = 0; i < applier->decision.count; i++)
        if (applier->decision.verdicts[i].state == VERDICT_FETCH)
            fetcher_wait(applier->conf.fetcher, &applier->decision.verdicts[i].job);
}

static size_t submit_all(struct applier *applier)
{
    size_t count = 0;

    for (size_t i = 0; i < applier->decision.count; i++) {
        if (applier->decision.verdicts[i].state != VERDICT_FETCH)
            continue;
        fetcher_submit(applier->conf.fetcher, &applier->decision.verdicts[i].job);
        count++;
    }
    return count;
}

/* Has the pictures looked at. What does not depend on them is written as soon as the offset can
 * move at all. */
static int write_around_fetches(struct applier *applier, struct batch *batch, struct err *err)
{
    int64_t start_ns = clock_mono_ns(), next;
    struct verdict *waiting;
    int r = 0;

    next = first_waiting(applier, batch, &waiting);
    if (waiting && next == applier->positions[batch->partition].next) {
        fetcher_wait(applier->conf.fetcher, &waiting->job);
        next = first_waiting(applier, batch, &waiting);
    }
    if (waiting && next > applier->positions[batch->partition].next)
        r = write_ready(applier, batch, next, err);
    wait_for_all(applier); /* also after a failure: the jobs are in use */
    figures_stage(applier->conf.figures, FIGURE_FETCH, start_ns);
    if (r < 0)
        return r;
    (void)first_waiting(applier, batch, &waiting);
    return waiting ? err_set(err, ERR_UNAVAILABLE, "stopping") : 0;
}

static int handle_changes(struct applier *applier, struct batch *batch, struct err *err)
{
    const struct figures *figures = applier->conf.figures;
    int64_t start_ns = clock_mono_ns();

    if (!decide(applier, batch))
        return err_set(err, ERR_UNAVAILABLE, "the partition was taken away");
    figures_stage(figures, FIGURE_DECIDE, start_ns);
    if (submit_all(applier) && write_around_fetches(applier, batch, err) < 0)
        return err->code;
    if (write_ready(applier, batch, batch->next, err) < 0)
        return err->code;
    metric_add(figures->batches, 1);
    metric_observe(figures->batch_records, (double)batch->records);
    return 0;
}

static void handle(struct applier *applier, struct batch *batch)
{
    struct position *position = &applier->positions[batch->partition];
    struct err err = {0};

    if (batch->kind == BATCH_ASSIGNED) {
        *position = (struct position){batch->epoch, batch->next};
        (void)publisher_assigned(applier->conf.publisher, batch->partition, batch->epoch);
        return;
    }
    if (!partitions_wait_open(applier->conf.partitions, batch->partition, batch->epoch)) {
        metric_add(applier->conf.figures->dropped_batches, 1);
        return;
    }
    if (handle_changes(applier, batch, &err) < 0) {
        log_warn("partition %d: a batch is left to its next owner: %s", (int)batch->partition,
                 err.text);
        metric_add(applier->conf.figures->dropped_batches, 1);
        /* what follows must not be applied without it */
        partitions_lose(applier->conf.partitions, batch->partition, batch->epoch);
    }
}

static void *run(void *arg)
{
    struct applier *applier = arg;
    struct batch *batch;

    (void)pthread_setname_np(pthread_self(), "applier");
    while ((batch = ring_pop(applier->conf.batches, -1))) {
        handle(applier, batch);
        batch_reset(batch);
        if (ring_push(applier->conf.empty, batch) < 0)
            batch_free(batch);
    }
    return NULL;
}

struct applier *applier_start(const struct applier_conf *conf, struct err *err)
{
    struct applier *applier = calloc(1, sizeof *applier);

    if (!applier) {
        err_set_nomem(err, "the applier");
        return NULL;
    }
    applier->conf = *conf;
    if (pthread_create(&applier->thread, NULL, run, applier) != 0) {
        free(applier);
        err_set(err, ERR_NOMEM, "starting the applier's thread");
        return NULL;
    }
    return applier;
}

void applier_free(struct applier *applier)
{
    if (!applier)
        return;
    (void)pthread_join(applier->thread, NULL);
    decision_done(&applier->decision);
    outcome_done(&applier->outcome);
    free(applier);
}
