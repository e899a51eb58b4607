/* What goes wrong around the catalogue: locks, disks, foreign files, newer programs, a server
 * that is killed or hangs. Each is an error that says so, and the handle works again after. */
#include "tests/contract/catalog_backends.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sqlite3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/clock.h"

static struct catalog *open_in(const struct backend *backend, int timeout_ms, bool read_only,
                               struct err *err)
{
    const struct catalog_conf conf = {.url = backend->url,
                                      .dir = backend->dir,
                                      .timeout_ms = timeout_ms,
                                      .read_only = read_only};

    return catalog_open(&conf, err);
}

static int put_one(struct catalog *catalog, const char *name, struct err *err)
{
    const struct catalog_item item = item_make("sad", name);
    const struct catalog_batch batch = {.items = &item, .item_count = 1};

    return catalog_apply(catalog, &batch, err);
}

static sqlite3 *open_raw(const struct backend *backend)
{
    char path[256];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof path, "%s/catalog.db", backend->dir);
    CHECK_INT(sqlite3_open(path, &db), ==, SQLITE_OK);
    return db;
}

static void run_raw(sqlite3 *db, const char *sql)
{
    CHECK_INT(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
}

TEST(a_url_of_neither_kind_is_refused)
{
    const struct catalog_conf conf = {.url = "mysql://x"};
    const struct catalog_conf bad = {.url = "postgresql://[::1"};
    struct err err = {0};

    CHECK(catalog_open(&conf, &err) == NULL);
    CHECK_INT(err.code, ==, ERR_INVALID);
    err_clear(&err);
    CHECK(catalog_open(&bad, &err) == NULL);
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, "the catalogue url");
}

TEST(a_locked_file_is_unavailable_within_the_time_limit_and_works_after)
{
    const struct backend *backend = backend_enter(false);
    struct err err = {0};
    OWNED(catalog) catalog = open_in(backend, 200, false, &err);
    sqlite3 *other = open_raw(backend);
    int64_t start = clock_mono_ms();
    struct catalog_head head;

    CHECK(catalog != NULL);
    run_raw(other, "BEGIN IMMEDIATE");
    CHECK_INT(put_one(catalog, "a", &err), ==, ERR_UNAVAILABLE);
    CHECK_HAS(err.text, "the catalogue file is locked");
    CHECK_INT(clock_mono_ms() - start, >=, 190);
    CHECK_INT(clock_mono_ms() - start, <, 5000);
    err_clear(&err);
    CHECK_INT(catalog_ping(catalog, &err), ==, ERR_UNAVAILABLE);
    err_clear(&err);
    CHECK_OK(catalog_head(catalog, CATALOG_GARDEN, "sad", &head, &err), err); /* still read */
    run_raw(other, "ROLLBACK");
    CHECK_OK(put_one(catalog, "a", &err), err);
    CHECK_OK(catalog_ping(catalog, &err), err);
    (void)sqlite3_close(other);
}

TEST(a_newer_schema_is_refused_on_sqlite)
{
    const struct backend *backend = backend_enter(false);
    struct err err = {0};
    sqlite3 *raw;

    catalog_free(backend_open(backend));
    raw = open_raw(backend);
    run_raw(raw, "UPDATE catalog_schema SET version = 1000");
    (void)sqlite3_close(raw);
    for (int read_only = 0; read_only < 2; read_only++) {
        CHECK(open_in(backend, 0, read_only, &err) == NULL);
        CHECK_INT(err.code, ==, ERR_INVALID);
        CHECK_HAS(err.text, "schema version 1000, newer than");
        err_clear(&err);
    }
}

TEST(a_newer_schema_is_refused_on_postgresql)
{
    const struct backend *backend = backend_enter(true);
    struct err err = {0};
    char sql[128];

    catalog_free(backend_open(backend));
    (void)snprintf(sql, sizeof sql, "UPDATE %.39s.catalog_schema SET version = 1000",
                   backend->schema);
    backend_pg_exec(sql);
    for (int read_only = 0; read_only < 2; read_only++) {
        CHECK(open_in(backend, 0, read_only, &err) == NULL);
        CHECK_INT(err.code, ==, ERR_INVALID);
        CHECK_HAS(err.text, "schema version 1000, newer than");
        err_clear(&err);
    }
}

