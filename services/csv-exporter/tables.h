/* tables.h - the three files, made from a snapshot of the topics.
 *
 *   users, items    the last record of each key that can be read; none after a tombstone. By
 * key interactions    each act once: of records with the same event id the first, by partition
 * and offset. By time, then by the row's bytes; the same whatever way they came
 *
 * Records that cannot be read are counted, and the first of them logged. */
#ifndef SERVICES_CSV_EXPORTER_TABLES_H
#define SERVICES_CSV_EXPORTER_TABLES_H

#include "services/csv-exporter/csv_file.h"
#include "services/csv-exporter/snapshot.h"

struct tables_conf { /* borrowed */
    struct bus *bus;
    const char *dir;     /* for temporary files */
    size_t memory_bytes; /* for sorting */
    const atomic_bool *stop;
};

struct tables {
    struct snapshot snapshot;
    struct csv_file files[DATASET_KINDS]; /* by kind */
    uint64_t unreadable, repeated;
};

/* Fixes the snapshot and makes all of it. ERR_CONFLICT once *stop. ret_tables is to be ended in
 * any case. */
int tables_make(const struct tables_conf *conf, struct tables *ret_tables, struct err *err);
void tables_done(struct tables *tables);

#endif
