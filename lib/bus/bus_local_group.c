/* bus_local_group.c - see bus_local_group.h. */
#include "lib/bus/bus_local_group.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/bus/bus_hash.h"
#include "lib/bus/bus_local.h"

enum { MEMBERS_MAX = 256 };

struct local_group {
    const char *topic, *name;
    struct local_db *db;
    int32_t partitions;
    int fd; /* topic.members */
    int64_t member;
    sqlite3_stmt *list_members, *list_claims, *add_member, *drop_member, *drop_claims_of,
        *claim, *release, *commit;
};

/* Who is there, and who has what. */
struct plan {
    int64_t members[MEMBERS_MAX]; /* alive, oldest first */
    size_t member_count;
    int64_t dead[MEMBERS_MAX];
    size_t dead_count;
    int64_t claims[BUS_PARTITIONS_MAX]; /* the living member that has it, or 0 */
    bool wanted[BUS_PARTITIONS_MAX];    /* this member's share */
};

static struct flock byte_of(int64_t member)
{
    return (struct flock){
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = member, .l_len = 1};
}

/* Where the question fails, a member counts as alive: nothing is taken from it. */
static bool is_alive(const struct local_group *g, int64_t member)
{
    struct flock lock = byte_of(member);

    return member == g->member || fcntl(g->fd, F_OFD_GETLK, &lock) < 0 ||
           lock.l_type != F_UNLCK;
}

static sqlite3_stmt *use(struct local_group *g, sqlite3_stmt **stmt, const char *sql,
                         struct err *err)
{
    if (local_db_prepare(g->db, stmt, sql, 0, err) < 0)
        return NULL;
    return *stmt;
}

static int read_members(struct local_group *g, struct plan *plan, struct err *err)
{
    sqlite3_stmt *stmt = use(g, &g->list_members,
                             "SELECT member FROM members WHERE grp = ? ORDER BY member", err);
    int64_t member;

    if (!stmt)
        return err->code;
    (void)sqlite3_bind_text(stmt, 1, g->name, -1, SQLITE_STATIC);
    while (local_db_step(g->db, stmt, err) > 0) {
        member = sqlite3_column_int64(stmt, 0);
        if (!is_alive(g, member)) {
            if (plan->dead_count < MEMBERS_MAX)
                plan->dead[plan->dead_count++] = member;
        } else if (plan->member_count < MEMBERS_MAX) {
            plan->members[plan->member_count++] = member;
        }
    }
    return err->code;
}

static bool among(const int64_t *members, size_t count, int64_t member)
{
    for (size_t i = 0; i < count; i++)
        if (members[i] == member)
            return true;
    return false;
}

static int read_claims(struct local_group *g, struct plan *plan, struct err *err)
{
    sqlite3_stmt *stmt =
        use(g, &g->list_claims, "SELECT partition, member FROM claims WHERE grp = ?", err);

    if (!stmt)
        return err->code;
    (void)sqlite3_bind_text(stmt, 1, g->name, -1, SQLITE_STATIC);
    while (local_db_step(g->db, stmt, err) > 0) {
        const int32_t partition = sqlite3_column_int(stmt, 0);
        const int64_t member = sqlite3_column_int64(stmt, 1);

        if (partition >= 0 && partition < g->partitions &&
            among(plan->members, plan->member_count, member))
            plan->claims[partition] = member;
    }
    return err->code;
}

/* In turn, beginning at a place that depends on the topic: the members of a group of several
 * topics with one partition each share those, too. */
static void choose_share(const struct local_group *g, struct plan *plan)
{
    const size_t first = bus_murmur2(g->topic, strlen(g->topic)) % 1024;

    for (int32_t p = 0; p < g->partitions; p++)
        plan->wanted[p] = plan->member_count > 0 &&
                          plan->members[(first + (size_t)p) % plan->member_count] == g->member;
}

static int make_plan(struct local_group *g, struct plan *plan, struct err *err)
{
    *plan = (struct plan){0};
    if (read_members(g, plan, err) < 0 || read_claims(g, plan, err) < 0)
        return err->code;
    choose_share(g, plan);
    return 0;
}

static int run(struct local_group *g, sqlite3_stmt *stmt, int32_t partition, int64_t number,
               struct err *err)
{
    if (!stmt)
        return err->code;
    (void)sqlite3_bind_text(stmt, 1, g->name, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(stmt, 2, partition);
    (void)sqlite3_bind_int64(stmt, 3, number);
    return local_db_step(g->db, stmt, err);
}

static int drop_member(struct local_group *g, int64_t member, struct err *err)
{
    sqlite3_stmt *stmt =
        use(g, &g->drop_claims_of, "DELETE FROM claims WHERE grp = ? AND member = ?3", err);

    if (run(g, stmt, 0, member, err) < 0)
        return err->code;
    stmt = use(g, &g->drop_member, "DELETE FROM members WHERE grp = ? AND member = ?3", err);
    return run(g, stmt, 0, member, err);
}

/* What owned does not list goes back; what is free and wanted is taken. Returns how many rows
 * changed. Inside a transaction. */
static int apply(struct local_group *g, const struct plan *plan, const bool *owned,
                 struct err *err)
{
    sqlite3_stmt *release =
        use(g, &g->release, "DELETE FROM claims WHERE grp = ? AND partition = ? AND member = ?",
            err);
    sqlite3_stmt *claim =
        use(g, &g->claim, "INSERT OR REPLACE INTO claims VALUES (?, ?, ?)", err);
    int changes = 0;

