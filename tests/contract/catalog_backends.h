/* catalog_backends.h - the places in which the catalogue's contract tests run: a fresh folder
 * for SQLite, a fresh schema of the server that TEST_POSTGRES names for PostgreSQL.
 *
 *   ON_BOTH(items_are_counted)        defines two tests, ..._on_sqlite and ..._on_postgresql
 *   {
 *       OWNED(catalog) catalog = backend_open(backend);
 *       ...
 *   }
 */
#ifndef TESTS_CONTRACT_CATALOG_BACKENDS_H
#define TESTS_CONTRACT_CATALOG_BACKENDS_H

#include <dirent.h>
#include <libpq-fe.h>
#include <stdint.h>
#include <unistd.h>

#include "lib/catalog/catalog.h"
#include "tests/test.h"

struct backend {
    bool pg;
    char dir[128];    /* of this test, for either */
    char schema[40];  /* PostgreSQL */
    char url[1024];   /* for catalog_open */
    const char *root; /* TEST_POSTGRES */
    pid_t owner;
};

static struct backend backend_place;

static void backend_pg_exec(const char *sql)
{
    PGconn *conn = PQconnectdb(backend_place.root);
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        printf("# %s: %s\n", sql, PQerrorMessage(conn));
    PQclear(result);
    PQfinish(conn);
}

static void backend_remove_dir(void)
{
    DIR *dir = opendir(backend_place.dir);
    const struct dirent *entry;
    char path[512];

    while (dir && (entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof path, "%s/%s", backend_place.dir, entry->d_name);
        (void)unlink(path);
    }
    if (dir)
        (void)closedir(dir);
    (void)rmdir(backend_place.dir);
}

static void backend_leave(void)
{
    char sql[128];

    if (backend_place.owner != getpid()) /* a child that the test started */
        return;
    backend_remove_dir();
    if (!backend_place.pg)
        return;
    (void)snprintf(sql, sizeof sql,
                   "SET client_min_messages = error; DROP SCHEMA %.39s CASCADE",
                   backend_place.schema);
    backend_pg_exec(sql);
}

static const struct backend *backend_enter(bool pg)
{
    struct backend *b = &backend_place;
    const char *tmp = getenv("TMPDIR");
    char sql[128];

    b->pg = pg;
    b->owner = getpid();
    b->root = getenv("TEST_POSTGRES");
    if (pg && (!b->root || !*b->root))
        SKIP("TEST_POSTGRES is not set (tests/engines/postgres.sh start DIR)");
    (void)snprintf(b->dir, sizeof b->dir, "%s/catalog-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    CHECK(mkdtemp(b->dir) != NULL);
    (void)snprintf(b->url, sizeof b->url, "sqlite");
    (void)atexit(backend_leave);
    if (!pg)
        return b;
    (void)snprintf(b->schema, sizeof b->schema, "garden_test_%ld", (long)getpid());
    (void)snprintf(b->url, sizeof b->url, "%.800s%coptions=-csearch_path%%3D%.39s", b->root,
                   strchr(b->root, '?') ? '&' : '?', b->schema);
    (void)snprintf(sql, sizeof sql, "CREATE SCHEMA %.39s", b->schema);
    backend_pg_exec(sql);
    return b;
}

static inline struct catalog *backend_open(const struct backend *backend)
{
    const struct catalog_conf conf = {.url = backend->url, .dir = backend->dir};
    struct err err = {0};
    struct catalog *catalog = catalog_open(&conf, &err);

    if (!catalog)
        TEST_FAIL("catalog_open: %s", err.text);
    return catalog;
}

#define ON_BOTH(name_)                                \
    static void name_(const struct backend *backend); \
    TEST(name_##_on_sqlite)                           \
    {                                                 \
        name_(backend_enter(false));                  \
    }                                                 \
    TEST(name_##_on_postgresql)                       \
    {                                                 \
        name_(backend_enter(true));                   \
    }                                                 \
    static void name_(const struct backend *backend)

/* A live landscape picture of the garden. */
static inline struct catalog_item item_make(const char *search_key, const char *name)
{
    struct catalog_item item = {
        .ref = {CATALOG_GARDEN, search_key, name},
        .orientation = 'h',
        .width = 1280,
        .height = 800,
        .size_bytes = 234567,
        .sha256 = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        .event_time_ms = 1777885687123,
        .sequencer = "17AF3C0B2D9E5F1"};

    return item;
}

static inline void apply_items(struct catalog *catalog, const struct catalog_item *items,
                               size_t count)
{
    const struct catalog_batch batch = {.items = items, .item_count = count};
    struct err err = {0};

    CHECK_OK(catalog_apply(catalog, &batch, &err), err);
}

static inline void check_head(struct catalog *catalog, const char *search_key, uint64_t live,
                              uint64_t *ret_version)
{
    struct catalog_head head;
    struct err err = {0};

    CHECK_OK(catalog_head(catalog, CATALOG_GARDEN, search_key, &head, &err), err);
    CHECK_INT(head.live, ==, live);
    if (ret_version)
        *ret_version = head.version;
}

#endif
