/* catalog_pg.c - the catalogue in PostgreSQL, for several machines.
 *
 * Text is compared as bytes (COLLATE "C"), so that the order is the same as SQLite's. Nothing
 * is used that CockroachDB and YugabyteDB do not mean to speak: no server-side code, no
 * LISTEN, no prepared statements that a pooler would have to know of.
 *
 * What a call may meet: ERR_UNAVAILABLE, the server is away, or gave up on a lock or a
 * statement after the time limit - for catalog_apply that may be after the server committed,
 * when the connection broke before its answer came; the stored offset tells. ERR_TIMEOUT, it
 * did not answer at all. In both cases the next call connects again. */
#include "lib/catalog/catalog_pg.h"

/* Rows of catalog_select that are in memory at once. */
enum { PAGE_ROWS = 2000 };

static int pg_run(struct catalog *catalog, const struct catalog_call *call, struct err *err)
{
    struct catalog_pg *pg = (struct catalog_pg *)catalog;
    const struct catalog_pg_command command = {.text = call->text ? call->text
                                                                  : catalog_sql_text(call->sql),
                                               .params = call->params,
                                               .param_count = call->param_count,
                                               .fn = call->fn,
                                               .ctx = call->ctx};
    int r, tries = 0;

    catalog_pg_start(pg);
    do {
        if (!pg->in_transaction) {
            r = catalog_pg_connect(pg, err);
            if (r < 0)
                return r;
        }
        r = catalog_pg_exec(pg, &command, 1, err);
    } while (r < 0 && catalog_pg_again(pg, tries++, err));
    return r;
}

static int pg_begin(struct catalog *catalog, bool write, struct err *err)
{
    struct catalog_pg *pg = (struct catalog_pg *)catalog;
    int r;

    catalog_pg_start(pg);
    r = catalog_pg_connect(pg, err);
    if (r < 0)
        return r;
    r = catalog_pg_command(
        pg, write ? "BEGIN READ WRITE" : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        err);
    if (r < 0)
        return r;
    pg->in_transaction = true;
    return 0;
}

static void pg_rollback(struct catalog *catalog)
{
    catalog_pg_rollback((struct catalog_pg *)catalog);
}

static void pg_close(struct catalog *catalog)
{
    struct catalog_pg *pg = (struct catalog_pg *)catalog;

    catalog_pg_disconnect(pg);
    free(pg->url);
    free(pg);
}

static int check_url(const char *url, struct err *err)
{
    char *why = NULL;
    PQconninfoOption *options = PQconninfoParse(url, &why);
    int r = 0;

    if (!options)
        r = err_set(err, ERR_INVALID, "the catalogue url: %.*s",
                    (int)strcspn(why ? why : "", "\n"), why ? why : "");
    PQconninfoFree(options);
    PQfreemem(why);
    return r;
}

static int open_server(struct catalog_pg *pg, const struct catalog_conf *conf, struct err *err)
{
    int r = check_url(conf->url, err);

    if (r < 0)
        return r;
    pg->url = strdup(conf->url);
    if (!pg->url)
        return err_set_nomem(err, "the catalogue");
    catalog_pg_start(pg);
    r = catalog_pg_connect(pg, err);
    return r < 0 ? r : catalog_pg_prepare(pg, err);
}

struct catalog *catalog_pg_open(const struct catalog_conf *conf, struct err *err)
{
    static const struct catalog_ops ops = {
        .may_block = true,
        .page_rows = PAGE_ROWS,
        .close = pg_close,
        .run = pg_run,
        .begin = pg_begin,
        .rollback = pg_rollback,
        .get = catalog_pg_get,
        .apply = catalog_pg_apply,
    };
    struct catalog_pg *pg = calloc(1, sizeof *pg);

    if (!pg) {
        err_set_nomem(err, "the catalogue");
        return NULL;
    }
    pg->base.ops = &ops;
    pg->base.read_only = conf->read_only;
    pg->timeout_ms = conf->timeout_ms > 0 ? conf->timeout_ms : CATALOG_TIMEOUT_MS;
    if (open_server(pg, conf, err) < 0) {
        pg_close(&pg->base);
        return NULL;
    }
    return &pg->base;
}
