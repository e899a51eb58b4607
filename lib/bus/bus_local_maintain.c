/* bus_local_maintain.c - see bus_local_maintain.h. */
#include "lib/bus/bus_local_maintain.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/bus/bus_local.h"
#include "lib/bus/bus_local_cleaner.h"

enum { BUDGET_MS = 500, EXPIRE_STEP = 500 };

struct local_maintainer {
    pthread_mutex_t lock;
    struct local_cleaner cleaner;
};

struct local_maintainer *local_maintainer_new(void)
{
    struct local_maintainer *m = calloc(1, sizeof *m);

    if (m)
        (void)pthread_mutex_init(&m->lock, NULL);
    return m;
}

void local_maintainer_free(struct local_maintainer *maintainer)
{
    if (!maintainer)
        return;
    local_cleaner_done(&maintainer->cleaner);
    (void)pthread_mutex_destroy(&maintainer->lock);
    free(maintainer);
}

/* The statements for one partition. */
struct expiry {
    struct local_db *db;
    int32_t partition;
    int64_t cutoff_ms;
    sqlite3_stmt *first, *young, *drop;
};

/* The one number that stmt yields; *ret stays where it yields none. */
static int read_offset(struct expiry *e, sqlite3_stmt *stmt, int64_t *ret, struct err *err)
{
    const int r = local_db_step(e->db, stmt, err);

    if (r > 0 && sqlite3_column_type(stmt, 0) != SQLITE_NULL)
        *ret = sqlite3_column_int64(stmt, 0);
    (void)sqlite3_reset(stmt);
    return r;
}

static int expiry_prepare(struct expiry *e, struct err *err)
{
    if (local_db_prepare(e->db, &e->first, "SELECT min(offset) FROM log%d", e->partition, err) <
            0 ||
        local_db_prepare(e->db, &e->young,
                         "SELECT offset FROM log%d WHERE offset < ? AND timestamp_ms >= ? "
                         "ORDER BY offset LIMIT 1",
                         e->partition, err) < 0)
        return err->code;
    return local_db_prepare(e->db, &e->drop, "DELETE FROM log%d WHERE offset < ?", e->partition,
                            err);
}

/* Drops the oldest records up to the first that is young enough, at most EXPIRE_STEP offsets.
 * Takes the write lock only where there is something to drop. */
static int expire_step(struct expiry *e, struct err *err)
{
    int64_t first = -1, end;

    if (read_offset(e, e->first, &first, err) < 0)
        return err->code;
    if (first < 0)
        return 0;
    end = first + EXPIRE_STEP;
    (void)sqlite3_bind_int64(e->young, 1, end);
    (void)sqlite3_bind_int64(e->young, 2, e->cutoff_ms);
    if (read_offset(e, e->young, &end, err) < 0)
        return err->code;
    if (end == first)
        return 0;
    (void)sqlite3_bind_int64(e->drop, 1, end);
    if (local_db_step(e->db, e->drop, err) < 0)
        return err->code;
    return sqlite3_changes(e->db->handle);
}

static int expire_partition(struct local_db *db, int32_t partition, int64_t cutoff_ms,
                            int64_t deadline_ns, struct err *err)
{
    const struct timespec nap = {.tv_nsec = 1000000}; /* publishers come first */
    struct expiry e = {.db = db, .partition = partition, .cutoff_ms = cutoff_ms};
    int dropped = 0, r = expiry_prepare(&e, err);

    while (r >= 0 && clock_mono_ns() < deadline_ns) {
        r = expire_step(&e, err);
        if (r == 0)
            break;
        dropped += r > 0 ? r : 0;
        (void)nanosleep(&nap, NULL);
    }
    (void)sqlite3_finalize(e.first);
    (void)sqlite3_finalize(e.young);
    (void)sqlite3_finalize(e.drop);
    return r < 0 ? r : dropped;
}

static int expire(struct local_db *db, const struct local_config *config, int64_t deadline_ns,
                  struct err *err)
{
    const int64_t cutoff_ms = clock_wall_ms() - config->retention_ms;
    int dropped = 0;

    for (int32_t p = 0; p < config->partitions; p++) {
        const int r = expire_partition(db, p, cutoff_ms, deadline_ns, err);

        if (r < 0)
            return r;
        dropped += r;
    }
    return dropped;
}

/* Also brings into the file what a process that was killed left in the write-ahead log. */
static int maintain_topic(struct local_bus *b, const char *topic, int budget_ms,
                          struct err *err)
{
    const int64_t deadline_ns = clock_mono_ns() + (int64_t)budget_ms * 1000000;
    OWNED_VALUE(local_db) db = {0};
    struct local_config config;
    int dropped = 0;

    if (local_db_open(&db, b->dir, topic, false, &config, err) < 0)
        return err->code;
    if (config.compact && !local_cleaner_busy(&b->maintainer->cleaner, topic))
        dropped = local_cleaner_run(&b->maintainer->cleaner, topic, &db, deadline_ns, err);
    else if (!config.compact && config.retention_ms != BUS_KEEP_FOREVER)
        dropped = expire(&db, &config, deadline_ns, err);
    (void)sqlite3_wal_checkpoint_v2(db.handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return dropped;
}

struct topic_list {
    char (*names)[BUS_TOPIC_NAME_MAX + 1];
    size_t count;
};

static int add_topic(struct topic_list *list, const char *file, struct err *err)
{
    const size_t size = strlen(file);
    void *grown;

    if (!text_ends_with(file, ".db") || size - 3 > BUS_TOPIC_NAME_MAX)
        return 0;
    grown = realloc(list->names, (list->count + 1) * sizeof *list->names);
    if (!grown)
        return err_set_nomem(err, "the list of topics");
    list->names = grown;
    memcpy(list->names[list->count], file, size - 3);
    list->names[list->count++][size - 3] = '\0';
    return 0;
}

static int list_topics(const char *dir, struct topic_list *list, struct err *err)
{
    DIR *entries = opendir(dir);
    const struct dirent *entry;

    if (!entries)
        return err_set_errno(err, "list the topics in %s", dir);
    while (err->code == 0 && (entry = readdir(entries)))
        (void)add_topic(list, entry->d_name, err);
    (void)closedir(entries);
    return err->code;
}

static int maintain_all(struct local_bus *b, struct err *err)
{
    struct topic_list list = {0};
    int dropped = 0;

    (void)list_topics(b->dir, &list, err);
    for (size_t i = 0; i < list.count && err->code == 0; i++) {
        dropped += maintain_topic(b, list.names[i], BUDGET_MS / (int)list.count, err);
        if (err->code == ERR_NOT_FOUND) /* being made just now */
            err_clear(err);
    }
    free(list.names);
    return err->code ? err->code : dropped;
}

/* The lock goes with the process, so nothing is left of one that was killed. */
static int maintain_if_alone(struct local_bus *b, struct err *err)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = bus_local_open_beside(b->dir, "maintain", "lock", err);
    int r = 0;

    if (fd < 0)
        return err->code;
    if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
        r = maintain_all(b, err);
    else if (errno != EAGAIN && errno != EACCES)
        r = err_set_errno(err, "lock %s/maintain.lock", b->dir);
    (void)close(fd);
    return r;
}

int bus_local_maintain(struct bus *bus, struct err *err)
{
    struct local_bus *b = local_bus_of(bus);
    int r = 0;

    if (pthread_mutex_trylock(&b->maintainer->lock) != 0)
        return 0;
    r = maintain_if_alone(b, err);
    (void)pthread_mutex_unlock(&b->maintainer->lock);
    return r;
}
