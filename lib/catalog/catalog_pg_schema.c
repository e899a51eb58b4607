/* catalog_pg_schema.c - the tables in PostgreSQL. They lie in the schema that search_path names
 * first; processes that start at once take turns by an advisory lock. */
#include "lib/catalog/catalog_pg.h"

/* Only has to differ from what other programs of the same database lock. */
#define LOCK "SELECT pg_advisory_xact_lock(7264519840235)"

enum { STATEMENTS = 8 };

static const char *const steps[CATALOG_SCHEMA][STATEMENTS] = {
    {"CREATE TABLE catalog_items (area SMALLINT NOT NULL, search_key TEXT COLLATE \"C\" NOT "
     "NULL,"
     " name TEXT COLLATE \"C\" NOT NULL, state SMALLINT NOT NULL, orientation TEXT NOT NULL,"
     " width BIGINT NOT NULL, height BIGINT NOT NULL, size_bytes BIGINT NOT NULL,"
     " sha256 BYTEA NOT NULL, event_ms BIGINT NOT NULL, sequencer TEXT NOT NULL, control TEXT,"
     " PRIMARY KEY (area, search_key, name))",
     /* half-empty pages, as its rows change all the time */
     "CREATE TABLE catalog_heads (area SMALLINT NOT NULL, search_key TEXT COLLATE \"C\" NOT "
     "NULL,"
     " favorite TEXT COLLATE \"C\" NOT NULL, version BIGINT NOT NULL, live BIGINT NOT NULL,"
     " PRIMARY KEY (area, search_key)) WITH (fillfactor = 50)",
     "CREATE TABLE catalog_offsets (consumer TEXT COLLATE \"C\" NOT NULL,"
     " topic TEXT COLLATE \"C\" NOT NULL, part INTEGER NOT NULL, next_offset BIGINT NOT NULL,"
     " PRIMARY KEY (consumer, topic, part))",
     "CREATE TABLE catalog_outbox (topic TEXT COLLATE \"C\" NOT NULL, part INTEGER NOT NULL,"
     " id BIGSERIAL, next_offset BIGINT NOT NULL, events BYTEA NOT NULL,"
     " PRIMARY KEY (topic, part, id))",
     "CREATE TABLE catalog_claims (claim_key TEXT COLLATE \"C\" PRIMARY KEY,"
     " fingerprint TEXT NOT NULL, claimed_ms BIGINT NOT NULL, status INTEGER, answer BYTEA)",
     "CREATE INDEX catalog_claims_age ON catalog_claims (claimed_ms)"},
};

static int on_version(void *ctx, const struct catalog_value *row, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = row[0].number;
    return 0;
}

/* -1 where there is no table of it. */
static int read_version(struct catalog_pg *pg, int64_t *ret_version, struct err *err)
{
    int64_t version = -1;
    const struct catalog_pg_command command = {
        .text = catalog_sql_text(CATALOG_SQL_SCHEMA), .fn = on_version, .ctx = &version};
    int r = catalog_pg_exec(pg, &command, 1, err);

    if (r < 0 && strcmp(pg->state, "42P01") == 0) {
        err_clear(err);
        r = 0;
    }
    if (r >= 0)
        *ret_version = version;
    return r;
}

static int run_steps(struct catalog_pg *pg, int64_t version, struct err *err)
{
    char text[64];
    int r = 0;

    for (int64_t i = version; i < CATALOG_SCHEMA; i++)
        for (int j = 0; r >= 0 && j < STATEMENTS && steps[i][j]; j++)
            r = catalog_pg_command(pg, steps[i][j], err);
    if (r < 0)
        return r;
    (void)snprintf(text, sizeof text, "UPDATE catalog_schema SET version = %d", CATALOG_SCHEMA);
    r = catalog_pg_command(pg, text, err);
    return r < 0 ? r : catalog_pg_command(pg, "COMMIT", err);
}

static int migrate(struct catalog_pg *pg, struct err *err)
{
    const struct catalog_value first[] = {catalog_int(catalog_first_version())};
    const struct catalog_pg_command start[] = {
        {.text = "BEGIN"},
        {.text = LOCK},
        {.text = "CREATE TABLE IF NOT EXISTS catalog_schema (only_row INTEGER PRIMARY KEY"
                 " CHECK (only_row = 1), version INTEGER NOT NULL,"
                 " first_version BIGINT NOT NULL)"},
        {.text = "INSERT INTO catalog_schema VALUES (1, 0, $1) ON CONFLICT DO NOTHING",
         .params = first,
         .param_count = 1}};
    int64_t version = 0;
    int r = catalog_pg_exec(pg, start, sizeof(start) / sizeof(*start), err);

    if (r >= 0)
        r = read_version(pg, &version, err);
    if (r >= 0)
        r = catalog_schema_check(version, "in PostgreSQL", err);
    if (r >= 0)
        r = run_steps(pg, version, err);
    if (r < 0)
        catalog_pg_rollback(pg);
    return r < 0 ? r : 0;
}

int catalog_pg_prepare(struct catalog_pg *pg, struct err *err)
{
    int64_t version = -1;
    int r = read_version(pg, &version, err);

    if (r < 0 || version == CATALOG_SCHEMA)
        return r < 0 ? r : 0;
    if (version > CATALOG_SCHEMA)
        return catalog_schema_check(version, "in PostgreSQL", err);
    if (pg->base.read_only)
        return err_set(err, ERR_UNAVAILABLE,
                       "the catalogue in PostgreSQL has no schema of version %d yet; "
                       "item-ingest makes it when it starts",
                       CATALOG_SCHEMA);
    return migrate(pg, err);
}
