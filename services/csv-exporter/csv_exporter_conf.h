/* csv_exporter_conf.h - the exporter's settings. */
#ifndef SERVICES_CSV_EXPORTER_CSV_EXPORTER_CONF_H
#define SERVICES_CSV_EXPORTER_CSV_EXPORTER_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/conf.h"
#include "services/common/garden_conf.h"

#define CSV_EXPORTER_SERVICE "csv-exporter"
#define CSV_EXPORTER_SOURCE "/csv-exporter"

struct csv_exporter_conf {
    struct garden_conf garden;
    const char *listen;
    const char *group;
    int64_t schedule_s;
    int64_t sort_mb;
    int64_t away_s;
};

extern const struct conf_field csv_exporter_fields[];
extern const size_t csv_exporter_field_count;

int csv_exporter_conf_load(struct csv_exporter_conf *conf, struct err *err);

#endif
