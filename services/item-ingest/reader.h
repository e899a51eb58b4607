/* reader.h - garden.objects into batches: polls, takes the records apart, hands them on.
 *
 * A batch is what was there when the applier had room: one record when they come one by one,
 * so that nobody waits, and up to the limit under a burst. Where a partition starts is what the
 * catalogue says, because the offset is stored with the effect. */
#ifndef SERVICES_ITEM_INGEST_READER_H
#define SERVICES_ITEM_INGEST_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"
#include "services/common/trouble.h"
#include "services/item-ingest/figures.h"
#include "services/item-ingest/partitions.h"
#include "services/item-ingest/ring.h"

struct reader_conf {
    struct bus *bus;
    struct catalog *catalog; /* asked for offsets only */
    const char *group;
    size_t batch_records;
    struct ring *batches; /* full ones, to the applier */
    struct ring *empty;   /* struct batch *, how many there are limits what is under way */
    struct partitions *partitions;
    const struct figures *figures;
    struct trouble *trouble;         /* says when the bus holds it up */
    void (*on_caught_up)(void *ctx); /* once, when everything that was there has been read */
    void *ctx;
};

struct reader;

/* Starts the thread. The conf is copied, what it names is borrowed. */
struct reader *reader_start(const struct reader_conf *conf, struct err *err);

/* True once the group was joined. */
bool reader_joined(struct reader *reader);

/* Ends the thread's reading; it still is a member, whose partitions nobody else gets. */
void reader_stop(struct reader *reader);

/* Stops, leaves the group. What was read has to be handled before. */
void reader_free(struct reader *reader);
DEFINE_OWNED(reader)

#endif
