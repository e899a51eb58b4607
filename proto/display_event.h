/* display_event.h - garden.displays: all that a zone shows, keyed by zone. The last one holds.
 *
 * {"zone":"zone1","version":7,"effective_at":1777885687123,
 *  "landscape":[{"key":"emotions/happy/a_3h.jpeg","sha256":"..."}],"portrait":[]}
 *
 * The pictures stand in the order of the places img1 to img9. */
#ifndef PROTO_DISPLAY_EVENT_H
#define PROTO_DISPLAY_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum { DISPLAY_PLACES = 9, DISPLAY_ZONE_MAX = 64 };

struct display_picture {
    const char *key;
    const char *sha256; /* hex */
};

struct display_event {
    const char *zone;        /* 1 to 64 of a-z A-Z 0-9 . _ - and not "." or ".." */
    int64_t version;         /* 1 or more; grows with each change of the zone */
    int64_t effective_at_ms; /* when screens change over; since the epoch */
    const struct display_picture *landscape;
    size_t landscape_count;
    const struct display_picture *portrait;
    size_t portrait_count;
};

/* For routes that take a zone's name. */
int display_zone_check(const char *zone, struct err *err);

/* What decode fills points into storage, which is emptied first and which the caller ends with
 * buf_done after use. Both: ERR_INVALID names the member that is missing or wrong. */
int display_event_encode(struct buf *out, const struct display_event *event, struct err *err);
int display_event_decode(const void *bytes, size_t size, struct display_event *ret_event,
                         struct buf *storage, struct err *err);

#endif
