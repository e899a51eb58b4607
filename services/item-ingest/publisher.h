/* publisher.h - puts what the batches made onto garden.items and garden.dead-letters, and then
 * forgets it in the outbox.
 *
 * When a partition is taken over, what its outbox still holds is published first, except what
 * the topics have already: a crash between publishing and forgetting doubles nothing. */
#ifndef SERVICES_ITEM_INGEST_PUBLISHER_H
#define SERVICES_ITEM_INGEST_PUBLISHER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"
#include "services/common/trouble.h"
#include "services/item-ingest/figures.h"
#include "services/item-ingest/outbox.h"
#include "services/item-ingest/partitions.h"

struct publisher_conf {
    struct bus *bus;
    struct catalog *catalog;
    struct partitions *partitions;
    const struct figures *figures;
    struct trouble *trouble; /* says when the bus or the catalogue holds it up */
};

struct publisher;

/* Starts the thread. The conf is copied, what it names is borrowed. */
struct publisher *publisher_start(const struct publisher_conf *conf, struct err *err);

/* Publishes what is there if the bus takes it, ends the thread. */
void publisher_free(struct publisher *publisher);
DEFINE_OWNED(publisher)

/* The partition is ours: the outbox is to be looked through. In the order of the batches. */
int publisher_assigned(struct publisher *publisher, int32_t partition, uint64_t epoch);

/* A batch was applied. Takes the bytes over; none where the batch made no events. Waits while
 * too much is under way. */
int publisher_push(struct publisher *publisher, int32_t partition, uint64_t epoch, int64_t next,
                   struct buf *bytes);

/* How far the topics are, for outbox_begin. May be some seconds old. */
void publisher_marks(struct publisher *publisher, struct outbox_marks *ret_marks);

/* How many batches wait. */
size_t publisher_backlog(struct publisher *publisher);

#endif