ON_BOTH(a_reader_of_a_catalogue_that_is_not_there_yet_is_told_to_wait)
{
    struct err err = {0};

    CHECK(open_in(backend, 0, true, &err) == NULL);
    CHECK_INT(err.code, ==, ERR_UNAVAILABLE);
    CHECK_HAS(err.text, "item-ingest makes it");
}

ON_BOTH(processes_that_open_a_new_catalogue_at_once_all_get_it)
{
    enum { OPENERS = 5 };
    int status;

    for (int i = 0; i < OPENERS; i++)
        if (fork() == 0) {
            struct catalog *catalog = backend_open(backend);
            struct err err = {0};
            char name[8];

            (void)snprintf(name, sizeof name, "p%d", i);
            CHECK_OK(put_one(catalog, name, &err), err);
            catalog_free(catalog);
            _exit(0);
        }
    for (int i = 0; i < OPENERS; i++) {
        CHECK_INT(wait(&status), >, 0);
        CHECK_INT(status, ==, 0);
    }
    OWNED(catalog) catalog = backend_open(backend);
    check_head(catalog, "sad", OPENERS, NULL);
}

TEST(a_file_that_is_no_database_is_refused)
{
    const struct backend *backend = backend_enter(false);
    struct err err = {0};
    char path[256];
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/catalog.db", backend->dir);
    file = fopen(path, "we");
    CHECK(file != NULL);
    for (int i = 0; i < 1000; i++)
        (void)fputs("this is a text, and no database at all\n", file);
    (void)fclose(file);
    CHECK(open_in(backend, 0, false, &err) == NULL);
    CHECK_INT(err.code, ==, ERR_INVALID);
    CHECK_HAS(err.text, "is not a catalogue; move it away");
}

TEST(a_folder_that_cannot_be_written_is_named)
{
    struct backend place = *backend_enter(false);
    struct err err = {0};

    if (geteuid() == 0)
        CHECK_INT(seteuid(65534), ==, 0); /* root may write anywhere */
    (void)snprintf(place.dir, sizeof place.dir, "/proc/catalog");
    CHECK(open_in(&place, 0, false, &err) == NULL);
    CHECK_HAS(err.text, "/proc/catalog");
    err_clear(&err);
    (void)snprintf(place.dir, sizeof place.dir, "/");
    CHECK(open_in(&place, 0, false, &err) == NULL);
    CHECK_HAS(err.text, "//catalog.db");
    if (getuid() == 0)
        CHECK_INT(seteuid(0), ==, 0);
}

/* The disk becomes full: SQLite's writes fail as they do then. */
static bool disk_is_full;

static ssize_t pwrite_full(int fd, const void *bytes, size_t size, off_t offset)
{
    if (disk_is_full) {
        errno = ENOSPC;
        return -1;
    }
    return pwrite(fd, bytes, size, offset);
}

TEST(a_full_disk_is_told_and_nothing_of_the_batch_stays)
{
    const struct backend *backend = backend_enter(false);
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    const struct catalog_item item = item_make("sad", "b");
    const struct catalog_offset offset = {"g", "t", 0, -1, 5};
    const struct catalog_batch batch = {.items = &item, .item_count = 1, .offset = &offset};
    struct err err = {0};
    int64_t next = 0;

    CHECK_INT(vfs->xSetSystemCall(vfs, "pwrite", (sqlite3_syscall_ptr)pwrite_full), ==, 0);
    (void)vfs->xSetSystemCall(vfs, "pwrite64", (sqlite3_syscall_ptr)pwrite_full);
    OWNED(catalog) catalog = backend_open(backend);
    CHECK_OK(put_one(catalog, "a", &err), err);
    disk_is_full = true;
    CHECK_INT(catalog_apply(catalog, &batch, &err), ==, ERR_IO);
    CHECK_HAS(err.text, "no space left");
    disk_is_full = false;
    err_clear(&err);
    CHECK_OK(catalog_offset_get(catalog, "g", "t", 0, &next, &err), err);
    CHECK_INT(next, ==, -1);
    check_head(catalog, "sad", 1, NULL);
    CHECK_OK(catalog_apply(catalog, &batch, &err), err);
    check_head(catalog, "sad", 2, NULL);
}

