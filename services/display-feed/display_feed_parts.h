/* display_feed_parts.h - what the service's parts share. Made once by display_feed_start;
 * thread-safe. */
#ifndef SERVICES_DISPLAY_FEED_DISPLAY_FEED_PARTS_H
#define SERVICES_DISPLAY_FEED_DISPLAY_FEED_PARTS_H

#include "lib/metrics/metrics.h"
#include "services/common/pool.h"
#include "services/display-feed/copies.h"
#include "services/display-feed/display_feed_conf.h"
#include "services/display-feed/display_publisher.h"
#include "services/display-feed/pictures.h"
#include "services/display-feed/plays.h"
#include "services/display-feed/screens.h"

struct display_feed_figures {
    struct metric *changes, *heartbeats, *plays; /* taken */
    struct metric *following, *screens;          /* now */
};

struct display_feed_parts {
    const struct display_feed_conf *conf;
    struct bus *bus;
    struct store *store;
    struct zones *zones;
    struct display_publisher *publisher;
    struct pictures *pictures;
    struct copies *copies;
    struct screens *screens;
    struct plays *plays;
    struct pool *pool; /* threads for what waits for bus or store */
    struct display_feed_figures figures;
};

#endif
