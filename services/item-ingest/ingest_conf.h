/* ingest_conf.h - item-ingest's settings. */
#ifndef SERVICES_ITEM_INGEST_INGEST_CONF_H
#define SERVICES_ITEM_INGEST_INGEST_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/conf.h"
#include "services/common/garden_conf.h"

#define INGEST_SERVICE "item-ingest"
#define INGEST_SOURCE "/item-ingest"

struct ingest_conf {
    struct garden_conf garden;
    const char *listen;
    const char *group;
    int64_t batch_records;
    int64_t fetch_threads;
    int64_t picture_bytes;
    bool reconcile;
};

extern const struct conf_field ingest_fields[];
extern const size_t ingest_field_count;

int ingest_conf_load(struct ingest_conf *conf, struct err *err);

#endif
