/* catalog_sqlite.c - the catalogue in one SQLite file, catalog.db, that all processes of one
 * machine share.
 *
 * WAL: readers never wait for the writer nor the writer for readers; writers take turns. One
 * who waits sleeps a little and often, and gives up after the handle's time limit.
 *
 * What a power loss may take. synchronous is NORMAL: a commit is not waited for until it is on
 * the disk, and after a power loss (not after a crash of the process, which takes nothing) the
 * file is as it was at some commit of the last moments - whole transactions, in order, are
 * gone, never parts. That is enough for all that is in here:
 *   - items, heads, offset and outbox change in one transaction and go back together, so the
 *     consumer finds its older offset and reads the same events of garden.objects again; what
 *     it publishes again is the same by key;
 *   - a claim that goes back lets a repeated POST be done again, as does a crash between the
 *     work and catalog_claim_finish: effects are idempotent by key.
 *
 * The WAL is copied into the file when it has grown by CHECKPOINT_PAGES, and starts from its
 * beginning when no reader needs it any more. Where readers follow each other so closely that
 * this moment never comes, the writer waits for them, at most RESTART_WAIT_MS at a time. A
 * single long read holds the WAL for as long as it lasts, that being its snapshot; afterwards
 * the file is cut back to 32 MB. */
#include "lib/catalog/catalog_sqlite.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"

enum {
    CHECKPOINT_PAGES = 8000, /* 16 MB */
    RESTART_PAGES = 8 * CHECKPOINT_PAGES,
    RESTART_WAIT_MS = 20,
    RESTART_PAUSE_MS = 500,
};

static const char *const sqlite_text[SQLITE_SQL_COUNT - CATALOG_SQL_BACKEND] = {
#define SQL(id) [SQLITE_SQL_##id - CATALOG_SQL_BACKEND]
    SQL(BEGIN_READ) = "BEGIN",
    SQL(BEGIN_WRITE) = "BEGIN IMMEDIATE",
    SQL(COMMIT) = "COMMIT",
    SQL(ROLLBACK) = "ROLLBACK",
    SQL(GET) = "SELECT " CATALOG_ITEM_COLUMNS " FROM catalog_items "
               "WHERE area = $1 AND search_key = $2 AND name = $3",
    SQL(INSERT) = "INSERT INTO catalog_items (area, search_key, name, " CATALOG_ITEM_COLUMNS
                  ", control) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) "
                  "ON CONFLICT DO NOTHING",
    SQL(STATE) = "SELECT state FROM catalog_items "
                 "WHERE area = $1 AND search_key = $2 AND name = $3",
    /* the parameters are numbered as in INSERT, so that both are bound alike */
    SQL(UPDATE) = "UPDATE catalog_items SET state = ?4, orientation = ?5, width = ?6, "
                  "height = ?7, size_bytes = ?8, sha256 = ?9, event_ms = ?10, sequencer = ?11, "
                  "control = ?12 WHERE area = ?1 AND search_key = ?2 AND name = ?3",
    SQL(HEAD_ADD) = "INSERT INTO catalog_heads (area, search_key, favorite, live, version) "
                    "VALUES ($1, $2, $3, $4, (SELECT first_version FROM catalog_schema)) "
                    "ON CONFLICT (area, search_key) DO UPDATE "
                    "SET version = version + 1, live = live + excluded.live",
    SQL(OFFSET_FIRST) = "INSERT INTO catalog_offsets (consumer, topic, part, next_offset) "
                        "VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    SQL(OFFSET_NEXT) = "UPDATE catalog_offsets SET next_offset = ?4 WHERE consumer = ?1 "
                       "AND topic = ?2 AND part = ?3 AND next_offset = ?5",
#undef SQL
};

int catalog_sqlite_fail(const struct catalog_sqlite *s, int rc, const char *doing,
                        struct err *err)
{
    switch (rc & 0xff) { /* the primary code of an extended one */
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_UNAVAILABLE,
                       "%s: the catalogue file is locked by another process for longer than %d "
                       "ms (%.100s)",
                       doing, s->timeout_ms, s->path);
    case SQLITE_NOTADB:
        return err_set(err, ERR_INVALID,
                       "%s: %.100s is not a catalogue; move it away and it is made anew from "
                       "the store",
                       doing, s->path);
    case SQLITE_CORRUPT:
        return err_set(err, ERR_IO,
                       "%s: %.100s is damaged; stop the services, move it away and it is made "
                       "anew from the store",
                       doing, s->path);
    case SQLITE_FULL:
        return err_set(err, ERR_IO, "%s: no space left for %.100s; free some", doing, s->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return err_set(err, ERR_DENIED,
                       "%s: %.100s cannot be written; check who owns it and its folder", doing,
                       s->path);
    case SQLITE_NOMEM:
        return err_set_nomem(err, "the catalogue");
    default:
        return err_set(err, ERR_IO, "%s: %.100s: %s (%s)", doing, s->path, sqlite3_errstr(rc),
                       strerror(sqlite3_system_errno(s->db)));
    }
}

