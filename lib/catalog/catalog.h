/* catalog.h - what pictures there are: the view of the store that queries are answered from.
 *
 * Two backends behind one header, held to the same contract tests: SQLite (WAL, one file) and
 * PostgreSQL (and what speaks its protocol). Everything in it can be dropped and rebuilt from
 * garden.objects at offset 0 or from the store's listing, except the idempotency table, whose
 * rows live a day.
 *
 * An item is named by (area, search key, name); its object key is "<prefix>/<search
 * key>/<name>" with prefix imgPool or emotions. So the items of one garden lie side by side and
 * one index is enough. Removed and hidden items keep their row, so that an older event that
 * comes late does not bring them back.
 *
 * catalog_apply is the only writer of items: one transaction for items, the consumer's offset
 * and the events to publish (the outbox), so that a crash at any moment loses and doubles
 * nothing.
 *
 * A handle may be used from several threads: calls take turns. Open more handles for more
 * parallel reads. A callback may use other handles, but not the one that calls it. */
#ifndef LIB_CATALOG_CATALOG_H
#define LIB_CATALOG_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"

struct catalog_conf {
    const char *url; /* "sqlite" or "postgresql://..." */
    const char *dir; /* sqlite: the folder of catalog.db; made when missing */
    bool read_only;  /* for handles that only query */
    int timeout_ms;  /* how long a call waits for a lock or the server; 0: 5000 */
};

enum catalog_area { CATALOG_POOL = 0, CATALOG_GARDEN = 1 };
enum catalog_state { CATALOG_LIVE = 0, CATALOG_REMOVED = 1, CATALOG_HIDDEN = 2 };

enum {
    CATALOG_SEQUENCER = 64, /* buffer sizes, NUL included */
    CATALOG_SHA256 = 65,
};

/* Which item. Strings are borrowed. */
struct catalog_ref {
    enum catalog_area area;
    const char *search_key; /* "happy" or "happy/spring,sunny,day" */
    const char *name;       /* "img_20260504-090807_3h.jpeg" */
};

/* What is known of it. */
struct catalog_item {
    struct catalog_ref ref;
    enum catalog_state state;
    uint32_t width, height;
    char orientation;                  /* 'h' or 'v' */
    char sha256[CATALOG_SHA256];       /* hex, or "" where not known */
    char sequencer[CATALOG_SEQUENCER]; /* normalised (proto/object_event.h), or "" */
    uint64_t size_bytes;
    int64_t event_time_ms; /* of the event that made it what it is */
    const char *control;   /* pool pictures only; NULL: none. Borrowed */
};

struct catalog_offset {
    const char *group; /* who consumes */
    const char *topic;
    int32_t partition;
    int64_t expected; /* what the row must hold (-1: no row yet), else ERR_CONFLICT: another
                         process owns the partition now and nothing is written */
    int64_t next;
};

/* One transaction. */
struct catalog_batch {
    const struct catalog_item *items; /* at most one for each ref; each replaces its row */
    size_t item_count;
    const struct catalog_offset *offset; /* NULL: none */
    const void *outbox;                  /* opaque bytes to be published; NULL: none */
    size_t outbox_size;
};

struct catalog;

/* Opens, and makes or migrates the schema unless read_only. ERR_UNAVAILABLE: the server is away
 * or the file is locked. ERR_INVALID: a schema newer than this program, or a bad url. */
struct catalog *catalog_open(const struct catalog_conf *conf, struct err *err);
void catalog_free(struct catalog *catalog);
DEFINE_OWNED(catalog)

/* True where a call may take longer than a local file: an event loop then leaves it to a
 * thread. */
bool catalog_may_block(const struct catalog *catalog);

/* Fills ret_items[i] for refs[i]; where there is no row, ret_found[i] is false.
 * ret_items[i].ref is refs[i]; control is never filled here. */
int catalog_get(struct catalog *catalog, const struct catalog_ref *refs, size_t count,
                struct catalog_item *ret_items, bool *ret_found, struct err *err);