static off_t wal_size(const struct backend *backend)
{
    char path[256];
    struct stat st;

    (void)snprintf(path, sizeof path, "%s/catalog.db-wal", backend->dir);
    return stat(path, &st) < 0 ? 0 : st.st_size;
}

/* Batches of 500 items under one key that are all new, until bytes were written to the WAL. */
static void write_batches(struct catalog *catalog, int batches)
{
    enum { COUNT = 500 };
    static struct catalog_item items[COUNT];
    static char names[COUNT][40];
    static int number;

    for (int batch = 0; batch < batches; batch++) {
        for (int i = 0; i < COUNT; i++) {
            (void)snprintf(names[i], sizeof names[i], "%08x-%d", (unsigned)number * 2654435761U,
                           number);
            items[i] = item_make("sad", names[i]);
            number++;
        }
        apply_items(catalog, items, COUNT);
    }
}

struct long_read {
    const struct backend *backend;
    struct catalog *writer;
    int seen;
};

static int write_while_reading(void *ctx, const struct catalog_item *item, struct err *err)
{
    struct long_read *read = ctx;

    (void)item, (void)err;
    if (read->seen++ == 0)
        write_batches(read->writer, 100);
    return 0;
}

TEST(a_long_read_holds_the_wal_and_its_end_lets_it_shrink)
{
    enum { KEPT = 32 * 1024 * 1024 };
    const struct backend *backend = backend_enter(false);
    OWNED(catalog) writer = backend_open(backend);
    OWNED(catalog) reader = backend_open(backend);
    struct long_read read = {.backend = backend, .writer = writer};
    const struct catalog_query query = {.area = CATALOG_GARDEN};
    struct err err = {0};

    write_batches(writer, 2);
    CHECK_OK(catalog_select(reader, &query, write_while_reading, &read, &err), err);
    CHECK_INT(read.seen, ==, 1000);
    CHECK_INT(wal_size(backend), >, KEPT);
    write_batches(writer, 40);
    CHECK_INT(wal_size(backend), <=, KEPT);
}

TEST(a_server_that_hangs_is_given_up)
{
    const struct backend *backend = backend_enter(true);
    struct err err = {0};
    OWNED(catalog) catalog = open_in(backend, 500, false, &err);
    PGconn *control = PQconnectdb(backend->url);
    PGresult *held;
    int64_t start;

    CHECK(catalog != NULL);
    CHECK_OK(put_one(catalog, "a", &err), err);
    held = PQexec(control, "BEGIN; LOCK TABLE catalog_heads");
    CHECK_INT(PQresultStatus(held), ==, PGRES_COMMAND_OK);
    PQclear(held);
    start = clock_mono_ms();
    CHECK_INT(put_one(catalog, "b", &err), ==, ERR_UNAVAILABLE);
    CHECK_INT(clock_mono_ms() - start, <, 5000);
    PQfinish(control);
    err_clear(&err);
    CHECK_OK(put_one(catalog, "b", &err), err);
    check_head(catalog, "sad", 2, NULL);
}

/* Accepts and never says a word. */
TEST(a_server_that_says_nothing_is_given_up)
{
    struct backend place = {.dir = "/tmp"};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int64_t start = clock_mono_ms();
    struct err err = {0};

    CHECK_INT(bind(listener, (const struct sockaddr *)&address, size), ==, 0);
    CHECK_INT(listen(listener, 4), ==, 0);
    CHECK_INT(getsockname(listener, (struct sockaddr *)&address, &size), ==, 0);
    (void)snprintf(place.url, sizeof place.url, "postgresql://u@127.0.0.1:%d/d",
                   ntohs(address.sin_port));
    CHECK(open_in(&place, 300, false, &err) == NULL);
    CHECK_INT(err.code, ==, ERR_UNAVAILABLE);
    CHECK_INT(clock_mono_ms() - start, <, 5000);
    (void)close(listener);
}