static int on_busy(void *ctx, int tries)
{
    struct catalog_sqlite *s = ctx;
    int64_t now = clock_mono_ms();

    if (tries == 0)
        s->busy_until_ms = now + s->timeout_ms;
    if (now >= s->busy_until_ms)
        return 0;
    (void)usleep(tries < 4 ? 100U << tries : 1000U);
    return 1;
}

static void restart_wal(struct catalog_sqlite *s)
{
    int timeout_ms = s->timeout_ms;

    s->timeout_ms = RESTART_WAIT_MS;
    (void)sqlite3_wal_checkpoint_v2(s->db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    s->timeout_ms = timeout_ms;
    s->next_restart_ms = clock_mono_ms() + RESTART_PAUSE_MS;
}

/* After each commit. What fails here fails again, and is reported, at the next one. */
static int on_commit(void *ctx, sqlite3 *db, const char *name, int pages)
{
    struct catalog_sqlite *s = ctx;

    (void)name;
    if (pages >= RESTART_PAGES && clock_mono_ms() >= s->next_restart_ms)
        restart_wal(s);
    else if (pages >= CHECKPOINT_PAGES)
        (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK;
}

sqlite3_stmt *catalog_sqlite_statement(struct catalog_sqlite *s, int sql, const char *text,
                                       struct err *err)
{
    int rc;

    if (s->statements[sql])
        return s->statements[sql];
    if (!text)
        text = sql < CATALOG_SQL_BACKEND ? catalog_sql_text(sql)
                                         : sqlite_text[sql - CATALOG_SQL_BACKEND];
    rc = sqlite3_prepare_v3(s->db, text, -1, SQLITE_PREPARE_PERSISTENT, &s->statements[sql],
                            NULL);
    if (rc != SQLITE_OK)
        (void)catalog_sqlite_fail(s, rc, "preparing a query of the catalogue", err);
    return s->statements[sql];
}

int catalog_sqlite_step(struct catalog_sqlite *s, int sql, struct err *err)
{
    const struct catalog_call call = {.sql = sql};

    return catalog_sqlite_run(&s->base, &call, err);
}

static void bind(sqlite3_stmt *stmt, int index, const struct catalog_value *value)
{
    switch (value->type) { /* none of these fails: the index is right, nothing is copied */
    case CATALOG_INT:
        (void)sqlite3_bind_int64(stmt, index, value->number);
        break;
    case CATALOG_TEXT:
        (void)sqlite3_bind_text(stmt, index, value->bytes, (int)value->size, SQLITE_STATIC);
        break;
    case CATALOG_BLOB:
        (void)sqlite3_bind_blob64(stmt, index, value->bytes, value->size, SQLITE_STATIC);
        break;
    case CATALOG_NULL:
        (void)sqlite3_bind_null(stmt, index);
        break;
    }
}

static struct catalog_value column(sqlite3_stmt *stmt, int i)
{
    struct catalog_value value = {.type = CATALOG_NULL};

    switch (sqlite3_column_type(stmt, i)) {
    case SQLITE_INTEGER:
        return catalog_int(sqlite3_column_int64(stmt, i));
    case SQLITE_TEXT:
        value.type = CATALOG_TEXT;
        value.bytes = sqlite3_column_text(stmt, i);
        break;
    case SQLITE_BLOB:
        value.type = CATALOG_BLOB;
        value.bytes = sqlite3_column_blob(stmt, i);
        break;
    default:
        return value;
    }
    value.size = (size_t)sqlite3_column_bytes(stmt, i);
    return value;
}

enum { COLUMNS = 16 };

static int deliver(sqlite3_stmt *stmt, const struct catalog_call *call, struct err *err)
{
    struct catalog_value row[COLUMNS];
    int count = sqlite3_column_count(stmt);

    for (int i = 0; i < count; i++)
        row[i] = column(stmt, i);
    return call->fn(call->ctx, row, err);
}

int catalog_sqlite_run(struct catalog *catalog, const struct catalog_call *call,
                       struct err *err)
{
    struct catalog_sqlite *s = (struct catalog_sqlite *)catalog;
    sqlite3_stmt *stmt = catalog_sqlite_statement(s, call->sql, call->text, err);
    int rc = SQLITE_DONE, r = 0, rows = 0;

    if (!stmt)
        return err->code;
    for (size_t i = 0; i < call->param_count; i++)
        bind(stmt, (int)i + 1, &call->params[i]);
    while (r >= 0 && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        r = call->fn ? deliver(stmt, call, err) : 0;
        rows++;
    }
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        r = catalog_sqlite_fail(s, rc, "using the catalogue", err);
    (void)sqlite3_reset(stmt); /* repeats the failure of the step */
    if (r < 0)
        return r;
    return call->fn ? rows : sqlite3_changes(s->db);
}

static int sqlite_begin(struct catalog *catalog, bool write, struct err *err)
{
    struct catalog_sqlite *s = (struct catalog_sqlite *)catalog;
    int r = catalog_sqlite_step(s, write ? SQLITE_SQL_BEGIN_WRITE : SQLITE_SQL_BEGIN_READ, err);

    return r < 0 ? r : 0;
}

void catalog_sqlite_rollback(struct catalog *catalog)
{
    struct catalog_sqlite *s = (struct catalog_sqlite *)catalog;
    struct err err = {0};

    if (!sqlite3_get_autocommit(s->db)) /* a full disk has ended the transaction already */
        (void)catalog_sqlite_step(s, SQLITE_SQL_ROLLBACK, &err);
}

int catalog_sqlite_exec(struct catalog_sqlite *s, const char *text, const char *doing,
                        struct err *err)
{
    int64_t until = clock_mono_ms() + s->timeout_ms;
    int rc;

    /* a change of the journal mode does not ask the busy handler */
    while ((rc = sqlite3_exec(s->db, text, NULL, NULL, NULL)) == SQLITE_BUSY &&
           clock_mono_ms() < until)
        (void)usleep(1000);
    return rc == SQLITE_OK ? 0 : catalog_sqlite_fail(s, rc, doing, err);
}

static void sqlite_close(struct catalog *catalog)
{
    struct catalog_sqlite *s = (struct catalog_sqlite *)catalog;

    for (int i = 0; i < SQLITE_SQL_COUNT; i++)
        (void)sqlite3_finalize(s->statements[i]);
    (void)sqlite3_close(s->db);
    free(s->path);
    free(s);
}

/* Makes dir with the folders above it. */
static int make_folder(const char *dir, struct err *err)
{
    OWNED_VALUE(buf) path = {0};

    for (const char *p = dir; *p; p++) {
        if (*p == '/' && p > dir)
            (void)mkdir(buf_text(&path), 0777); /* what is wrong shows at the last one */
        buf_append_char(&path, *p);
    }
    if (!buf_ok(&path))
        return err_set_nomem(err, "a path");
    if (mkdir(dir, 0777) < 0 && errno != EEXIST)
        return err_set_errno(err, "making the catalogue's folder %.120s", dir);
    return 0;
}

static int open_file(struct catalog_sqlite *s, const struct catalog_conf *conf, struct err *err)
{
    /* a handle that only reads still has to mend the WAL after a crash: open it for both, and
     * forbid writing by query_only */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int rc;

    if (!conf->read_only) {
        int r = make_folder(conf->dir, err);

        if (r < 0)
            return r;
        flags |= SQLITE_OPEN_CREATE;
    }
    if (asprintf(&s->path, "%s/catalog.db", conf->dir) < 0) {
        s->path = NULL;
        return err_set_nomem(err, "a path");
    }
    if (conf->read_only && access(s->path, F_OK) < 0 && errno == ENOENT)
        return err_set(err, ERR_UNAVAILABLE,
                       "there is no catalogue %.120s yet; item-ingest makes it", s->path);
    rc = sqlite3_open_v2(s->path, &s->db, flags, NULL);
    if (rc != SQLITE_OK)
        return catalog_sqlite_fail(s, rc, "opening the catalogue", err);
    (void)sqlite3_busy_handler(s->db, on_busy, s);
    (void)sqlite3_wal_hook(s->db, on_commit, s);
    return catalog_sqlite_prepare(s, err);
}

struct catalog *catalog_sqlite_open(const struct catalog_conf *conf, struct err *err)
{
    static const struct catalog_ops ops = {
        .close = sqlite_close,
        .run = catalog_sqlite_run,
        .begin = sqlite_begin,
        .rollback = catalog_sqlite_rollback,
        .get = catalog_sqlite_get,
        .apply = catalog_sqlite_apply,
    };
    struct catalog_sqlite *s;

    if (!conf->dir || !*conf->dir) {
        err_set(err, ERR_INVALID, "the catalogue needs a folder for its file");
        return NULL;
    }
    s = calloc(1, sizeof *s);
    if (!s) {
        err_set_nomem(err, "the catalogue");
        return NULL;
    }
    s->base.ops = &ops;
    s->base.read_only = conf->read_only;
    s->timeout_ms = conf->timeout_ms > 0 ? conf->timeout_ms : CATALOG_TIMEOUT_MS;
    if (open_file(s, conf, err) < 0) {
        sqlite_close(&s->base);
        return NULL;
    }
    return &s->base;
}
