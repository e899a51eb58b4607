/* exporter_health.h - whether the exporter can do its work, for /readyz. */
#ifndef SERVICES_CSV_EXPORTER_EXPORTER_HEALTH_H
#define SERVICES_CSV_EXPORTER_EXPORTER_HEALTH_H

#include "lib/store/store.h"
#include "services/csv-exporter/export_worker.h"

enum { HEALTH_TROUBLES = 3 };

struct exporter_health_conf { /* borrowed */
    struct bus *bus;
    struct store *store;
    struct export_worker *worker;
    struct trouble *troubles; /* HEALTH_TROUBLES */
};

struct exporter_health;

/* Asks once a second, on a thread of its own. */
struct exporter_health *exporter_health_start(const struct exporter_health_conf *conf,
                                              struct err *err);
void exporter_health_free(struct exporter_health *health);
DEFINE_OWNED(exporter_health)

/* Appends the JSON of /readyz; true: it is ready. ctx is a struct exporter_health *. */
bool exporter_health_render(void *ctx, struct buf *out);

#endif
