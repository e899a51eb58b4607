/* display_feed_conf.h - the service's settings. */
#ifndef SERVICES_DISPLAY_FEED_DISPLAY_FEED_CONF_H
#define SERVICES_DISPLAY_FEED_DISPLAY_FEED_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/conf.h"
#include "services/common/garden_conf.h"

#define DISPLAY_FEED_SERVICE "display-feed"
#define DISPLAY_FEED_SOURCE "/display-feed"

struct display_feed_conf {
    struct garden_conf garden;
    const char *listen;
    int64_t loops;
    int64_t max_connections;
    int64_t max_zones;
    int64_t max_screens;
    int64_t forget_h;
    int64_t lead_ms;
};

extern const struct conf_field display_feed_fields[];
extern const size_t display_feed_field_count;

int display_feed_conf_load(struct display_feed_conf *conf, struct err *err);

#endif
