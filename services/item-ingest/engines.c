/* engines.c - see engines.h. */
#include "services/item-ingest/engines.h"

#include <string.h>

#include "proto/topics.h"
#include "services/common/retry.h"

static int open_catalogs(struct engines *engines, const struct garden_conf *garden,
                         struct err *err)
{
    struct catalog **const handles[] = {&engines->write, &engines->watch, &engines->compare};

    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        if (!*handles[i])
            *handles[i] = garden_open_catalog(garden, handles[i] == &engines->compare, err);
        if (!*handles[i])
            return err->code;
    }
    return 0;
}

/* Opens what is not open yet. */
static int open_missing(void *ctx, struct err *err)
{
    struct engines *engines = ctx;
    const struct garden_conf *garden = engines->garden;

    if (!engines->bus)
        engines->bus = garden_open_bus(garden, INGEST_SERVICE, err);
    if (!engines->bus)
        return err_wrap(err, "opening the bus");
    if (!engines->store)
        engines->store = garden_open_store(garden, err);
    if (!engines->store)
        return err_wrap(err, "opening the store");
    if (open_catalogs(engines, garden, err) < 0)
        return err_wrap(err, "opening the catalogue");
    if (bus_create_topics(engines->bus, garden_topics, garden_topic_count, err) < 0)
        return err_wrap(err, "making the topics");
    return 0;
}

int engines_open(struct engines *engines, const struct ingest_conf *conf, struct err *err)
{
    memset(engines, 0, sizeof *engines);
    engines->garden = &conf->garden;
    return retry_until(open_missing, engines, err);
}

void engines_done(struct engines *engines)
{
    catalog_free(engines->compare);
    catalog_free(engines->watch);
    catalog_free(engines->write);
    store_free(engines->store);
    bus_free(engines->bus);
    memset(engines, 0, sizeof *engines);
}
