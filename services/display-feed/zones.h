/* zones.h - the zones and what each shows, folded from garden.displays; and who waits for the
 * next change.
 *
 * The last record of a zone holds, and its versions only grow. A record whose version is not
 * above the one before it was written by somebody who did not know of that one: it is held
 * back, and its writer writes it again under the next version (display_publisher.h). So every
 * view of the topic, whenever it started, has the same sequence of versions, and no two sets
 * share one.
 *
 * Nothing is told before the topic has been read to its end, so that nobody is shown what was
 * there long ago. Who has something newer than what is known here, from another replica, waits
 * for a moment until that is known here, too; only where it does not come is what they have of
 * another topic, and they are told what holds. Thread-safe. */
#ifndef SERVICES_DISPLAY_FEED_ZONES_H
#define SERVICES_DISPLAY_FEED_ZONES_H

#include <stdbool.h>

#include "lib/bus/bus.h"
#include "lib/http/server.h"
#include "services/display-feed/manifest.h"

struct zones;

struct zones *zones_new(size_t most_zones, struct err *err);
void zones_free(struct zones *zones); /* after the server that has the streams */
DEFINE_OWNED(zones)

/* -- what the topic says; on the follower's thread -- */
enum zones_taken {
    ZONES_CURRENT, /* the zone's manifest from here on */
    ZONES_REFUSED, /* its version is not above the one before it */
    ZONES_SAME,    /* neither: it says what holds already */
};

/* A record that cannot be read is ERR_INVALID, a tombstone forgets the zone. */
int zones_take(struct zones *zones, const struct bus_record *record,
               enum zones_taken *ret_taken, struct err *err);

/* All that was there at the start has been taken; who follows is told now. */
void zones_set_whole(struct zones *zones);
bool zones_is_whole(struct zones *zones);

/* Waits for it, at most so long; what zones_is_whole says then. */
bool zones_await_whole(struct zones *zones, int timeout_ms);

/* -- who asks -- */

/* A new reference, or NULL where nobody has chosen yet. */
struct manifest *zones_manifest(struct zones *zones, const char *name);

/* What the last record of the zone says that was held back, while nothing newer holds; a new
 * reference or NULL. */
struct manifest *zones_refused(struct zones *zones, const char *name);

/* The least version that the next one may have. */
int64_t zones_next_version(struct zones *zones, const char *name);

/* False where the zone is new and there are too many already. */
bool zones_has_room(struct zones *zones, const char *name);

/* One zone, borrowed for a call. Each of the manifests may be NULL. */
struct zones_view {
    const char *zone;
    struct manifest *manifest; /* that holds */
    struct manifest *previous; /* that screens show until it is the time of the other one */
    struct manifest *refused;  /* of the last record, where that was held back */
};

/* Calls fn for each zone that shows something or that somebody waits for, in the order of their
 * first coming, with the table's lock: fn must not wait nor call anything here. */
typedef void zones_fn(void *ctx, const struct zones_view *view);
void zones_each(struct zones *zones, zones_fn *fn, void *ctx);

/* -- who follows -- */

/* Answers with a stream: the zone's manifest, unless the client knows it already by its offset
 * (-1: it knows none), and each one that comes. */
void zones_follow(struct zones *zones, const char *name, int64_t known,
                  struct http_request *request);

/* Answers with the zone's manifest; with 304 where the client has it, by If-None-Match; with
 * 404 where there is none. */
void zones_answer(struct zones *zones, const char *name, struct http_request *request);

/* Answers with the first manifest whose version is above after: now where there is one, else
 * when it comes, or 304 at deadline_ms (clock_mono_ms). */
void zones_await(struct zones *zones, const char *name, int64_t after, int64_t deadline_ms,
                 struct http_request *request);

/* Answers who has waited long enough. Often. */
void zones_tick(struct zones *zones, int64_t now_ms);

/* Nobody waits from here on: before the server is stopped. */
void zones_close(struct zones *zones);

size_t zones_following(struct zones *zones);

#endif
