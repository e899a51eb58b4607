/* catalog_internal.h - what the parts of lib/catalog share.
 *
 * Most of the catalogue is plain SQL that SQLite and PostgreSQL both speak: it is written once,
 * against the few operations below. A backend adds what has to be fast in its own way: reading
 * and applying a batch. */
#ifndef LIB_CATALOG_CATALOG_INTERNAL_H
#define LIB_CATALOG_CATALOG_INTERNAL_H

#include <pthread.h>

#include "lib/catalog/catalog.h"

/* A parameter or a column. Borrowed; text is always followed by a NUL. */
struct catalog_value {
    enum { CATALOG_NULL, CATALOG_INT, CATALOG_TEXT, CATALOG_BLOB } type;
    int64_t number;
    const void *bytes;
    size_t size;
};

struct catalog_value catalog_int(int64_t number);
struct catalog_value catalog_text(const char *text);
struct catalog_value catalog_blob(const void *bytes, size_t size);

/* The text of a column, "" where it is NULL. */
const char *catalog_value_text(const struct catalog_value *value);

/* Statements are known by number, so that a backend can keep them prepared. */
enum catalog_sql_id {
    CATALOG_SQL_HEAD,
    CATALOG_SQL_HEADS,
    CATALOG_SQL_FAVORITE,
    CATALOG_SQL_OFFSET,
    CATALOG_SQL_OFFSETS,
    CATALOG_SQL_OUTBOX,
    CATALOG_SQL_OUTBOX_DONE,
    CATALOG_SQL_CLAIM,
    CATALOG_SQL_CLAIM_READ,
    CATALOG_SQL_CLAIM_FINISH,
    CATALOG_SQL_CLAIM_DROP,
    CATALOG_SQL_CLAIM_EXPIRE,
    CATALOG_SQL_SCHEMA,
    CATALOG_SQL_OUTBOX_ADD,
    CATALOG_SQL_SELECT, /* the first of the shapes of catalog_select */
    CATALOG_SQL_BACKEND = CATALOG_SQL_SELECT + 64 /* a backend's own start here */
};

typedef int catalog_row_fn(void *ctx, const struct catalog_value *row, struct err *err);

/* A statement with its parameters, $1 and so on in the order in which they first stand in the
 * text. */
struct catalog_call {
    int sql;          /* which */
    const char *text; /* NULL: catalog_sql_text(sql) */
    const struct catalog_value *params;
    size_t param_count;
    catalog_row_fn *fn; /* for each row; NULL for statements without rows */
    void *ctx;
};

const char *catalog_sql_text(int sql);

/* A batch, checked, and in the order of the primary key: rows that lie side by side are
 * written side by side, and replicas lock in the same order. */
struct catalog_work {
    const struct catalog_batch *batch;
    const struct catalog_item **items; /* batch->item_count of them */
};

/* Where the group ends that starts at items[start]: same area, same search key. */
size_t catalog_work_group(const struct catalog_work *work, size_t start);

/* Says that offset->expected is not what is stored. */
int catalog_offset_conflict(const struct catalog_offset *offset, struct err *err);

/* How a stored row becomes an item. ref stays as it is. */
enum {
    CATALOG_COL_STATE,
    CATALOG_COL_ORIENTATION,
    CATALOG_COL_WIDTH,
    CATALOG_COL_HEIGHT,
    CATALOG_COL_SIZE,
    CATALOG_COL_SHA256,
    CATALOG_COL_TIME,
    CATALOG_COL_SEQUENCER,
    CATALOG_COL_COUNT
};
#define CATALOG_ITEM_COLUMNS \
    "state, orientation, width, height, size_bytes, sha256, event_ms, sequencer"
void catalog_item_from_row(const struct catalog_value *row, struct catalog_item *ret_item);

/* The digest as it is stored. Returns its size: 32, or 0 where it is not known. */
enum { CATALOG_DIGEST = 32 };
size_t catalog_digest(const char *hex, unsigned char ret_digest[CATALOG_DIGEST]);

/* What a backend does. Called with the handle's lock held. */
struct catalog_ops {
    bool may_block;
    size_t page_rows; /* catalog_select asks for so many at once; 0: rows are streamed */
    void (*close)(struct catalog *catalog);

    /* Returns how many rows were read (with fn) or changed (without). What fn returns below 0
     * ends it and is returned. */
    int (*run)(struct catalog *catalog, const struct catalog_call *call, struct err *err);

    /* A snapshot around several runs; with write, one that could also be written to. Nothing
     * that is run in it stays: it ends with rollback. */
    int (*begin)(struct catalog *catalog, bool write, struct err *err);
    void (*rollback)(struct catalog *catalog);

    int (*get)(struct catalog *catalog, const struct catalog_ref *refs, size_t count,
               struct catalog_item *ret_items, bool *ret_found, struct err *err);
    int (*apply)(struct catalog *catalog, const struct catalog_work *work, struct err *err);
};

/* The part of a handle that both backends have; theirs starts with it. */
struct catalog {
    const struct catalog_ops *ops;
    bool read_only;
    pthread_mutex_t lock;
};

struct catalog *catalog_sqlite_open(const struct catalog_conf *conf, struct err *err);
struct catalog *catalog_pg_open(const struct catalog_conf *conf, struct err *err);

/* ops->run with the lock taken. */
int catalog_run(struct catalog *catalog, const struct catalog_call *call, struct err *err);

/* A key that both databases take: UTF-8, no control character, not empty where so asked. */
int catalog_check_text(const char *text, const char *what, struct err *err);

/* A backend runs the steps of the schema that are missing, each from version i to i + 1 in a
 * transaction of its own. */
enum { CATALOG_SCHEMA = 1, CATALOG_TIMEOUT_MS = 5000 };

/* ERR_INVALID for a schema that is newer than this program. */
int catalog_schema_check(int64_t version, const char *where, struct err *err);

/* Versions of heads start here: they are counted up from the moment the schema was made, so
 * that a catalogue which is dropped and rebuilt does not repeat one. */
int64_t catalog_first_version(void);

#endif
