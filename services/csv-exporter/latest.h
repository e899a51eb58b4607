/* latest.h - of many records the last of each key, on disk where there are more than memory
 * holds. */
#ifndef SERVICES_CSV_EXPORTER_LATEST_H
#define SERVICES_CSV_EXPORTER_LATEST_H

#include "lib/bus/bus.h"
#include "services/csv-exporter/csv_file.h"

struct latest;

/* dir is borrowed. */
struct latest *latest_new(const char *dir, size_t memory_bytes, struct err *err);
void latest_free(struct latest *latest);
DEFINE_OWNED(latest)

/* What this record's key (without NUL) has from here on: a row, or NULL for nothing. */
int latest_put(struct latest *latest, const struct bus_record *record, const struct buf *row,
               struct err *err);

/* Adds each key's row to the file, in the order of the keys' bytes. Once, at the end. */
int latest_write(struct latest *latest, struct csv_file *file, struct err *err);

#endif
