/* engines.c - see engines.h. */
#include "services/item-ingest/engines.h"

#include <string.h>

#include "services/common/garden_wait.h"
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

static int open_catalogs_of(void *ctx, struct err *err)
{
    struct engines *engines = ctx;

    return open_catalogs(engines, engines->garden, err) < 0
               ? err_wrap(err, "opening the catalogue")
               : 0;
}

int engines_open(struct engines *engines, const struct ingest_conf *conf, struct err *err)
{
    memset(engines, 0, sizeof *engines);
    engines->garden = &conf->garden;
    if (garden_wait(&conf->garden, INGEST_SERVICE, &engines->bus, &engines->store, err) < 0)
        return err->code;
    return retry_until(open_catalogs_of, engines, err);
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
