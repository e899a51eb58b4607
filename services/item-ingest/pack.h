/* pack.h - events of the outbox, made into records and published together. */
#ifndef SERVICES_ITEM_INGEST_PACK_H
#define SERVICES_ITEM_INGEST_PACK_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/bus/bus.h"
#include "services/common/trouble.h"
#include "services/item-ingest/figures.h"
#include "services/item-ingest/outbox.h"

struct pack_conf { /* what it names is borrowed */
    struct bus *bus;
    const struct figures *figures;
    struct trouble *trouble;
};

struct pack;

struct pack *pack_new(const struct pack_conf *conf, struct err *err);
void pack_free(struct pack *pack);
DEFINE_OWNED(pack)

/* Adds an event, whose key, value and texts of headers stay borrowed until it is sent. A full
 * pack is sent first. Fails as pack_send does. */
int pack_add(struct pack *pack, const struct outbox_event *event,
             const struct outbox_marks *marks, struct err *err);

/* Publishes what was added, each event once: waits for a bus that is away, and after a publish
 * of which it is not known whether it worked looks, from the marks on, at what is on the topics
 * already. < 0 only when stopping or without memory: the events are in the outbox still. */
int pack_send(struct pack *pack, const struct outbox_marks *marks, struct err *err);

/* Forgets what was added and not sent. */
void pack_clear(struct pack *pack);

#endif
