/* catalog_pg.h - what the parts of the PostgreSQL backend share. */
#ifndef LIB_CATALOG_CATALOG_PG_H
#define LIB_CATALOG_CATALOG_PG_H

#include <libpq-fe.h>

#include "lib/catalog/catalog_internal.h"

enum { CATALOG_PG_PARAMS = 16, CATALOG_PG_STATE = 6 };

struct catalog_pg {
    struct catalog base;
    char *url;
    int timeout_ms;
    int64_t deadline_ms; /* monotonic: the end of the call that is going on */
    bool in_transaction;
    char state[CATALOG_PG_STATE]; /* SQLSTATE of the last failure, "" where it has none */
    int failed;                   /* which of the commands it was */
    PGconn *conn;                 /* NULL while there is none */
};

/* One of the commands that travel together. */
struct catalog_pg_command {
    const char *text;
    const struct catalog_value *params;
    size_t param_count;
    const Oid *types; /* of array parameters, which are blobs in PostgreSQL's binary form; NULL:
                         the server infers them */
    catalog_row_fn *fn; /* for each row, once the last command was answered */
    void *ctx;
};

/* The next calls below share one time limit. */
void catalog_pg_start(struct catalog_pg *pg);

/* Makes sure that there is a connection that works as far as one can tell. */
int catalog_pg_connect(struct catalog_pg *pg, struct err *err);
void catalog_pg_disconnect(struct catalog_pg *pg);

/* Sends the commands, at most 8, in one go and waits for all answers. Returns how many rows the
 * last that gives or changes any gave or changed. */
int catalog_pg_exec(struct catalog_pg *pg, const struct catalog_pg_command *commands,
                    size_t count, struct err *err);

/* catalog_pg_exec of one command without parameters. */
int catalog_pg_command(struct catalog_pg *pg, const char *text, struct err *err);

/* Ends the transaction if there is one. */
void catalog_pg_rollback(struct catalog_pg *pg);

/* True where the failure was one that goes away when the transaction is done again, and there
 * is time for it. Waits a little. */
bool catalog_pg_again(struct catalog_pg *pg, int tries, struct err *err);

/* Brings the schema to CATALOG_SCHEMA (a read_only one: checks that it is there). */
int catalog_pg_prepare(struct catalog_pg *pg, struct err *err);

int catalog_pg_get(struct catalog *catalog, const struct catalog_ref *refs, size_t count,
                   struct catalog_item *ret_items, bool *ret_found, struct err *err);
int catalog_pg_apply(struct catalog *catalog, const struct catalog_work *work, struct err *err);

#endif
