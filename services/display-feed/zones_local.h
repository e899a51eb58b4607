/* zones_local.h - what zones.c and zones_wait.c share. All with the table's lock. */
#ifndef SERVICES_DISPLAY_FEED_ZONES_LOCAL_H
#define SERVICES_DISPLAY_FEED_ZONES_LOCAL_H

#include <pthread.h>

#include "lib/base/map.h"
#include "services/display-feed/zones.h"

struct follower;
struct waiter;

struct zone {
    char name[DISPLAY_ZONE_MAX + 1];
    struct manifest *manifest; /* that holds; NULL: none */
    struct manifest *previous; /* the one before that was shown */
    struct manifest *refused;  /* of the last record, where that does not hold */
    int64_t version;           /* the highest that held; 0: none */
    struct follower *followers;
    struct waiter *waiters;
};

struct zones {
    pthread_mutex_t lock;
    pthread_cond_t whole_now;
    size_t most;
    struct map *by_name;
    size_t following, waiting, holding; /* holding: followers that are ahead of us */
    bool whole, closed;
};

struct zone *zones_find(struct zones *zones, const char *name);
struct zone *zones_make(struct zones *zones, const char *name); /* NULL: no memory */
void zones_drop_if_idle(struct zones *zones, struct zone *zone);

/* Sends the zone's manifest to all who wait for it. */
void zones_tell(struct zones *zones, struct zone *zone);

#endif
