/* change.h - what somebody wants a zone to show, read and checked. */
#ifndef SERVICES_DISPLAY_FEED_CHANGE_H
#define SERVICES_DISPLAY_FEED_CHANGE_H

#include "lib/json/json.h"
#include "services/display-feed/display_feed_parts.h"

enum { CHANGE_PLACES = 8 }; /* pictures of each orientation; the ninth place repeats one */

struct change {
    const char *zone;
    int64_t effective_at_ms;
    const char *keys[2 * CHANGE_PLACES]; /* landscape first; borrowed from the request's JSON */
    char sha256[2 * CHANGE_PLACES][SHA256_HEX];
    struct display_picture pictures[2 * CHANGE_PLACES];
    size_t landscape, portrait; /* how many */
};

/* Reads what a body asks for. zone and root are borrowed. Returns 0 or the status to refuse
 * with, after saying why. */
int change_read(struct change *change, const char *zone, const json_t *root, int64_t now_ms,
                int64_t lead_ms, struct err *err);

/* Looks the pictures up. The keys of those that are none are appended to ret_unknown as JSON
 * texts, then the status is 422. */
int change_find(struct change *change, struct pictures *pictures, struct buf *ret_unknown,
                struct err *err);

/* display_publisher_make, with a struct change. */
int change_make(void *ctx, const struct manifest *now, struct display_event *event,
                struct err *err);

#endif
