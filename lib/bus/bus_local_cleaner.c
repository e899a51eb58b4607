/* bus_local_cleaner.c - see bus_local_cleaner.h. */
#include "lib/bus/bus_local_cleaner.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/owned.h"
#include "lib/bus/bus_hash.h"

enum { FIRST_SLOTS = 4096, MAP_STEP = 2000, SWEEP_STEP = 500 };

struct clean_slot {
    uint64_t hash;
    int64_t offset; /* of the last record with this key, plus 1; 0: the slot is free */
};

/* The statements of one call. */
struct sweep {
    struct local_db *db;
    sqlite3_stmt *range, *key_at, *drop;
    int64_t doomed[SWEEP_STEP];
    size_t doomed_count, seen;
};

/* The slot of the hash, or the free one where it belongs. */
static struct clean_slot *find_slot(struct clean_slot *slots, size_t capacity, uint64_t hash)
{
    size_t at = hash & (capacity - 1);

    while (slots[at].offset != 0 && slots[at].hash != hash)
        at = (at + 1) & (capacity - 1);
    return &slots[at];
}

static int grow(struct local_cleaner *c, struct err *err)
{
    const size_t capacity = c->capacity ? 2 * c->capacity : FIRST_SLOTS;
    struct clean_slot *slots = calloc(capacity, sizeof *slots);

    if (!slots)
        return err_set_nomem(err, "compaction");
    for (size_t i = 0; i < c->capacity; i++)
        if (c->slots[i].offset != 0)
            *find_slot(slots, capacity, c->slots[i].hash) = c->slots[i];
    free(c->slots);
    c->slots = slots;
    c->capacity = capacity;
    return 0;
}

static uint64_t hash_of(const struct local_cleaner *c, const void *key, int size)
{
    return bus_siphash(c->seed, size ? key : "", (size_t)size);
}

static int remember(struct local_cleaner *c, uint64_t hash, int64_t offset, struct err *err)
{
    struct clean_slot *slot;

    if (c->used >= c->capacity / 4 * 3 && grow(c, err) < 0)
        return err->code;
    slot = find_slot(c->slots, c->capacity, hash);
    c->used += slot->offset == 0;
    *slot = (struct clean_slot){hash, offset + 1};
    return 0;
}

static void begin(struct local_cleaner *c, const char *topic, int32_t partition, int64_t from,
                  int64_t end)
{
    c->topic = strdup(topic);
    c->partition = partition;
    c->sweeping = false;
    c->position = from;
    c->end = end;
    c->kept = 0;
    c->used = 0;
    if (c->capacity)
        memset(c->slots, 0, c->capacity * sizeof *c->slots);
    if (getrandom(c->seed, sizeof c->seed, 0) != (ssize_t)sizeof c->seed)
        c->seed[0] = (uint64_t)clock_wall_ns();
}

void local_cleaner_done(struct local_cleaner *cleaner)
{
    free(cleaner->topic);
    free(cleaner->slots);
    *cleaner = (struct local_cleaner){0};
}

bool local_cleaner_busy(const struct local_cleaner *cleaner, const char *topic)
{
    return cleaner->topic && strcmp(cleaner->topic, topic) != 0;
}

/* Begins with the first partition that is at least half dirty. */
static int choose(struct local_cleaner *c, const char *topic, struct local_db *db,
                  struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (local_db_prepare(db, &stmt,
                         "SELECT partition, next_offset, cleaned, kept FROM partitions", 0,
                         err) < 0)
        return err->code;
    while (!c->topic && local_db_step(db, stmt, err) > 0) {
        const int64_t end = sqlite3_column_int64(stmt, 1);
        const int64_t cleaned = sqlite3_column_int64(stmt, 2);

        if (end - cleaned >= LOCAL_CLEAN_MIN && end - cleaned >= sqlite3_column_int64(stmt, 3))
            begin(c, topic, sqlite3_column_int(stmt, 0), cleaned, end);
    }
    (void)sqlite3_finalize(stmt);
    return err->code;
}

static int bind_range(struct local_cleaner *c, struct sweep *sweep, int limit, struct err *err)
{
    if (local_db_prepare(sweep->db, &sweep->range,
                         "SELECT offset, key, timestamp_ms, value IS NULL FROM log%d "
                         "WHERE offset >= ? AND offset < ? ORDER BY offset LIMIT ?",
                         c->partition, err) < 0)
        return err->code;
    (void)sqlite3_bind_int64(sweep->range, 1, c->position);
    (void)sqlite3_bind_int64(sweep->range, 2, c->end);
    (void)sqlite3_bind_int(sweep->range, 3, limit);
    return 0;
}

/* Reads one step of the dirty part into the map; the end comes nearer where the map is full. */
static int map_step(struct local_cleaner *c, struct sweep *sweep, struct err *err)
{
    int rows = 0;

    if (bind_range(c, sweep, MAP_STEP, err) < 0)
        return err->code;
    while (c->used < LOCAL_CLEAN_KEYS && local_db_step(sweep->db, sweep->range, err) > 0) {
        const void *key = sqlite3_column_blob(sweep->range, 1);
        const int64_t offset = sqlite3_column_int64(sweep->range, 0);

        rows++;
        c->position = offset + 1;
        if (sqlite3_column_type(sweep->range, 1) != SQLITE_NULL &&
            remember(c, hash_of(c, key, sqlite3_column_bytes(sweep->range, 1)), offset, err) <
                0)
            break;
    }
    (void)sqlite3_reset(sweep->range);
    if (err->code)
        return err->code;
    if (c->used >= LOCAL_CLEAN_KEYS)
        c->end = c->position;
    if (rows < MAP_STEP) {
        c->sweeping = true;
        c->position = 0;
    }
    return 0;
}

