/* play_event.h - garden.plays: which pictures a screen has shown, and when; keyed by zone. Kept
 * for 30 days. One record has what a screen tells at a time.
 *
 * {"zone":"zone1","screen":"hall-2","slot":3,"orientation":"landscape",
 *  "timestamp":1777885690000,"clock_off":-12,
 *  "plays":[{"key":"emotions/happy/a_3h.jpeg","sha256":"...","from":1777885680000,
 *            "to":1777885683000}]}
 *
 * A screen that got no answer tells of the same plays again: a play is the same where zone,
 * screen, slot and from are. */
#ifndef PROTO_PLAY_EVENT_H
#define PROTO_PLAY_EVENT_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum { PLAY_SCREEN_MAX = 64, PLAYS_MAX = 100 };

struct play {
    const char *key;
    const char *sha256;     /* hex; of the bytes that were shown */
    int64_t from_ms, to_ms; /* by the garden's clock, as far as the screen knows it */
};

struct play_event {
    const char *zone;     /* as in display_event.h */
    const char *screen;   /* 1 to 64 of a-z A-Z 0-9 . _ - */
    int64_t slot;         /* 1 to 9 */
    char orientation;     /* 'h' or 'v' */
    int64_t timestamp_ms; /* when it was told, by the garden's clock */
    int64_t clock_off_ms; /* how far the screen's clock was ahead then */
    const struct play *plays;
    size_t play_count; /* 1 to PLAYS_MAX */
};

/* For routes that take a screen's name. */
int play_screen_check(const char *screen, struct err *err);

/* What decode fills points into storage, which is emptied first and which the caller ends with
 * buf_done after use. Both: ERR_INVALID names the member that is missing or wrong. */
int play_event_encode(struct buf *out, const struct play_event *event, struct err *err);
int play_event_decode(const void *bytes, size_t size, struct play_event *ret_event,
                      struct buf *storage, struct err *err);

#endif
