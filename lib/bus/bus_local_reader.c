/* bus_local_reader.c - see bus_local_reader.h. */
#include "lib/bus/bus_local_reader.h"

#include <stdlib.h>

enum { READER_WAL_PAGES = (16 << 20) / LOCAL_PAGE_BYTES };

int local_reader_open(struct local_reader *reader, const char *dir, const char *topic,
                      struct err *err)
{
    size_t partitions;

    if (local_db_open(&reader->db, dir, topic, true, &reader->config, err) < 0)
        return err->code;
    /* Workers commit their offsets here, which nobody else would clear out of the log where the
     * topic gets no records. */
    (void)sqlite3_wal_autocheckpoint(reader->db.handle, READER_WAL_PAGES);
    reader->topic = topic;
    partitions = (size_t)reader->config.partitions;
    reader->ranges = calloc(partitions, sizeof(sqlite3_stmt *));
    reader->lows = calloc(partitions, sizeof(sqlite3_stmt *));
    if (!reader->ranges || !reader->lows)
        return err_set_nomem(err, "a reader");
    return 0;
}

void local_reader_done(struct local_reader *reader)
{
    local_db_done(&reader->db); /* and the statements with it */
    free((void *)reader->ranges);
    free((void *)reader->lows);
    *reader = (struct local_reader){0};
}

int local_reader_highs(struct local_reader *reader, int64_t *ret_highs, struct err *err)
{
    int64_t partition;
    int r;

    if (local_db_prepare(&reader->db, &reader->highs,
                         "SELECT partition, next_offset FROM partitions", 0, err) < 0)
        return err->code;
    while ((r = local_db_step(&reader->db, reader->highs, err)) > 0) {
        partition = sqlite3_column_int64(reader->highs, 0);
        if (partition >= 0 && partition < reader->config.partitions)
            ret_highs[partition] = sqlite3_column_int64(reader->highs, 1);
    }
    return r;
}

int local_reader_low(struct local_reader *reader, int32_t partition, int64_t high,
                     int64_t *ret_low, struct err *err)
{
    sqlite3_stmt **stmt = &reader->lows[partition];
    int r;

    if (local_db_prepare(&reader->db, stmt, "SELECT min(offset) FROM log%d", partition, err) <
        0)
        return err->code;
    r = local_db_step(&reader->db, *stmt, err);
    if (r < 0)
        return r;
    *ret_low = r > 0 && sqlite3_column_type(*stmt, 0) != SQLITE_NULL
                   ? sqlite3_column_int64(*stmt, 0)
                   : high;
    (void)sqlite3_reset(*stmt);
    return 0;
}

/* The bytes of a column in the batch's memory. *ret stays NULL for a null. */
static int copy_column(struct local_batch *batch, sqlite3_stmt *stmt, int column,
                       const void **ret, size_t *ret_size)
{
    const void *bytes = sqlite3_column_blob(stmt, column);

    if (sqlite3_column_type(stmt, column) == SQLITE_NULL)
        return 0;
    *ret_size = (size_t)sqlite3_column_bytes(stmt, column);
    *ret = arena_copy(&batch->arena, bytes, *ret_size);
    batch->bytes += *ret_size;
    return *ret ? 0 : -1;
}

static int take_row(struct local_reader *reader, int32_t partition, sqlite3_stmt *stmt,
                    struct local_batch *batch, struct err *err)
{
    struct bus_record record = {
        .topic = reader->topic,
        .partition = partition,
        .offset = sqlite3_column_int64(stmt, 0),
        .timestamp_ms = sqlite3_column_int64(stmt, 1),
    };
    const void *key = NULL, *headers = NULL;
    size_t headers_size = 0;

    if (copy_column(batch, stmt, 2, &key, &record.key_size) < 0 ||
        copy_column(batch, stmt, 3, &headers, &headers_size) < 0 ||
        copy_column(batch, stmt, 4, &record.value, &record.value_size) < 0)
        return err_set_nomem(err, "a record");
    record.key = key;
    if (headers && headers_decode(&batch->arena, headers, headers_size, &record, err) < 0)
        return err->code;
    batch->records[batch->count++] = record;
    return 0;
}

static bool batch_full(const struct local_batch *batch)
{
    return batch->count == batch->max || batch->bytes >= batch->bytes_max;
}

int local_reader_fetch(struct local_reader *reader, int32_t partition, int64_t high,
                       int64_t *position, struct local_batch *batch, struct err *err)
{
    sqlite3_stmt **stmt = &reader->ranges[partition];
    int r = 0;

    if (local_db_prepare(&reader->db, stmt,
                         "SELECT offset, timestamp_ms, key, headers, value FROM log%d "
                         "WHERE offset >= ? ORDER BY offset",
                         partition, err) < 0)
        return err->code;
    (void)sqlite3_bind_int64(*stmt, 1, *position);
    while (!batch_full(batch) && (r = local_db_step(&reader->db, *stmt, err)) > 0) {
        if (take_row(reader, partition, *stmt, batch, err) < 0)
            break;
        *position = batch->records[batch->count - 1].offset + 1;
    }
    (void)sqlite3_reset(*stmt);
    if (err->code)
        return err->code;
    if (r == 0 && !batch_full(batch) && *position < high)
        *position = high;
    return 0;
}

int local_reader_group_offset(struct local_reader *reader, const char *group, int32_t partition,
                              int64_t *ret_offset, struct err *err)
{
    sqlite3_stmt **stmt = &reader->offset_of_group;
    int r;

    if (local_db_prepare(&reader->db, stmt,
                         "SELECT next_offset FROM offsets WHERE grp = ? AND partition = ?", 0,
                         err) < 0)
        return err->code;
    (void)sqlite3_bind_text(*stmt, 1, group, -1, SQLITE_STATIC);
    (void)sqlite3_bind_int(*stmt, 2, partition);
    r = local_db_step(&reader->db, *stmt, err);
    if (r < 0)
        return r;
    *ret_offset = r > 0 ? sqlite3_column_int64(*stmt, 0) : -1;
    (void)sqlite3_reset(*stmt);
    return 0;
}
