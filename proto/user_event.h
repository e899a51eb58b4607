/* user_event.h - garden.users: a visitor, as far as anybody knows, keyed by user id. The last
 * one holds; a tombstone (no value) when the visitor is forgotten.
 *
 * {"user_id":"3f0c...","generation":"adult","gender":"Female","emotion":"happy",
 *  "source":"analysis","timestamp":1777885687123}
 *
 * source says whose word the emotion is: "visitor", who chose it or corrected an analysis, or
 * "analysis". Within a visit the visitor's word stands against analyses that come after it.
 * Records of other writers may lack it.
 *
 * Nothing of a face is in it: no picture, no landmark, no confidence. */
#ifndef PROTO_USER_EVENT_H
#define PROTO_USER_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum { USER_ID_MAX = 256 }; /* bytes; any text without control characters */

#define USER_SOURCE_ANALYSIS "analysis"
#define USER_SOURCE_VISITOR "visitor"

/* What generation (youngest first), gender and source may be; the lists end with NULL. */
extern const char *const user_generations[];
extern const char *const user_genders[];
extern const char *const user_sources[];

struct user_event {
    const char *user_id;
    const char *generation; /* "" where it is not known (nobody has to show a face) */
    const char *gender;     /* "Male", "Female" or "" */
    const char *emotion;    /* one of the eight, lower case */
    const char *source;     /* USER_SOURCE_..., or "" where nobody said */
    int64_t timestamp_ms;   /* since the epoch */
};

/* What decode fills points into storage, which is emptied first and which the caller ends with
 * buf_done after use. Both: ERR_INVALID names the member that is missing or wrong. */
int user_event_encode(struct buf *out, const struct user_event *event, struct err *err);
int user_event_decode(const void *bytes, size_t size, struct user_event *ret_event,
                      struct buf *storage, struct err *err);

#endif
