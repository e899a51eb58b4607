/* heartbeat.h - what a screen tells of itself. */
#ifndef SERVICES_DISPLAY_FEED_HEARTBEAT_H
#define SERVICES_DISPLAY_FEED_HEARTBEAT_H

#include "lib/json/json.h"
#include "services/display-feed/screens.h"

/* Fills the screen from a heartbeat's body and the zone of its path. plays is borrowed, NULL
 * where there are none. ERR_INVALID names the member that is wrong. */
int heartbeat_read(const json_t *root, const char *zone, int64_t now_ms, struct screen *screen,
                   json_t **ret_plays, struct err *err);

#endif
