/* bus_local_reader.h - reads a topic's log, a batch at a time.
 *
 * No read transaction outlives a call: one that did would keep the write-ahead log from ever
 * being started anew. */
#ifndef LIB_BUS_BUS_LOCAL_READER_H
#define LIB_BUS_BUS_LOCAL_READER_H

#include "lib/bus/bus_local_codec.h"
#include "lib/bus/bus_local_db.h"

struct local_reader {
    struct local_db db;
    struct local_config config;
    const char *topic; /* borrowed; what records say they are from */
    sqlite3_stmt *highs, *offset_of_group;
    sqlite3_stmt **ranges, **lows; /* by partition, made when first used */
};

/* Records, and the memory behind them. */
struct local_batch {
    struct arena arena;
    struct bus_record *records; /* the caller's: room for max */
    size_t max, count;
    size_t bytes, bytes_max; /* stops once bytes_max is passed */
};

int local_reader_open(struct local_reader *reader, const char *dir, const char *topic,
                      struct err *err);
void local_reader_done(struct local_reader *reader);

/* Fills the next offset of every partition. */
int local_reader_highs(struct local_reader *reader, int64_t *ret_highs, struct err *err);

/* The oldest offset that is there; high where the partition is empty. */
int local_reader_low(struct local_reader *reader, int32_t partition, int64_t high,
                     int64_t *ret_low, struct err *err);

/* Appends records from *position on to the batch, as many as fit, and moves *position behind
 * them; to high at least where that was reached (the last records may have been dropped). */
int local_reader_fetch(struct local_reader *reader, int32_t partition, int64_t high,
                       int64_t *position, struct local_batch *batch, struct err *err);

/* -1 where the group never stored one. */
int local_reader_group_offset(struct local_reader *reader, const char *group, int32_t partition,
                              int64_t *ret_offset, struct err *err);

#endif
