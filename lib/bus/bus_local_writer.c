/* bus_local_writer.c - see bus_local_writer.h. */
#include "lib/bus/bus_local_writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/bus/bus_hash.h"
#include "lib/bus/bus_local.h"
#include "lib/bus/bus_local_checkpoint.h"
#include "lib/bus/bus_local_codec.h"

/* One call of local_writer_append, on its caller's stack. */
struct request {
    const struct bus_record *records;
    size_t count;
    int64_t deadline_ns;
    struct err err;
    bool taken, done; /* taken: a leader works on it */
    struct request *next;
};

struct local_writer {
    struct local_db db;
    struct local_config config;
    char *topic, *dir;
    int bell_fd;
    int wal_pages;
    struct local_checkpointer *checkpointer;
    struct local_checkpoint checkpoint;

    pthread_mutex_t lock; /* for the four below; the rest belongs to the leader */
    pthread_cond_t changed;
    struct request *waiting;
    bool leading;

    sqlite3_stmt *get_next, *set_next, **insert; /* insert: by partition */
    int64_t *next;                               /* offset, by partition; -1: not read yet */
    int32_t any_partition;                       /* for records without a key */
    struct buf headers;
};

static int on_commit(void *ctx, sqlite3 *handle, const char *name, int pages)
{
    struct local_writer *w = ctx;

    (void)handle;
    (void)name;
    w->wal_pages = pages;
    return SQLITE_OK;
}

static int init_arrays(struct local_writer *w, const char *dir, const char *topic,
                       struct err *err)
{
    const size_t partitions = (size_t)w->config.partitions;

    w->topic = strdup(topic);
    w->dir = strdup(dir);
    w->insert = calloc(partitions, sizeof(sqlite3_stmt *));
    w->next = calloc(partitions, sizeof *w->next);
    if (!w->topic || !w->dir || !w->insert || !w->next)
        return err_set_nomem(err, "a topic");
    w->checkpoint = (struct local_checkpoint){.dir = w->dir, .topic = w->topic};
    return 0;
}

static int init_statements(struct local_writer *w, struct err *err)
{
    (void)sqlite3_wal_hook(w->db.handle, on_commit, w);
    if (local_db_prepare(&w->db, &w->get_next,
                         "SELECT next_offset FROM partitions WHERE partition = ?", 0, err) < 0)
        return err->code;
    return local_db_prepare(&w->db, &w->set_next,
                            "UPDATE partitions SET next_offset = ? WHERE partition = ?", 0,
                            err);
}

