/* item_event.h - garden.items: one picture of the garden, keyed by its object key;
 * a tombstone (no value) when it is gone.
 *
 * {"item_id":"emotions/happy/a_v.jpeg","timestamp":1777888999123,"emotion":"happy",
 *  "orientation":"portrait","width":800,"height":1280,"size_bytes":204800,"sha256":"..."} */
#ifndef PROTO_ITEM_EVENT_H
#define PROTO_ITEM_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/crypto/crypto.h"
#include "proto/key.h"

struct item_event {
    const char *item_id;    /* the object key */
    int64_t timestamp_ms;   /* since the epoch */
    const char *emotion;    /* the search key; always that of item_id */
    char orientation;       /* 'h' or 'v' */
    uint32_t width, height; /* 0: not known */
    uint64_t size_bytes;
    const char *sha256; /* hex, or "" */
};

/* Appends the event; ERR_INVALID names the member that cannot be written. */
int item_event_encode(struct buf *out, const struct item_event *event, struct err *err);

/* Strings point into storage, which is emptied first and which the caller ends with buf_done
 * after use. ERR_INVALID names the member that is missing or wrong. */
int item_event_decode(const void *bytes, size_t size, struct item_event *ret_event,
                      struct buf *storage, struct err *err);

#endif