/* All of the batch or, on failure, none of it. ERR_CONFLICT: see struct catalog_offset. Where a
 * server's connection broke (ERR_UNAVAILABLE) or its answer did not come in time (ERR_TIMEOUT),
 * the batch may have been applied: the stored offset tells. */
int catalog_apply(struct catalog *catalog, const struct catalog_batch *batch, struct err *err);

/* The offset stored by catalog_apply, or -1 in *ret_next where there is none. */
int catalog_offset_get(struct catalog *catalog, const char *group, const char *topic,
                       int32_t partition, int64_t *ret_next, struct err *err);

/* Calls fn for every stored offset. */
int catalog_offsets(struct catalog *catalog,
                    int (*fn)(void *ctx, const struct catalog_offset *offset, struct err *err),
                    void *ctx, struct err *err);

/* The outbox: rows of one source partition, oldest first. A row is deleted only after its
 * events are durable on the bus. */
int catalog_outbox_each(struct catalog *catalog, const char *topic, int32_t partition,
                        int (*fn)(void *ctx, int64_t next_offset, const void *bytes,
                                  size_t size, struct err *err),
                        void *ctx, struct err *err);

/* Drops the rows of that partition whose batch ended at or before next_offset. */
int catalog_outbox_done(struct catalog *catalog, const char *topic, int32_t partition,
                        int64_t next_offset, struct err *err);

struct catalog_head {
    uint64_t version; /* grows with every change under this search key; 0: nothing ever was */
    uint64_t live;    /* how many live items */
};

/* What to compare before a cached answer is used again. Zeroed where there is no such key. */
int catalog_head(struct catalog *catalog, enum catalog_area area, const char *search_key,
                 struct catalog_head *ret_head, struct err *err);

/* Calls fn for every (area, search key) that has or had items. */
int catalog_heads(struct catalog *catalog,
                  int (*fn)(void *ctx, enum catalog_area area, const char *search_key,
                            const struct catalog_head *head, struct err *err),
                  void *ctx, struct err *err);

/* Which live items, in the order of (search key, name). */
struct catalog_query {
    enum catalog_area area;
    char orientation;             /* 'h', 'v' or 0 for both */
    bool any_state;               /* removed and hidden ones too (for reconcile) */
    const char *search_key;       /* exactly this; NULL: any */
    const char *emotion;          /* this or this "/..."; NULL: any */
    const char *favorite;         /* any emotion "/" this; NULL: any */
    int64_t since_ms;             /* event_time_ms >= this; 0: any */
    const char *after_search_key; /* only items after this place; NULL: from the start */
    const char *after_name;
    size_t limit; /* 0: all */
};

/* Calls fn for each item, borrowed for the call, until fn returns < 0 (which is returned).
 * Reads one consistent snapshot. */
int catalog_select(struct catalog *catalog, const struct catalog_query *query,
                   int (*fn)(void *ctx, const struct catalog_item *item, struct err *err),
                   void *ctx, struct err *err);

/* Idempotency-Key: the answers of POSTs, kept for a day.
 *
 * begin claims the key for a request with this fingerprint (a hash of who asks, method, path
 * and body) and says what to do. A claim that was not finished within 2 minutes may be taken
 * over. */
enum catalog_claim {
    CATALOG_CLAIM_NEW,      /* do the work, then finish or drop */
    CATALOG_CLAIM_DONE,     /* ret_status and ret_answer are the stored answer */
    CATALOG_CLAIM_RUNNING,  /* the first request is still at work */
    CATALOG_CLAIM_MISMATCH, /* the key was used with another request */
};
int catalog_claim_begin(struct catalog *catalog, const char *key, const char *fingerprint,
                        enum catalog_claim *ret_claim, int *ret_status, struct buf *ret_answer,
                        struct err *err);
int catalog_claim_finish(struct catalog *catalog, const char *key, int status,
                         const void *answer, size_t answer_size, struct err *err);
int catalog_claim_drop(struct catalog *catalog, const char *key, struct err *err);

/* Drops claims older than a day. Returns how many. */
int catalog_claim_expire(struct catalog *catalog, struct err *err);

/* 0 when the catalogue answers and can be written (where read_only: can be read). */
int catalog_ping(struct catalog *catalog, struct err *err);

#endif