/* Whether the record at offset has this very key. */
static bool key_is(struct local_cleaner *c, struct sweep *sweep, int64_t offset,
                   const void *key, int size, struct err *err)
{
    bool same = false;

    if (local_db_prepare(sweep->db, &sweep->key_at, "SELECT key FROM log%d WHERE offset = ?",
                         c->partition, err) < 0)
        return false;
    (void)sqlite3_bind_int64(sweep->key_at, 1, offset);
    if (local_db_step(sweep->db, sweep->key_at, err) > 0) {
        const void *found = sqlite3_column_blob(sweep->key_at, 0);

        same = sqlite3_column_bytes(sweep->key_at, 0) == size &&
               (size == 0 || memcmp(found, key, (size_t)size) == 0);
    }
    (void)sqlite3_reset(sweep->key_at);
    return same;
}

static bool is_doomed(struct local_cleaner *c, struct sweep *sweep, struct err *err)
{
    const void *key = sqlite3_column_blob(sweep->range, 1);
    const int size = sqlite3_column_bytes(sweep->range, 1);
    const struct clean_slot *slot;

    if (sqlite3_column_type(sweep->range, 1) == SQLITE_NULL || c->capacity == 0)
        return false;
    slot = find_slot(c->slots, c->capacity, hash_of(c, key, size));
    if (slot->offset - 1 > sqlite3_column_int64(sweep->range, 0))
        return key_is(c, sweep, slot->offset - 1, key, size, err);
    return sqlite3_column_int(sweep->range, 3) &&
           sqlite3_column_int64(sweep->range, 2) < clock_wall_ms() - LOCAL_TOMBSTONE_MS;
}

static int drop_doomed(struct local_cleaner *c, struct sweep *sweep, struct err *err)
{
    if (sweep->doomed_count == 0)
        return 0;
    if (local_db_prepare(sweep->db, &sweep->drop, "DELETE FROM log%d WHERE offset = ?",
                         c->partition, err) < 0 ||
        local_db_begin(sweep->db, err) < 0)
        return err->code;
    for (size_t i = 0; i < sweep->doomed_count && err->code == 0; i++) {
        (void)sqlite3_bind_int64(sweep->drop, 1, sweep->doomed[i]);
        (void)local_db_step(sweep->db, sweep->drop, err);
    }
    return local_db_end(sweep->db, err) < 0 ? err->code : (int)sweep->doomed_count;
}

static int finish(struct local_cleaner *c, struct local_db *db, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int r;

    if (local_db_prepare(db, &stmt,
                         "UPDATE partitions SET cleaned = max(cleaned, ?), kept = ? "
                         "WHERE partition = ?",
                         0, err) < 0)
        return err->code;
    (void)sqlite3_bind_int64(stmt, 1, c->end);
    (void)sqlite3_bind_int64(stmt, 2, c->kept);
    (void)sqlite3_bind_int(stmt, 3, c->partition);
    r = local_db_step(db, stmt, err);
    (void)sqlite3_finalize(stmt);
    free(c->topic);
    c->topic = NULL;
    return r;
}

/* Looks at one step of the partition and drops what is superseded there. */
static int sweep_step(struct local_cleaner *c, struct sweep *sweep, struct err *err)
{
    int64_t offset;

    sweep->doomed_count = sweep->seen = 0;
    if (bind_range(c, sweep, SWEEP_STEP, err) < 0)
        return err->code;
    while (err->code == 0 && local_db_step(sweep->db, sweep->range, err) > 0) {
        offset = sqlite3_column_int64(sweep->range, 0);
        sweep->seen++;
        if (is_doomed(c, sweep, err))
            sweep->doomed[sweep->doomed_count++] = offset;
        c->position = offset + 1;
    }
    (void)sqlite3_reset(sweep->range);
    if (err->code)
        return err->code;
    c->kept += (int64_t)(sweep->seen - sweep->doomed_count);
    return drop_doomed(c, sweep, err);
}

/* One step; 1 at the end of the compaction. */
static int step(struct local_cleaner *c, struct sweep *sweep, int *dropped, struct err *err)
{
    const struct timespec nap = {.tv_nsec = 1000000}; /* publishers come first */
    int r;

    if (!c->sweeping)
        return map_step(c, sweep, err);
    r = sweep_step(c, sweep, err);
    if (r < 0)
        return r;
    *dropped += r;
    if (r > 0)
        (void)nanosleep(&nap, NULL);
    return sweep->seen < SWEEP_STEP;
}

/* Works on the partition at hand until it is done. */
static int run_partition(struct local_cleaner *c, struct local_db *db, int64_t deadline_ns,
                         int *dropped, struct err *err)
{
    struct sweep sweep = {.db = db};
    int r = 0;

    while (r == 0 && clock_mono_ns() < deadline_ns)
        r = step(c, &sweep, dropped, err);
    (void)sqlite3_finalize(sweep.range);
    (void)sqlite3_finalize(sweep.key_at);
    (void)sqlite3_finalize(sweep.drop);
    return r > 0 ? finish(c, db, err) : r;
}

int local_cleaner_run(struct local_cleaner *cleaner, const char *topic, struct local_db *db,
                      int64_t deadline_ns, struct err *err)
{
    int dropped = 0;

    while (err->code == 0 && clock_mono_ns() < deadline_ns) {
        if (!cleaner->topic && choose(cleaner, topic, db, err) < 0)
            break;
        if (!cleaner->topic)
            break;
        (void)run_partition(cleaner, db, deadline_ns, &dropped, err);
    }
    if (!cleaner->topic)
        local_cleaner_done(cleaner); /* the map's memory */
    return err->code ? err->code : dropped;
}
