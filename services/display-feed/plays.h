/* plays.h - what screens have shown, written to garden.plays. What comes at the same time is
 * written together, and a heartbeat is answered once its plays are durable: a screen forgets
 * what it was answered for.
 *
 * plays_read is the other way: the newest of what the topic has. */
#ifndef SERVICES_DISPLAY_FEED_PLAYS_H
#define SERVICES_DISPLAY_FEED_PLAYS_H

#include "lib/http/server.h"
#include "lib/json/json.h"
#include "services/display-feed/screens.h"

struct plays;

struct plays_conf { /* borrowed */
    struct bus *bus;
    /* Answers a heartbeat whose plays were written, or that could not be (err). Any thread. */
    void (*answer)(void *ctx, struct http_request *request, const char *zone, size_t count,
                   const struct err *err);
    void *ctx;
};

struct plays *plays_new(const struct plays_conf *conf, struct err *err);
void plays_free(struct plays *plays); /* writes what is there first */
DEFINE_OWNED(plays)

/* Takes the heartbeat's plays, and answers the request later. On failure nothing was taken:
 * ERR_INVALID names the member that is wrong; ERR_UNAVAILABLE: too many wait. */
int plays_add(struct plays *plays, struct http_request *request, const struct screen *screen,
              const json_t *list, struct err *err);

/* -- reading -- */
struct plays_query {
    const char *zone;       /* NULL: all */
    int64_t from_ms, to_ms; /* plays that touch this time */
    size_t limit;
};

/* Appends {"plays":[...],"more":bool}, the newest first. May wait for the bus. */
int plays_read(struct bus *bus, const struct plays_query *query, struct buf *out,
               struct err *err);

#endif
