/* decode.h - a record of garden.objects, taken apart into changes of pictures.
 *
 * What cannot be read, and events whose keys no picture can have, become dead letters; events
 * of keys outside imgPool/ and emotions/ are counted and left out. */
#ifndef SERVICES_ITEM_INGEST_DECODE_H
#define SERVICES_ITEM_INGEST_DECODE_H

#include "lib/base/err.h"
#include "lib/bus/bus.h"
#include "services/item-ingest/batch.h"
#include "services/item-ingest/figures.h"

/* Adds what the record says to the batch. Fails only with ERR_NOMEM. */
int decode_record(struct batch *batch, const struct bus_record *record,
                  const struct figures *figures, struct err *err);

/* Appends the dead letter of a record as an outbox frame; index is that of the event in it. */
int decode_dead_letter(struct buf *out, const struct bus_record *original, uint32_t index,
                       const char *reason, struct err *err);

#endif
