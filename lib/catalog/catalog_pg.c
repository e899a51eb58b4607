/* catalog_pg.c - the catalogue in PostgreSQL. */
#include "lib/catalog/catalog_internal.h"

struct catalog *catalog_pg_open(const struct catalog_conf *conf, struct err *err)
{
    (void)conf;
    err_set(err, ERR_UNAVAILABLE, "this build has no PostgreSQL catalogue; use sqlite");
    return NULL;
}
