/* screen.h - a screen as the test hangs it: it follows its zone by the feed, by long polls or
 * by asking again and again, comes back after each break, and remembers the last manifest that
 * it was told. All screens of a test are on one http_client and move when that runs.
 *
 * It fails the test when it is told what no screen may be told: a set that is not whole (see
 * displays_put: pictures of one change have numbers in a row), or an older one. */
#ifndef TESTS_SUPPORT_SCREEN_H
#define TESTS_SUPPORT_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/http/client.h"
#include "lib/http/sse.h"

enum screen_way { SCREEN_FEED, SCREEN_LONG_POLL, SCREEN_POLL, SCREEN_WAYS };

struct hung_screen {
    struct http_client *client;
    char url[64], zone[64], header[160]; /* url: of whom it asks; may be changed */
    char etag[128];
    int64_t sent;    /* the request that is under way; 0: none */
    int64_t next_ms; /* clock_mono_ms: when it asks again */
    int64_t version, offset, effective_at_ms;
    size_t told; /* manifests */
    struct sse_reader reader;
    enum screen_way way;
    int first; /* number of the set's first picture */
    bool cut;  /* it is being cut off, on purpose */
};

void hung_screen_init(struct hung_screen *screen, struct http_client *client, const char *url,
                      const char *zone, enum screen_way way);
void hung_screen_done(struct hung_screen *screen);

/* Asks, where nothing is under way and it is time to; often. */
void hung_screen_tick(struct hung_screen *screen);

/* Moves screens of one client until each has been told of the version. */
void hung_screens_until(struct hung_screen *screens, int count, int64_t version);

/* Cuts its connection. It forgets nothing. */
void hung_screen_cut(struct hung_screen *screen);

#endif
