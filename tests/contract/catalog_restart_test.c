/* A PostgreSQL server that is stopped, started and killed under the catalogue: a server of this
 * test's own, as others use the one of TEST_POSTGRES. */
#include "tests/contract/catalog_backends.h"

#include <fcntl.h>

static char server_dir[160], server_url[1024];

/* Runs the program; what it writes on stdout goes to output. Returns its exit status. */
static int run(const char *const argv[], char *output, size_t size)
{
    int ends[2], status = -1;
    size_t used = 0;
    ssize_t n;
    pid_t child;

    CHECK_INT(pipe2(ends, O_CLOEXEC), ==, 0); /* the server must not keep it open */
    (void)fflush(stdout);
    child = fork();
    if (child == 0) {
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    (void)close(ends[1]);
    while (used < size - 1 && (n = read(ends[0], output + used, size - 1 - used)) > 0)
        used += (size_t)n;
    output[used] = '\0';
    (void)close(ends[0]);
    (void)waitpid(child, &status, 0);
    return status;
}

static void run_server(const char *verb, char *output, size_t size)
{
    const char *const argv[] = {"tests/engines/postgres.sh", verb, server_dir, NULL};

    CHECK_INT(run(argv, output, size), ==, 0);
}

static void server(const char *verb)
{
    char output[1024];

    run_server(verb, output, sizeof output);
}

static void server_leave(void)
{
    const char *const stop[] = {"tests/engines/postgres.sh", "stop", server_dir, NULL};
    const char *const clear[] = {"rm", "-rf", server_dir, NULL};
    char output[16];

    if (backend_place.owner == getpid() &&
        (run(stop, output, sizeof output) != 0 || run(clear, output, sizeof output) != 0))
        printf("# left behind: %s\n", server_dir);
}

/* The place of this test, on a server of its own. */
static struct backend server_enter(void)
{
    struct backend place = *backend_enter(true);
    char output[1024];
    const char *url;

    (void)snprintf(server_dir, sizeof server_dir, "%s-pg", place.dir);
    (void)atexit(server_leave);
    run_server("start", output, sizeof output);
    url = strstr(output, "postgresql://");
    CHECK(url != NULL);
    (void)snprintf(server_url, sizeof server_url, "%.*s", (int)strcspn(url, "\n"), url);
    (void)snprintf(place.url, sizeof place.url, "%s", server_url);
    return place;
}

static int put(struct catalog *catalog, const char *name, struct err *err)
{
    const struct catalog_item item = item_make("sad", name);
    const struct catalog_batch batch = {.items = &item, .item_count = 1};

    return catalog_apply(catalog, &batch, err);
}

static void check_restart(struct catalog *catalog)
{
    struct catalog_head head;
    struct err err = {0};

    CHECK_OK(put(catalog, "a", &err), err);
    server("stop");
    CHECK_INT(put(catalog, "b", &err), ==, ERR_UNAVAILABLE);
    err_clear(&err);
    CHECK_INT(catalog_head(catalog, CATALOG_GARDEN, "sad", &head, &err), ==, ERR_UNAVAILABLE);
    CHECK_HAS(err.text, "PostgreSQL");
    err_clear(&err);
    server("start");
    CHECK_OK(put(catalog, "c", &err), err);
    check_head(catalog, "sad", 2, NULL);
}

static int kill_at_first(void *ctx, const struct catalog_item *item, struct err *err)
{
    (void)item, (void)err;
    if ((*(int *)ctx)++ == 0)
        server("kill");
    return 0;
}

/* In the middle of a query of several pages. */
static void check_kill(struct catalog *catalog)
{
    enum { MANY = 5000 };
    static struct catalog_item items[MANY];
    static char names[MANY][16];
    const struct catalog_query query = {.area = CATALOG_GARDEN};
    struct err err = {0};
    int seen = 0;

    for (int i = 0; i < MANY; i++) {
        (void)snprintf(names[i], sizeof names[i], "m%05d", i);
        items[i] = item_make("sad", names[i]);
    }
    apply_items(catalog, items, MANY);
    CHECK_INT(catalog_select(catalog, &query, kill_at_first, &seen, &err), ==, ERR_UNAVAILABLE);
    CHECK_INT(seen, <, MANY);
    err_clear(&err);
    server("start");
    check_head(catalog, "sad", MANY + 2, NULL);
    CHECK_OK(put(catalog, "z", &err), err);
}

TEST(a_server_that_was_restarted_or_killed_is_found_again_with_all_that_was_written)
{
    const struct backend place = server_enter();
    OWNED(catalog) catalog = backend_open(&place);

    check_restart(catalog);
    check_kill(catalog);
}
