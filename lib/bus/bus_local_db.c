/* bus_local_db.c - see bus_local_db.h. */
#include "lib/bus/bus_local_db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/owned.h"

/* Runs when another connection holds a lock: the times-th call in a row. */
static int on_busy(void *ctx, int times)
{
    const struct local_db *db = ctx;
    const long step_us = times < 20 ? 50 : times < 40 ? 200 : 1000;
    const struct timespec nap = {.tv_nsec = step_us * 1000};

    if (clock_mono_ns() >= db->deadline_ns)
        return 0;
    (void)nanosleep(&nap, NULL);
    return 1;
}

int local_db_fail(struct local_db *db, struct err *err)
{
    const int rc = sqlite3_extended_errcode(db->handle);

    /* A quota or a limit on file sizes shows as a failed write. */
    if (rc == SQLITE_IOERR_WRITE || rc == SQLITE_IOERR_SHMSIZE)
        return err_set(err, ERR_IO,
                       "%s: a write failed: there is no space left within a quota, or the disk "
                       "is failing",
                       db->path);
    switch (rc & 0xff) {
    case SQLITE_FULL:
        return err_set(err, ERR_IO, "%s: no space left on the disk; free some", db->path);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_UNAVAILABLE,
                       "%s is locked by another process; see who has it open with lsof",
                       db->path);
    case SQLITE_NOMEM:
        return err_set_nomem(err, db->path);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(err, ERR_IO, "%s is damaged (%s); restore it from a backup", db->path,
                       sqlite3_errmsg(db->handle));
    case SQLITE_READONLY:
        return err_set(err, ERR_IO, "%s cannot be written (%s); check the folder's rights",
                       db->path, sqlite3_errmsg(db->handle));
    default:
        return err_set(err, ERR_IO, "%s: %s", db->path, sqlite3_errmsg(db->handle));
    }
}

void local_db_wait(struct local_db *db, int timeout_ms)
{
    db->deadline_ns = clock_mono_ns() + (int64_t)timeout_ms * 1000000;
}

int local_db_exec(struct local_db *db, const char *sql, struct err *err)
{
    return sqlite3_exec(db->handle, sql, NULL, NULL, NULL) ? local_db_fail(db, err) : 0;
}

int local_db_prepare(struct local_db *db, sqlite3_stmt **stmt, const char *sql,
                     int32_t partition, struct err *err)
{
    char text[512];

    if (*stmt)
        return 0;
    /* Only our own constant texts come here, never anything from outside. */
    (void)snprintf(text, sizeof text, sql, partition, partition);
    if (sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT, stmt, NULL))
        return local_db_fail(db, err);
    return 0;
}

int local_db_step(struct local_db *db, sqlite3_stmt *stmt, struct err *err)
{
    const int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW)
        return 1;
    if (rc != SQLITE_DONE)
        (void)local_db_fail(db, err);
    (void)sqlite3_reset(stmt);
    return rc == SQLITE_DONE ? 0 : err->code;
}

int local_db_begin(struct local_db *db, struct err *err)
{
    return local_db_exec(db, "BEGIN IMMEDIATE", err);
}

int local_db_end(struct local_db *db, struct err *err)
{
    if (err->code == 0)
        (void)local_db_exec(db, "COMMIT", err);
    if (!sqlite3_get_autocommit(db->handle))
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
    return err->code;
}

static int open_file(struct local_db *db, const char *dir, const char *topic, int flags,
                     struct err *err)
{
    if (asprintf(&db->path, "%s/%s.db", dir, topic) < 0) {
        db->path = NULL;
        return err_set_nomem(err, "the name of a topic's file");
    }
    local_db_wait(db, LOCAL_WAIT_MS);
    if (sqlite3_open_v2(db->path, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL)) {
        if (sqlite3_errcode(db->handle) == SQLITE_CANTOPEN && access(db->path, F_OK) < 0 &&
            errno == ENOENT && !(flags & SQLITE_OPEN_CREATE))
            return err_set(err, ERR_NOT_FOUND, "there is no topic %s in %s", topic, dir);
        return local_db_fail(db, err);
    }
    (void)sqlite3_busy_handler(db->handle, on_busy, db);
    (void)sqlite3_wal_autocheckpoint(db->handle, 0); /* bus_local_checkpoint.h does it */
    return 0;
}

static int read_number(struct local_db *db, const char *sql, int64_t *ret, struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (local_db_prepare(db, &stmt, sql, 0, err) < 0)
        return err->code;
    if (local_db_step(db, stmt, err) > 0)
        *ret = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_finalize(stmt);
    return err->code;
}

static int read_version(struct local_db *db, int64_t *ret, struct err *err)
{
    if (read_number(db, "PRAGMA user_version", ret, err) < 0)
        return err->code;
    if (*ret > LOCAL_SCHEMA)
        return err_set(err, ERR_INVALID,
                       "%s was written by a newer version (layout %d, known up to %d); "
                       "update this program",
                       db->path, (int)*ret, LOCAL_SCHEMA);
    return 0;
}

