/* pipeline.h - reader, applier, publisher, and what stands around them, put together.
 *
 *   garden.objects -> reader -> [batches] -> applier -> catalogue (items, offset, outbox)
 *                                               |  \-> fetcher -> store
 *                                               v
 *                                        [parcels] -> publisher -> garden.items, dead letters
 *
 * Each arrow in brackets is a bounded ring, so that a burst is held by the bus and not by us.
 */
#ifndef SERVICES_ITEM_INGEST_PIPELINE_H
#define SERVICES_ITEM_INGEST_PIPELINE_H

#include "lib/base/err.h"
#include "lib/base/owned.h"

#include "services/common/front.h"
#include "services/item-ingest/engines.h"
#include "services/item-ingest/ingest_conf.h"

struct pipeline;

/* Starts all threads and connects the front. What is passed is borrowed; the front has to be
 * freed before the pipeline. */
struct pipeline *pipeline_start(const struct ingest_conf *conf, const struct engines *engines,
                                struct front *front, struct err *err);

/* Finishes the batch that is being written, publishes, leaves the group. */
void pipeline_free(struct pipeline *pipeline);
DEFINE_OWNED(pipeline)

#endif