    for (size_t i = 0; i < plan->dead_count && err->code == 0; i++, changes++)
        (void)drop_member(g, plan->dead[i], err);
    for (int32_t p = 0; p < g->partitions && err->code == 0; p++) {
        const bool mine = plan->claims[p] == g->member;

        if (mine && !owned[p] && !plan->wanted[p] && ++changes)
            (void)run(g, release, p, g->member, err);
        else if (plan->wanted[p] && plan->claims[p] == 0 && ++changes)
            (void)run(g, claim, p, g->member, err);
    }
    return err->code ? err->code : changes;
}

static bool needs_change(const struct local_group *g, const struct plan *plan,
                         const bool *owned)
{
    for (int32_t p = 0; p < g->partitions; p++) {
        const bool mine = plan->claims[p] == g->member;

        if (plan->wanted[p] ? !owned[p] && (mine || plan->claims[p] == 0) : owned[p] || mine)
            return true;
    }
    return plan->dead_count > 0;
}

static void give_back(struct local_group *g, const struct plan *plan, bool *owned,
                      bus_revoked *on_revoked, void *ctx)
{
    for (int32_t p = 0; p < g->partitions; p++)
        if (owned[p] && !plan->wanted[p]) {
            if (on_revoked)
                on_revoked(ctx, g->topic, p);
            owned[p] = false;
        }
}

int local_group_sync(struct local_group *group, bool *owned, bus_revoked *on_revoked, void *ctx,
                     struct err *err)
{
    struct plan plan;
    int changes;

    if (make_plan(group, &plan, err) < 0)
        return err->code;
    if (!needs_change(group, &plan, owned))
        return 0;
    give_back(group, &plan, owned, on_revoked, ctx);
    if (local_db_begin(group->db, err) < 0)
        return err->code;
    (void)make_plan(group, &plan, err); /* again: it may have changed until we had the lock */
    changes = err->code ? err->code : apply(group, &plan, owned, err);
    if (local_db_end(group->db, err) < 0)
        return err->code;
    for (int32_t p = 0; p < group->partitions; p++)
        if (plan.wanted[p] && (plan.claims[p] == 0 || plan.claims[p] == group->member))
            owned[p] = true;
    if (changes > 0)
        bus_local_ring(group->fd);
    return 0;
}

int local_group_commit(struct local_group *group, int32_t partition, int64_t next_offset,
                       struct err *err)
{
    return run(
        group,
        use(group, &group->commit, "INSERT OR REPLACE INTO offsets VALUES (?, ?, ?)", err),
        partition, next_offset, err);
}

/* The lock is held before others can see the member, so that it never looks dead. */
static int add_member(struct local_group *g, struct err *err)
{
    sqlite3_stmt *stmt = use(g, &g->add_member, "INSERT INTO members (grp) VALUES (?)", err);
    struct flock lock;

    if (!stmt)
        return err->code;
    (void)sqlite3_bind_text(stmt, 1, g->name, -1, SQLITE_STATIC);
    if (local_db_step(g->db, stmt, err) < 0)
        return err->code;
    g->member = sqlite3_last_insert_rowid(g->db->handle);
    lock = byte_of(g->member);
    if (fcntl(g->fd, F_OFD_SETLK, &lock) < 0)
        return err_set_errno(err, "join group %s of %s", g->name, g->topic);
    return 0;
}

static int join(struct local_group *g, const char *dir, struct err *err)
{
    g->fd = bus_local_open_beside(dir, g->topic, "members", err);
    if (g->fd < 0 || local_db_begin(g->db, err) < 0)
        return err->code;
    (void)add_member(g, err);
    if (local_db_end(g->db, err) < 0)
        return err->code;
    bus_local_ring(g->fd);
    return 0;
}

struct local_group *local_group_join(const char *dir, const char *topic, const char *name,
                                     struct local_db *db, int32_t partitions, struct err *err)
{
    struct local_group *g = calloc(1, sizeof *g);

    if (!g) {
        err_set_nomem(err, "a group");
        return NULL;
    }
    *g = (struct local_group){
        .topic = topic, .name = name, .db = db, .partitions = partitions, .fd = -1};
    if (join(g, dir, err) == 0)
        return g;
    g->member = 0; /* never seen by others */
    local_group_free(g);
    return NULL;
}

const char *local_group_name(const struct local_group *group)
{
    return group->name;
}

void local_group_free(struct local_group *group)
{
    struct err ignored = {0}; /* then the others find out by the lock */

    if (!group)
        return;
    if (group->member > 0) {
        local_db_wait(group->db, LOCAL_WAIT_MS);
        if (local_db_begin(group->db, &ignored) == 0) {
            (void)drop_member(group, group->member, &ignored);
            (void)local_db_end(group->db, &ignored);
        }
    }
    if (group->fd >= 0) {
        bus_local_ring(group->fd);
        (void)close(group->fd);
    }
    free(group);
}