static int read_config(struct local_db *db, struct local_config *ret, struct err *err)
{
    int64_t partitions = 0, compact = 0;

    if (read_number(db, "SELECT partitions FROM topic", &partitions, err) < 0 ||
        read_number(db, "SELECT compact FROM topic", &compact, err) < 0 ||
        read_number(db, "SELECT retention_ms FROM topic", &ret->retention_ms, err) < 0)
        return err->code;
    ret->partitions = (int32_t)partitions;
    ret->compact = compact != 0;
    if (partitions < 1)
        return err_set(err, ERR_IO, "%s is damaged: no partitions", db->path);
    return 0;
}

int local_db_open(struct local_db *db, const char *dir, const char *topic, bool durable,
                  struct local_config *ret_config, struct err *err)
{
    char sql[96];
    int64_t version = 0;

    if (open_file(db, dir, topic, SQLITE_OPEN_READWRITE, err) < 0 ||
        read_version(db, &version, err) < 0)
        return err->code;
    if (version == 0) /* its making was never finished */
        return err_set(err, ERR_NOT_FOUND, "there is no topic %s in %s", topic, dir);
    (void)snprintf(sql, sizeof sql, "PRAGMA synchronous=%s; PRAGMA journal_size_limit=%d",
                   durable ? "FULL" : "NORMAL", LOCAL_WAL_KEEP);
    if (local_db_exec(db, sql, err) < 0)
        return err->code;
    return read_config(db, ret_config, err);
}

/* A table for each partition: appending to the end of a table is what SQLite does best, while
 * the ends of ranges inside one table would split pages in its middle. */
static int create_partition(struct local_db *db, int32_t partition, struct err *err)
{
    char sql[320];

    (void)snprintf(sql, sizeof sql,
                   "CREATE TABLE log%d (offset INTEGER PRIMARY KEY, timestamp_ms INTEGER, "
                   "key BLOB, headers BLOB, value BLOB);"
                   "INSERT INTO partitions VALUES (%d, 0, 0, 0)",
                   partition, partition);
    return local_db_exec(db, sql, err);
}

static int create_tables(struct local_db *db, const struct local_config *config,
                         struct err *err)
{
    char sql[160];

    if (local_db_exec(
            db,
            "CREATE TABLE topic (partitions INTEGER, compact INTEGER, retention_ms INTEGER);"
            /* next_offset: kept apart from the log so that it never goes back when the log
             * was emptied. Below cleaned the log was compacted to kept records. */
            "CREATE TABLE partitions (partition INTEGER PRIMARY KEY, next_offset INTEGER, "
            "cleaned INTEGER, kept INTEGER);"
            "CREATE TABLE offsets (grp TEXT, partition INTEGER, next_offset INTEGER, "
            "PRIMARY KEY (grp, partition)) WITHOUT ROWID;"
            "CREATE TABLE members (member INTEGER PRIMARY KEY AUTOINCREMENT, grp TEXT);"
            "CREATE TABLE claims (grp TEXT, partition INTEGER, member INTEGER, "
            "PRIMARY KEY (grp, partition)) WITHOUT ROWID",
            err) < 0)
        return err->code;
    for (int32_t p = 0; p < config->partitions; p++)
        if (create_partition(db, p, err) < 0)
            return err->code;
    (void)snprintf(
        sql, sizeof sql, "INSERT INTO topic VALUES (%d, %d, %lld); PRAGMA user_version=%d",
        config->partitions, config->compact, (long long)config->retention_ms, LOCAL_SCHEMA);
    return local_db_exec(db, sql, err);
}

static int create_unless_there(struct local_db *db, const struct local_config *config,
                               struct err *err)
{
    char sql[96];
    int64_t version = 0;

    (void)snprintf(sql, sizeof sql, "PRAGMA page_size=%d; PRAGMA journal_mode=WAL",
                   LOCAL_PAGE_BYTES);
    if (local_db_exec(db, sql, err) < 0 || local_db_begin(db, err) < 0)
        return err->code;
    if (read_version(db, &version, err) == 0 && version == 0)
        (void)create_tables(db, config, err);
    return local_db_end(db, err);
}

/* So that the new file's name survives a power loss, too. */
static int sync_dir(const char *dir, struct err *err)
{
    const int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        err_set(err, ERR_IO, "cannot sync the folder %s: %s", dir, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return err->code;
}

int local_db_create(const char *dir, const char *topic, const struct local_config *config,
                    struct err *err)
{
    OWNED_VALUE(local_db) db = {0};

    if (open_file(&db, dir, topic, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err) < 0 ||
        create_unless_there(&db, config, err) < 0)
        return err->code;
    return sync_dir(dir, err);
}

void local_db_done(struct local_db *db)
{
    sqlite3_stmt *stmt;

    while (db->handle && (stmt = sqlite3_next_stmt(db->handle, NULL)))
        (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db->handle);
    free(db->path);
    *db = (struct local_db){0};
}
