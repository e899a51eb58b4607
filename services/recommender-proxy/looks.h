/* looks.h - a thread that looks at each new picture of the garden once, so that pictures that
 * look the same do not meet in an answer.
 *
 * One picture at a time, at low priority: answers and training come first. What has not been
 * looked at is in the local engine (rec_local_next_unseen), so there is no queue that could
 * grow or lose anything. While the store is away the thread waits; a picture that cannot be
 * decoded, or whose bytes are not to be had, is passed over. */
#ifndef SERVICES_RECOMMENDER_PROXY_LOOKS_H
#define SERVICES_RECOMMENDER_PROXY_LOOKS_H

#include "services/common/garden_conf.h"
#include "services/common/trouble.h"
#include "services/recommender-proxy/rec_local.h"

struct item_event;

struct looks_conf { /* borrowed */
    struct rec_local *local;
    const struct garden_conf *garden; /* whose store, opened by the thread */
    struct trouble *trouble;
};

struct looks;

/* Begins with what is unseen already. Registers garden_recommender_looks_waiting and
 * garden_recommender_looks_total. */
struct looks *looks_start(const struct looks_conf *conf, struct err *err);

/* Waits for the picture under way, at most as long as one request to the store may take. */
void looks_free(struct looks *looks);
DEFINE_OWNED(looks)

/* There may be something unseen. Does not block; intake_conf.on_item. */
void looks_on_item(void *looks, const struct item_event *event);

#endif
