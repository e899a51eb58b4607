/* pipeline.c - see pipeline.h. */
#include "services/item-ingest/pipeline.h"

#include <stdlib.h>

#include "services/item-ingest/answers.h"
#include "services/item-ingest/applier.h"
#include "services/item-ingest/batch.h"
#include "services/item-ingest/fetch.h"
#include "services/item-ingest/figures.h"
#include "services/item-ingest/health.h"
#include "services/item-ingest/partitions.h"
#include "services/item-ingest/publisher.h"
#include "services/item-ingest/reader.h"
#include "services/item-ingest/reconcile.h"
#include "services/item-ingest/ring.h"

enum { BATCHES = 4 };

enum { TROUBLE_READER, TROUBLE_APPLIER, TROUBLE_FETCHER, TROUBLE_PUBLISHER };

struct pipeline {
    const struct ingest_conf *conf;
    struct figures figures;
    struct trouble troubles[HEALTH_TROUBLES];
    struct ring *batches, *empty;
    struct partitions *partitions;
    struct fetcher *fetcher;
    struct publisher *publisher;
    struct applier *applier;
    struct reconcile *reconcile;
    struct reader *reader;
    struct health *health;
    struct answers answers;
    struct front_service service;
};

/* Where several share the work, the one with the first partition looks after the store. */
static void on_caught_up(void *ctx)
{
    struct pipeline *pipeline = ctx;

    if (pipeline->conf->reconcile && partitions_epoch(pipeline->partitions, 0))
        (void)reconcile_request(pipeline->reconcile, false);
}

static int make_rings(struct pipeline *pipeline, struct err *err)
{
    pipeline->partitions = partitions_new();
    pipeline->batches = ring_new(BATCHES);
    pipeline->empty = ring_new(BATCHES);
    if (!pipeline->partitions || !pipeline->batches || !pipeline->empty)
        return err_set_nomem(err, "the pipeline");
    for (int i = 0; i < BATCHES; i++) {
        struct batch *batch = batch_new();

        if (!batch || ring_push(pipeline->empty, batch) < 0) {
            batch_free(batch);
            return err_set_nomem(err, "the pipeline");
        }
    }
    return 0;
}

static int start_effects(struct pipeline *pipeline, const struct engines *engines,
                         struct err *err)
{
    const struct fetcher_conf fetcher = {.store = engines->store,
                                         .threads = (int)pipeline->conf->fetch_threads,
                                         .max_bytes = (uint64_t)pipeline->conf->picture_bytes,
                                         .figures = &pipeline->figures,
                                         .trouble = &pipeline->troubles[TROUBLE_FETCHER]};
    const struct publisher_conf publisher = {.bus = engines->bus,
                                             .catalog = engines->write,
                                             .partitions = pipeline->partitions,
                                             .figures = &pipeline->figures,
                                             .trouble = &pipeline->troubles[TROUBLE_PUBLISHER]};
    struct applier_conf applier = {.batches = pipeline->batches,
                                   .empty = pipeline->empty,
                                   .catalog = engines->write,
                                   .group = pipeline->conf->group,
                                   .partitions = pipeline->partitions,
                                   .figures = &pipeline->figures,
                                   .trouble = &pipeline->troubles[TROUBLE_APPLIER]};

    pipeline->fetcher = fetcher_new(&fetcher, err);
    pipeline->publisher = pipeline->fetcher ? publisher_start(&publisher, err) : NULL;
    applier.fetcher = pipeline->fetcher;
    applier.publisher = pipeline->publisher;
    pipeline->applier = pipeline->publisher ? applier_start(&applier, err) : NULL;
    return pipeline->applier ? 0 : err->code;
}

static int start_watch(struct pipeline *pipeline, const struct engines *engines,
                       struct err *err)
{
    const struct reconcile_conf reconcile = {.bus = engines->bus,
                                             .store = engines->store,
                                             .catalog = engines->compare,
                                             .store_events =
                                                 pipeline->conf->garden.store_events,
                                             .figures = &pipeline->figures};
    const struct health_conf health = {.bus = engines->bus,
                                       .store = engines->store,
                                       .catalog = engines->watch,
                                       .partitions = pipeline->partitions,
                                       .figures = &pipeline->figures,
                                       .troubles = pipeline->troubles};

    pipeline->reconcile = reconcile_start(&reconcile, err);
    pipeline->health = pipeline->reconcile ? health_start(&health, err) : NULL;
    return pipeline->health ? 0 : err->code;
}

static int start_reader(struct pipeline *pipeline, const struct engines *engines,
                        struct err *err)
{
    const struct reader_conf reader = {.bus = engines->bus,
                                       .catalog = engines->write,
                                       .group = pipeline->conf->group,
                                       .batch_records = (size_t)pipeline->conf->batch_records,
                                       .batches = pipeline->batches,
                                       .empty = pipeline->empty,
                                       .partitions = pipeline->partitions,
                                       .figures = &pipeline->figures,
                                       .trouble = &pipeline->troubles[TROUBLE_READER],
                                       .on_caught_up = on_caught_up,
                                       .ctx = pipeline};

    pipeline->reader = reader_start(&reader, err);
    return pipeline->reader ? 0 : err->code;
}

struct pipeline *pipeline_start(const struct ingest_conf *conf, const struct engines *engines,
                                struct front *front, struct err *err)
{
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);

    if (!pipeline) {
        err_set_nomem(err, "the pipeline");
        return NULL;
    }
    pipeline->conf = conf;
    for (int i = 0; i < HEALTH_TROUBLES; i++)
        (void)pthread_mutex_init(&pipeline->troubles[i].lock, NULL);
    figures_init(&pipeline->figures);
    if (make_rings(pipeline, err) < 0 || start_effects(pipeline, engines, err) < 0 ||
        start_watch(pipeline, engines, err) < 0 || start_reader(pipeline, engines, err) < 0) {
        pipeline_free(pipeline);
        return NULL;
    }
    pipeline->answers =
        (struct answers){pipeline->health, pipeline->reader, pipeline->reconcile};
    pipeline->service = answers_service(&pipeline->answers);
    front_connect(front, &pipeline->service);
    return pipeline;
}

static void free_batches(struct ring *ring)
{
    struct batch *batch;

    while (ring && (batch = ring_pop(ring, 0)))
        batch_free(batch);
    ring_free(ring);
}

void pipeline_free(struct pipeline *pipeline)
{
    if (!pipeline)
        return;
    reconcile_free(pipeline->reconcile);
    /* from the source to the end, so that each part finds the next one still at work */
    if (pipeline->reader)
        reader_stop(pipeline->reader);
    if (pipeline->batches)
        ring_close(pipeline->batches);
    applier_free(pipeline->applier);
    publisher_free(pipeline->publisher);
    reader_free(pipeline->reader); /* only now, so that the next owner finds all of it done */
    health_free(pipeline->health);
    fetcher_free(pipeline->fetcher);
    free_batches(pipeline->batches);
    free_batches(pipeline->empty);
    partitions_free(pipeline->partitions);
    for (int i = 0; i < HEALTH_TROUBLES; i++)
        (void)pthread_mutex_destroy(&pipeline->troubles[i].lock);
    free(pipeline);
}
