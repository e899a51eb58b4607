/* copies.h - what a zone shows as objects display/<zone>/img<1..9><h|v>.jpeg, for screens that
 * know nothing else: each place has a picture, which repeat where there are fewer.
 *
 * Which version was copied is noted in the store itself, so that after a crash, and beside
 * another replica, what is missing is seen and made up for. May wait for the store.
 * Thread-safe. */
#ifndef SERVICES_DISPLAY_FEED_COPIES_H
#define SERVICES_DISPLAY_FEED_COPIES_H

#include "lib/store/store.h"
#include "services/common/trouble.h"
#include "services/display-feed/zones.h"

struct copies;

struct copies *copies_new(struct store *store, struct zones *zones, struct trouble *trouble,
                          struct err *err);
void copies_free(struct copies *copies);
DEFINE_OWNED(copies)

/* Makes the zone's copies what it shows now, unless they are, or it is not yet its time. */
int copies_make(struct copies *copies, const char *zone, struct err *err);

/* The same for all zones, as far as it works; what does not is told by the trouble. */
void copies_catch_up(struct copies *copies);

#endif
