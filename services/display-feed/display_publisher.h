/* display_publisher.h - changes what a zone shows: one record of garden.displays holds the
 * whole set.
 *
 * Its version is the next after those that are known here. Where another writer was faster, the
 * view (zones.h) holds the record back; it is made and written again then, on top of what the
 * other one wrote. So no two sets have the same version, and none is lost.
 *
 * May wait for the bus. Thread-safe. */
#ifndef SERVICES_DISPLAY_FEED_DISPLAY_PUBLISHER_H
#define SERVICES_DISPLAY_FEED_DISPLAY_PUBLISHER_H

#include "lib/trace/trace.h"
#include "services/display-feed/zones.h"

struct display_publisher;

/* Borrows both. */
struct display_publisher *display_publisher_new(struct bus *bus, struct zones *zones,
                                                struct err *err);
void display_publisher_free(struct display_publisher *publisher);
DEFINE_OWNED(display_publisher)

/* Fills all of the event but zone and version, on top of what the zone shows now (NULL:
 * nothing); may be called several times. Returns 0, 1 where there is nothing to change, or
 * ERR_. */
typedef int display_publisher_make(void *ctx, const struct manifest *now,
                                   struct display_event *event, struct err *err);

struct display_publisher_change {
    const char *zone;
    display_publisher_make *make;
    void *ctx;
    const struct trace *trace; /* NULL: a new one */
};

/* *ret_manifest is what holds then, a new reference (NULL where the zone shows nothing and
 * there was nothing to change). Returns 1 where there was nothing to change. ERR_UNAVAILABLE,
 * ERR_TIMEOUT: the bus did not answer; in the second case it may have been changed. */
int display_publisher_publish(struct display_publisher *publisher,
                              const struct display_publisher_change *change,
                              struct manifest **ret_manifest, struct err *err);

/* Writes again, under the next version, what a writer left that was held back and is not there
 * any more to do so. */
void display_publisher_repair(struct display_publisher *publisher);

/* On the follower's thread: what became of a record. */
void display_publisher_seen(struct display_publisher *publisher,
                            const struct bus_record *record, enum zones_taken taken);

/* Ends what waits, with ERR_UNAVAILABLE. */
void display_publisher_close(struct display_publisher *publisher);

#endif
