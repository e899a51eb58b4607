/* export_event.h - garden.exports: a copy of the tables as CSV files, asked for and delivered,
 * keyed by export id.
 *
 * {"export_id":"0a7d...","type":"requested","timestamp":1777885687123}
 * {"export_id":"0a7d...","type":"started","timestamp":1777885687124}
 * {"export_id":"0a7d...","type":"done","timestamp":1777885688456,
 *  "files":[{"key":"dataset/users/users.csv","rows":3,"size_bytes":120,"sha256":"..."}],
 *  "offsets":[{"topic":"garden.users","partition":0,"from":0,"to":7}],
 *  "unreadable":0,"repeated":2}
 * {"export_id":"0a7d...","type":"failed","timestamp":1777885688456,"reason":"..."}
 *
 * The first "done" or "failed" of an id ends it. A "started" without an end is a worker that
 * died, or works still. "requested" again, before the end, gives it back: a worker that was
 * told to stop. */
#ifndef PROTO_EXPORT_EVENT_H
#define PROTO_EXPORT_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum export_type { EXPORT_REQUESTED, EXPORT_STARTED, EXPORT_DONE, EXPORT_FAILED };

extern const char *const export_type_names[]; /* ends with NULL */

enum { EXPORT_FILES_MAX = 16, EXPORT_OFFSETS_MAX = 1024, EXPORT_ID_MAX = 128 };

struct export_file {
    const char *key;
    uint64_t rows; /* without the header line */
    uint64_t size_bytes;
    const char *sha256; /* hex */
};

/* What of a partition is in the files: from the first offset up to, not with, the other. */
struct export_offset {
    const char *topic;
    uint32_t partition;
    uint64_t from, to;
};

struct export_event {
    const char *export_id; /* at most EXPORT_ID_MAX bytes */
    enum export_type type;
    int64_t timestamp_ms;            /* since the epoch */
    const struct export_file *files; /* DONE: at least one */
    size_t file_count;
    const struct export_offset *offsets; /* DONE */
    size_t offset_count;
    uint64_t unreadable; /* DONE: records that could not be read and are in no file */
    uint64_t repeated;   /* DONE: acts that were sent again and are in the file once */
    const char *reason;  /* FAILED: why, for a person; else "" */
};

/* What decode fills points into storage, which is emptied first and which the caller ends with
 * buf_done after use. Both: ERR_INVALID names the member that is missing or wrong. */
int export_event_encode(struct buf *out, const struct export_event *event, struct err *err);
int export_event_decode(const void *bytes, size_t size, struct export_event *ret_event,
                        struct buf *storage, struct err *err);

#endif
