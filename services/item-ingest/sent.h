/* sent.h - which of our events are on garden.items and garden.dead-letters already.
 *
 * Asked after a crash and after a publish of which nobody knows whether it worked: events of
 * the outbox have the same ce_id whenever they are made, so what is found is left out. */
#ifndef SERVICES_ITEM_INGEST_SENT_H
#define SERVICES_ITEM_INGEST_SENT_H

#include "lib/base/err.h"
#include "lib/bus/bus.h"
#include "services/item-ingest/hashset.h"
#include "services/item-ingest/outbox.h"

/* Where both topics end now. */
int sent_marks(struct bus *bus, struct outbox_marks *ret_marks, struct err *err);

/* Adds the hash of each event (sent_hash) from the marks on. */
int sent_scan(struct bus *bus, const struct outbox_marks *marks, struct hashset *sent,
              struct err *err);

/* Adds those of the last dead letters, however old: a replay of garden.objects then makes no
 * second letter. */
int sent_dead_letters(struct bus *bus, struct hashset *sent, struct err *err);

uint64_t sent_hash(const struct outbox_event *event);

#endif
