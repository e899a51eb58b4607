/* catalog_sqlite_schema.c - the tables, and the connection's settings.
 *
 * catalog_items is WITHOUT ROWID: the rows lie in the B-tree of the primary key itself, so
 * that the items of one garden are neighbours on the same pages and no second index is
 * written. Digests are 32 bytes, not 64 digits, for the same reason. */
#include "lib/base/clock.h"
#include "lib/catalog/catalog_sqlite.h"

/* Pages of 2 KB: a batch adds a few rows to each of hundreds of gardens, and every page that it
 * touches is written whole, to the WAL and later to the file; with 4 KB the disk was the limit
 * sooner. 16 MB of cache: the pages at the ends of all gardens, where new items go. No mmap:
 * its pages would count as the process's memory. */
static const char settings[] = "PRAGMA page_size = 2048;"
                               "PRAGMA journal_mode = WAL;"
                               "PRAGMA synchronous = NORMAL;"
                               "PRAGMA cache_size = -16384;"
                               "PRAGMA mmap_size = 0;"
                               "PRAGMA temp_store = MEMORY;"
                               "PRAGMA journal_size_limit = 33554432;";

static const char reader_settings[] = "PRAGMA query_only = ON;"
                                      "PRAGMA cache_size = -8192;"
                                      "PRAGMA mmap_size = 0;"
                                      "PRAGMA temp_store = MEMORY;";

static const char version_table[] =
    "CREATE TABLE IF NOT EXISTS catalog_schema (only INTEGER PRIMARY KEY CHECK (only = 1),"
    " version INTEGER NOT NULL, first_version INTEGER NOT NULL)";

static const char *const steps[CATALOG_SCHEMA] = {
    "CREATE TABLE catalog_items (area INTEGER NOT NULL, search_key TEXT NOT NULL,"
    " name TEXT NOT NULL, state INTEGER NOT NULL, orientation TEXT NOT NULL,"
    " width INTEGER NOT NULL, height INTEGER NOT NULL, size_bytes INTEGER NOT NULL,"
    " sha256 BLOB NOT NULL, event_ms INTEGER NOT NULL, sequencer TEXT NOT NULL, control TEXT,"
    " PRIMARY KEY (area, search_key, name)) WITHOUT ROWID;"
    "CREATE TABLE catalog_heads (area INTEGER NOT NULL, search_key TEXT NOT NULL,"
    " favorite TEXT NOT NULL, version INTEGER NOT NULL, live INTEGER NOT NULL,"
    " PRIMARY KEY (area, search_key)) WITHOUT ROWID;"
    "CREATE INDEX catalog_heads_favorite ON catalog_heads (area, favorite, search_key);"
    "CREATE TABLE catalog_offsets (consumer TEXT NOT NULL, topic TEXT NOT NULL,"
    " part INTEGER NOT NULL, next_offset INTEGER NOT NULL,"
    " PRIMARY KEY (consumer, topic, part)) WITHOUT ROWID;"
    "CREATE TABLE catalog_outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL,"
    " part INTEGER NOT NULL, next_offset INTEGER NOT NULL, events BLOB NOT NULL);"
    "CREATE TABLE catalog_claims (claim_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL,"
    " claimed_ms INTEGER NOT NULL, status INTEGER, answer BLOB);"
    "CREATE INDEX catalog_claims_age ON catalog_claims (claimed_ms);",
};

static int on_version(void *ctx, const struct catalog_value *row, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = row[0].number;
    return 0;
}

static int read_version(struct catalog_sqlite *s, int64_t *ret_version, struct err *err)
{
    int64_t version = 0;
    const struct catalog_call call = {
        .sql = CATALOG_SQL_SCHEMA, .fn = on_version, .ctx = &version};
    int r = catalog_sqlite_run(&s->base, &call, err);

    if (r >= 0)
        *ret_version = version;
    return r;
}

static int run_steps(struct catalog_sqlite *s, struct err *err)
{
    char text[160];
    int64_t version = 0;
    int r;

    r = catalog_sqlite_exec(s, version_table, "making the catalogue", err);
    if (r < 0)
        return r;
    (void)snprintf(text, sizeof text,
                   "INSERT OR IGNORE INTO catalog_schema VALUES (1, 0, %lld)",
                   (long long)catalog_first_version());
    r = catalog_sqlite_exec(s, text, "making the catalogue", err);
    if (r < 0 || (r = read_version(s, &version, err)) < 0 ||
        (r = catalog_schema_check(version, s->path, err)) < 0)
        return r;
    for (int64_t i = version; i < CATALOG_SCHEMA; i++) {
        r = catalog_sqlite_exec(s, steps[i], "migrating the catalogue", err);
        if (r < 0)
            return r;
    }
    (void)snprintf(text, sizeof text, "UPDATE catalog_schema SET version = %d", CATALOG_SCHEMA);
    return catalog_sqlite_exec(s, text, "migrating the catalogue", err);
}

/* All of it or nothing, one process at a time. */
static int migrate(struct catalog_sqlite *s, struct err *err)
{
    int r = catalog_sqlite_step(s, SQLITE_SQL_BEGIN_WRITE, err);

    if (r < 0)
        return r;
    r = run_steps(s, err);
    if (r == 0)
        r = catalog_sqlite_step(s, SQLITE_SQL_COMMIT, err);
    if (r < 0)
        catalog_sqlite_rollback(&s->base);
    return r < 0 ? r : 0;
}

static bool has_schema(struct catalog_sqlite *s, int *ret_rc)
{
    sqlite3_stmt *stmt = NULL;
    bool found = false;

    *ret_rc = sqlite3_prepare_v2(
        s->db, "SELECT 1 FROM sqlite_master WHERE name = 'catalog_schema'", -1, &stmt, NULL);
    if (*ret_rc == SQLITE_OK) {
        *ret_rc = sqlite3_step(stmt);
        found = *ret_rc == SQLITE_ROW;
    }
    (void)sqlite3_finalize(stmt);
    return found;
}

static int check_reader(struct catalog_sqlite *s, struct err *err)
{
    int64_t version = 0;
    int rc, r;

    if (!has_schema(s, &rc)) {
        if (rc != SQLITE_DONE)
            return catalog_sqlite_fail(s, rc, "opening the catalogue", err);
        return err_set(err, ERR_UNAVAILABLE,
                       "there is no catalogue in %.120s yet; item-ingest makes it", s->path);
    }
    r = read_version(s, &version, err);
    if (r < 0 || (r = catalog_schema_check(version, s->path, err)) < 0)
        return r;
    if (version < CATALOG_SCHEMA)
        return err_set(err, ERR_UNAVAILABLE,
                       "the catalogue %.120s has the older schema %lld; item-ingest migrates "
                       "it when it starts",
                       s->path, (long long)version);
    return 0;
}

int catalog_sqlite_prepare(struct catalog_sqlite *s, struct err *err)
{
    int64_t version = 0;
    int rc, r;

    if (s->base.read_only) {
        r = catalog_sqlite_exec(s, reader_settings, "opening the catalogue", err);
        return r < 0 ? r : check_reader(s, err);
    }
    r = catalog_sqlite_exec(s, settings, "opening the catalogue", err);
    if (r < 0)
        return r;
    /* without a lock where there is nothing to do, so that opening never waits for a writer */
    if (has_schema(s, &rc) && (r = read_version(s, &version, err)) >= 0 &&
        version == CATALOG_SCHEMA)
        return 0;
    return r < 0 ? r : migrate(s, err);
}