static void init_locks(struct local_writer *w)
{
    pthread_condattr_t attributes;

    (void)pthread_mutex_init(&w->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&w->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

struct local_writer *local_writer_new(const char *dir, const char *topic,
                                      struct local_checkpointer *checkpointer, struct err *err)
{
    struct local_writer *w = calloc(1, sizeof *w);

    if (!w) {
        err_set_nomem(err, "a topic");
        return NULL;
    }
    init_locks(w);
    w->bell_fd = -1;
    w->checkpointer = checkpointer;
    if (local_db_open(&w->db, dir, topic, true, &w->config, err) == 0 &&
        init_arrays(w, dir, topic, err) == 0 && init_statements(w, err) == 0)
        w->bell_fd = bus_local_open_beside(dir, topic, "bell", err);
    if (w->bell_fd >= 0)
        return w;
    local_writer_free(w);
    return NULL;
}

void local_writer_free(struct local_writer *writer)
{
    if (!writer)
        return;
    local_db_done(&writer->db);
    if (writer->bell_fd >= 0)
        (void)close(writer->bell_fd);
    (void)pthread_cond_destroy(&writer->changed);
    (void)pthread_mutex_destroy(&writer->lock);
    buf_done(&writer->headers);
    free((void *)writer->insert);
    free(writer->next);
    free(writer->topic);
    free(writer->dir);
    free(writer);
}

/* The offset that the partition's next record gets; read once in each transaction, since other
 * processes append, too. */
static int next_offset(struct local_writer *w, int32_t partition, int64_t *ret, struct err *err)
{
    int r;

    if (w->next[partition] < 0) {
        (void)sqlite3_bind_int(w->get_next, 1, partition);
        r = local_db_step(&w->db, w->get_next, err);
        if (r == 0)
            return err_set(err, ERR_IO, "%s is damaged: it lacks partition %d", w->db.path,
                           partition);
        if (r < 0)
            return r;
        w->next[partition] = sqlite3_column_int64(w->get_next, 0);
        (void)sqlite3_reset(w->get_next);
    }
    *ret = w->next[partition];
    return 0;
}

static void bind_bytes(sqlite3_stmt *stmt, int column, const void *bytes, size_t size)
{
    if (bytes) /* a NULL is stored as such: no key, or a tombstone */
        (void)sqlite3_bind_blob(stmt, column, size ? bytes : "", (int)size, SQLITE_STATIC);
    else
        (void)sqlite3_bind_null(stmt, column);
}

static void bind_record(struct local_writer *w, sqlite3_stmt *stmt, int64_t offset,
                        const struct bus_record *record)
{
    const int64_t when = record->timestamp_ms ? record->timestamp_ms : clock_wall_ms();

    buf_clear(&w->headers);
    headers_encode(&w->headers, record->headers, record->header_count);
    (void)sqlite3_bind_int64(stmt, 1, offset);
    (void)sqlite3_bind_int64(stmt, 2, when);
    bind_bytes(stmt, 3, record->key, record->key_size);
    bind_bytes(stmt, 4, w->headers.data, w->headers.size);
    bind_bytes(stmt, 5, record->value, record->value_size);
}

static int insert_record(struct local_writer *w, const struct bus_record *record,
                         struct err *err)
{
    const int32_t partition =
        record->key ? bus_partition_of(record->key, record->key_size, w->config.partitions)
                    : w->any_partition;
    int64_t offset = 0;

    if (next_offset(w, partition, &offset, err) < 0 ||
        local_db_prepare(&w->db, &w->insert[partition],
                         "INSERT INTO log%d VALUES (?, ?, ?, ?, ?)", partition, err) < 0)
        return err->code;
    bind_record(w, w->insert[partition], offset, record);
    if (!buf_ok(&w->headers))
        return err_set_nomem(err, "headers");
    w->next[partition] = offset + 1;
    return local_db_step(&w->db, w->insert[partition], err);
}

static int insert_request(struct local_writer *w, const struct request *request,
                          struct err *err)
{
    w->any_partition = (w->any_partition + 1) % w->config.partitions;
    for (size_t i = 0; i < request->count && err->code == 0; i++)
        if (strcmp(request->records[i].topic, w->topic) == 0)
            (void)insert_record(w, &request->records[i], err);
    return err->code;
}

static int store_next_offsets(struct local_writer *w, struct err *err)
{
    for (int32_t p = 0; p < w->config.partitions && err->code == 0; p++)
        if (w->next[p] >= 0) {
            (void)sqlite3_bind_int64(w->set_next, 1, w->next[p]);
            (void)sqlite3_bind_int(w->set_next, 2, p);
            (void)local_db_step(&w->db, w->set_next, err);
        }
    return err->code;
}

/* Appends all requests of the list in one transaction. */
static int append_all(struct local_writer *w, const struct request *list, struct err *err)
{
    int64_t deadline_ns = INT64_MAX;

    for (const struct request *r = list; r; r = r->next)
        if (r->deadline_ns < deadline_ns)
            deadline_ns = r->deadline_ns;
    w->db.deadline_ns = deadline_ns;
    if (local_db_begin(&w->db, err) < 0)
        return err->code;
    memset(w->next, 0xff, (size_t)w->config.partitions * sizeof *w->next); /* all -1 */
    for (const struct request *r = list; r && err->code == 0; r = r->next)
        (void)insert_request(w, r, err);
    (void)store_next_offsets(w, err);
    w->wal_pages = 0;
    if (local_db_end(&w->db, err) < 0)
        return err->code;
    if (w->wal_pages > 0)
        bus_local_ring(w->bell_fd);
    return 0;
}

/* Ends the requests of the list: all, or where the file was only locked those whose time has
 * passed; the others go back to the queue. Called with the lock held. */
static void settle(struct local_writer *w, struct request *list, const struct err *err)
{
    const int64_t now_ns = clock_mono_ns();
    struct request *r, *next;

    for (r = list; r; r = next) {
        next = r->next;
        if (err->code == ERR_UNAVAILABLE && r->deadline_ns > now_ns) {
            r->taken = false;
            r->next = w->waiting;
            w->waiting = r;
            continue;
        }
        r->err = *err;
        r->done = true;
    }
}

/* Called with the lock held, which is let go of meanwhile. */
static void lead(struct local_writer *w)
{
    struct request *list = w->waiting;
    struct err err = {0};

    w->waiting = NULL;
    w->leading = true;
    for (struct request *r = list; r; r = r->next)
        r->taken = true;
    (void)pthread_mutex_unlock(&w->lock);
    (void)append_all(w, list, &err);
    (void)pthread_mutex_lock(&w->lock);
    settle(w, list, &err);
    (void)pthread_cond_broadcast(&w->changed);
    if (err.code == 0) {
        /* Those who waited go on meanwhile; new ones gather behind this. */
        (void)pthread_mutex_unlock(&w->lock);
        local_checkpoint_due(w->checkpointer, &w->checkpoint, &w->db, w->wal_pages);
        (void)pthread_mutex_lock(&w->lock);
    }
    w->leading = false;
    (void)pthread_cond_broadcast(&w->changed);
}

static void enqueue(struct local_writer *w, struct request *request)
{
    struct request **tail = &w->waiting;

    while (*tail)
        tail = &(*tail)->next;
    *tail = request;
}

static void withdraw(struct local_writer *w, struct request *request)
{
    struct request **at = &w->waiting;

    while (*at && *at != request)
        at = &(*at)->next;
    if (*at)
        *at = request->next;
    request->done = true;
    err_set(&request->err, ERR_UNAVAILABLE,
            "%s: other publishers kept it busy for too long; try again", w->db.path);
}

/* What a leader took has to be waited for, however long its commit takes: it reads the
 * caller's records. */
static void wait_for_leader(struct local_writer *w, struct request *request)
{
    const struct timespec until = {.tv_sec = request->deadline_ns / 1000000000,
                                   .tv_nsec = request->deadline_ns % 1000000000};

    if (request->taken || clock_mono_ns() < request->deadline_ns)
        (void)(request->taken ? pthread_cond_wait(&w->changed, &w->lock)
                              : pthread_cond_timedwait(&w->changed, &w->lock, &until));
    else
        withdraw(w, request);
}

int local_writer_append(struct local_writer *writer, const struct bus_record *records,
                        size_t count, int timeout_ms, struct err *err)
{
    struct request request = {
        .records = records,
        .count = count,
        .deadline_ns = clock_mono_ns() + (int64_t)timeout_ms * 1000000,
    };

    (void)pthread_mutex_lock(&writer->lock);
    enqueue(writer, &request);
    while (!request.done)
        if (writer->leading)
            wait_for_leader(writer, &request);
        else
            lead(writer);
    (void)pthread_mutex_unlock(&writer->lock);
    return request.err.code ? err_set(err, request.err.code, "%s", request.err.text) : 0;
}
