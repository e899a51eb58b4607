/* remote_feed.h - tells an engine that is another program what happens in the garden: a thread
 * reads garden.items, garden.users and garden.interactions as a worker of the group
 * "recommender-<engine's name>" and moves an offset on once the engine has what lies before it.
 *
 * While the engine is away or slow the thread waits, with growing pauses, and says why in
 * trouble; answers do not wait for it. What cannot be read, and what the engine will never
 * take, goes to garden.dead-letters with the reason, and it moves on. Topics that the engine
 * has no function for are not read. Of a removed item and of a forgotten visitor only the id is
 * told (engine.h, engine_remote.h). */
#ifndef SERVICES_RECOMMENDER_PROXY_REMOTE_FEED_H
#define SERVICES_RECOMMENDER_PROXY_REMOTE_FEED_H

#include <stdint.h>

#include "lib/bus/bus.h"
#include "services/common/trouble.h"
#include "services/recommender-proxy/engine.h"

struct remote_feed_conf { /* borrowed; nobody else may tell the engine anything */
    struct bus *bus;
    struct rec_engine *engine;
    struct trouble *trouble;
};

struct remote_feed;

struct remote_feed *remote_feed_start(const struct remote_feed_conf *conf, struct err *err);

/* Ends the thread, which may take as long as a call of the engine. What was not told yet is for
 * the next start. */
void remote_feed_free(struct remote_feed *feed);
DEFINE_OWNED(remote_feed)

/* Since the start: events that the engine took, and those that went to garden.dead-letters.
 * Thread-safe. */
uint64_t remote_feed_told(const struct remote_feed *feed);
uint64_t remote_feed_refused(const struct remote_feed *feed);

#endif
