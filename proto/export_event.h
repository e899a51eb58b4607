/* export_event.h - garden.exports: a copy of the tables as CSV files, asked for and delivered,
 * keyed by export id.
 *
 * {"export_id":"0a7d...","type":"requested","timestamp":1777885687123}
 * {"export_id":"0a7d...","type":"done","timestamp":1777885688456,
 *  "files":[{"key":"dataset/users/users.csv","rows":3,"size_bytes":120,"sha256":"..."}]}
 * {"export_id":"0a7d...","type":"failed","timestamp":1777885688456,"reason":"..."} */
#ifndef PROTO_EXPORT_EVENT_H
#define PROTO_EXPORT_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum export_type { EXPORT_REQUESTED, EXPORT_DONE, EXPORT_FAILED };

enum { EXPORT_FILES_MAX = 16 };

struct export_file {
    const char *key;
    uint64_t rows; /* without the header line */
    uint64_t size_bytes;
    const char *sha256; /* hex */
};

struct export_event {
    const char *export_id;
    enum export_type type;
    int64_t timestamp_ms;            /* since the epoch */
    const struct export_file *files; /* DONE: at least one */
    size_t file_count;
    const char *reason; /* FAILED: why, for a person; else "" */
};

/* What decode fills points into storage, which is emptied first and which the caller ends with
 * buf_done after use. Both: ERR_INVALID names the member that is missing or wrong. */
int export_event_encode(struct buf *out, const struct export_event *event, struct err *err);
int export_event_decode(const void *bytes, size_t size, struct export_event *ret_event,
                        struct buf *storage, struct err *err);

#endif
