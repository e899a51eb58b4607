/* garden_conf.h - the settings that every program of the garden shares, and the engines that
 * they choose. */
#ifndef SERVICES_COMMON_GARDEN_CONF_H
#define SERVICES_COMMON_GARDEN_CONF_H

#include <stdbool.h>

#include "lib/base/conf.h"
#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"
#include "lib/store/store.h"

struct garden_conf {
    const char *data;    /* GARDEN_DATA */
    const char *bus;     /* GARDEN_BUS */
    const char *store;   /* GARDEN_STORE */
    const char *catalog; /* GARDEN_CATALOG */
    bool store_events;   /* GARDEN_STORE_EVENTS: 1 where the object store itself publishes to
                            garden.objects, so that our writers must not */
};

extern const struct conf_field garden_fields[];
extern const size_t garden_field_count;

int garden_conf_load(struct garden_conf *conf, struct err *err);

/* Open what the settings name. client_id names the program to the broker. */
struct bus *garden_open_bus(const struct garden_conf *conf, const char *client_id,
                            struct err *err);
struct store *garden_open_store(const struct garden_conf *conf, struct err *err);
struct catalog *garden_open_catalog(const struct garden_conf *conf, bool read_only,
                                    struct err *err);

#endif
