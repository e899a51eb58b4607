/* bus_local_db.h - a connection to one topic's SQLite file, with waits that are bounded.
 *
 * Another process may hold the file's write lock. SQLite's own busy handler sleeps in steps of
 * up to 100 ms, which a chain of a few ms cannot afford; ours looks again after 50 us at first
 * and every ms later, until the connection's deadline.
 *
 * One thread at a time. A struct local_db must stay where it was opened. */
#ifndef LIB_BUS_BUS_LOCAL_DB_H
#define LIB_BUS_BUS_LOCAL_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/base/err.h"

enum {
    LOCAL_SCHEMA = 1,          /* user_version of the files we write */
    LOCAL_PAGE_BYTES = 8192,   /* a third less work for each record than with 4096 */
    LOCAL_WAIT_MS = 5000,      /* for a lock, where the caller named no time */
    LOCAL_WAL_KEEP = 16 << 20, /* a write-ahead log is cut down to this when it starts anew */
};

struct local_db {
    sqlite3 *handle;
    char *path;
    int64_t deadline_ns; /* clock_mono_ns(); how long to wait for a lock */
};

/* What the file says about its topic. */
struct local_config {
    int32_t partitions;
    bool compact;
    int64_t retention_ms;
};

/* Opens dir/topic.db and reads what it says. ERR_NOT_FOUND where there is no such topic.
 * durable: a commit has reached the disk when it returns. */
int local_db_open(struct local_db *db, const char *dir, const char *topic, bool durable,
                  struct local_config *ret_config, struct err *err);

/* Makes dir/topic.db unless the topic exists. */
int local_db_create(const char *dir, const char *topic, const struct local_config *config,
                    struct err *err);

/* Finalizes every statement, too. A zeroed struct is fine. */
void local_db_done(struct local_db *db);

/* From now on locks are waited for until timeout_ms from now. */
void local_db_wait(struct local_db *db, int timeout_ms);

int local_db_exec(struct local_db *db, const char *sql, struct err *err);

/* Prepares sql once: does nothing where *stmt is there already. Every %d in sql is partition.
 */
int local_db_prepare(struct local_db *db, sqlite3_stmt **stmt, const char *sql,
                     int32_t partition, struct err *err);

/* 1: a row, 0: done (the statement is reset), < 0: failed (reset, too). */
int local_db_step(struct local_db *db, sqlite3_stmt *stmt, struct err *err);

/* Begins a write transaction. */
int local_db_begin(struct local_db *db, struct err *err);

/* Commits, or rolls back where err holds a failure or the commit fails. Returns err->code. */
int local_db_end(struct local_db *db, struct err *err);

/* Records what SQLite says went wrong. */
int local_db_fail(struct local_db *db, struct err *err);

#endif
