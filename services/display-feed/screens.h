/* screens.h - the screens that tell of themselves: what each shows, and whether it should.
 *
 *   live   it told within 30 s, and shows what it should
 *   stale  it told, but more than 10 s after its zone changed it still shows something else
 *   dark   it has not told for 30 s
 *
 * Bounded: past the most that are remembered the one that was away longest is forgotten, and
 * each that was away for long. Times are milliseconds since the epoch by the service's own
 * clock unless they say otherwise. Thread-safe. */
#ifndef SERVICES_DISPLAY_FEED_SCREENS_H
#define SERVICES_DISPLAY_FEED_SCREENS_H

#include <stdbool.h>

#include "lib/crypto/crypto.h"
#include "proto/play_event.h"
#include "services/display-feed/zones.h"

enum { SCREEN_DARK_MS = 30000, SCREEN_LATE_MS = 10000 };

enum screen_state { SCREEN_LIVE, SCREEN_STALE, SCREEN_DARK };
extern const char *const screen_state_names[];

struct screen {
    char id[PLAY_SCREEN_MAX + 1];
    char zone[DISPLAY_ZONE_MAX + 1];
    int slot;
    char orientation;         /* 'h' or 'v' */
    int64_t version;          /* of the manifest that it has; 0: none */
    char showing[SHA256_HEX]; /* "" where it shows nothing */
    int64_t seen_ms;
    int64_t clock_off_ms; /* how far its clock is ahead of ours */
};

struct screens;

struct screens *screens_new(size_t most, int64_t forget_ms, struct err *err);
void screens_free(struct screens *screens);
DEFINE_OWNED(screens)

/* A screen is known by its id and its zone. ERR_UNAVAILABLE: there are too many, all of them
 * live. */
int screens_beat(struct screens *screens, const struct screen *screen, struct err *err);

/* The version that the screen has; -1 where it is not remembered. */
int64_t screens_version(struct screens *screens, const char *zone, const char *id);

/* Forgets those that have been away for long. */
void screens_tick(struct screens *screens, int64_t now_ms);

/* What the screen is, where its zone shows this (NULL: nothing). */
enum screen_state screen_state(const struct screen *screen, const struct manifest *manifest,
                               int64_t now_ms);

/* Calls fn for each, the one that told last at the end, with the table's lock: fn must not wait
 * nor call anything here. */
void screens_each(struct screens *screens, void (*fn)(void *ctx, const struct screen *screen),
                  void *ctx);

size_t screens_count(struct screens *screens);

#endif
