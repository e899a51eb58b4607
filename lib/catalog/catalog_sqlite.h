/* catalog_sqlite.h - what the parts of the SQLite backend share. */
#ifndef LIB_CATALOG_CATALOG_SQLITE_H
#define LIB_CATALOG_CATALOG_SQLITE_H

#include <sqlite3.h>

#include "lib/catalog/catalog_internal.h"

enum sqlite_sql_id {
    SQLITE_SQL_BEGIN_READ = CATALOG_SQL_BACKEND,
    SQLITE_SQL_BEGIN_WRITE,
    SQLITE_SQL_COMMIT,
    SQLITE_SQL_ROLLBACK,
    SQLITE_SQL_GET,
    SQLITE_SQL_INSERT,
    SQLITE_SQL_STATE,
    SQLITE_SQL_UPDATE,
    SQLITE_SQL_HEAD_ADD,
    SQLITE_SQL_OFFSET_FIRST,
    SQLITE_SQL_OFFSET_NEXT,
    SQLITE_SQL_COUNT
};

struct catalog_sqlite {
    struct catalog base;
    sqlite3 *db;
    char *path;
    int timeout_ms;          /* how long to wait for another process's lock */
    int64_t busy_until_ms;   /* monotonic: the end of the wait that is going on */
    int64_t next_restart_ms; /* when a WAL that is too long may be waited for again */
    sqlite3_stmt *statements[SQLITE_SQL_COUNT]; /* prepared when first needed */
};

/* The reason why the database's last call failed, with the path and how to mend it. */
int catalog_sqlite_fail(const struct catalog_sqlite *s, int rc, const char *doing,
                        struct err *err);

/* The prepared statement. text NULL: the one that the number stands for. */
sqlite3_stmt *catalog_sqlite_statement(struct catalog_sqlite *s, int sql, const char *text,
                                       struct err *err);

/* Runs a statement without parameters or rows. */
int catalog_sqlite_step(struct catalog_sqlite *s, int sql, struct err *err);

/* Binds and runs to the end; returns how many rows were read or changed. */
int catalog_sqlite_run(struct catalog *catalog, const struct catalog_call *call,
                       struct err *err);

void catalog_sqlite_rollback(struct catalog *catalog);

/* Runs text, several statements if need be, waiting for other processes at most as long as a
 * call may. */
int catalog_sqlite_exec(struct catalog_sqlite *s, const char *text, const char *doing,
                        struct err *err);

/* Sets the connection up and brings the schema to CATALOG_SCHEMA (a read_only one: checks that
 * it is there). */
int catalog_sqlite_prepare(struct catalog_sqlite *s, struct err *err);

int catalog_sqlite_get(struct catalog *catalog, const struct catalog_ref *refs, size_t count,
                       struct catalog_item *ret_items, bool *ret_found, struct err *err);
int catalog_sqlite_apply(struct catalog *catalog, const struct catalog_work *work,
                         struct err *err);

#endif
