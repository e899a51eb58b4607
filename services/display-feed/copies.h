/* copies.h - what a zone shows as objects display/<zone>/img<1..9><h|v>.jpeg, for screens that
 * know nothing else: each place has a picture, which repeat where there are fewer.
 *
 * Which version was copied is noted in the store itself, so that after a crash, and beside
 * another replica, what is missing is seen and made up for.
 *
 * A thread of its own makes them, so that a store that is away holds nobody up. Thread-safe. */
#ifndef SERVICES_DISPLAY_FEED_COPIES_H
#define SERVICES_DISPLAY_FEED_COPIES_H

#include "lib/store/store.h"
#include "services/common/trouble.h"
#include "services/display-feed/zones.h"

struct copies;

/* Borrows all. The trouble says what cannot be copied at the moment. */
struct copies *copies_new(struct store *store, struct zones *zones, struct trouble *trouble,
                          struct err *err);
void copies_free(struct copies *copies);
DEFINE_OWNED(copies)

/* Sees to it now, and waits until the copies are what the manifest says or something newer, at
 * most so long. False: they are not yet. True also where it is not yet the manifest's time. */
bool copies_wait(struct copies *copies, const struct manifest *manifest, int timeout_ms);

#endif
