/* deliver.h - the files into the object store: each by itself whole or not at all, then the
 * manifest, which says what belongs together. */
#ifndef SERVICES_CSV_EXPORTER_DELIVER_H
#define SERVICES_CSV_EXPORTER_DELIVER_H

#include "lib/store/store.h"
#include "services/common/trouble.h"
#include "services/csv-exporter/tables.h"

struct deliver_conf { /* borrowed */
    struct store *store;
    struct trouble *trouble;
    const atomic_bool *stop; /* looked at before each write */
    int64_t until_ms;        /* clock_mono_ms: how long the store may be away */
};

/* event is the one that tells of it (done): its files, offsets and counts are those of the
 * manifest. ERR_CONFLICT once *stop. */
int deliver(const struct deliver_conf *conf, const struct tables *tables,
            const struct export_event *event, struct err *err);

#endif
