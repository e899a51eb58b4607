/* feed_routes.h - the routes; docs/displays.md tells of them. What waits for bus or store is
 * done on the pool's threads, the rest on the loop. */
#ifndef SERVICES_DISPLAY_FEED_FEED_ROUTES_H
#define SERVICES_DISPLAY_FEED_FEED_ROUTES_H

#include "lib/http/server.h"
#include "services/display-feed/display_feed_parts.h"

/* On the loop, at the head of what is no GET: how large its body may be. */
void feed_routes_head(struct http_request *request);

/* On the loop. False: there is no such path. */
bool feed_routes(struct display_feed_parts *parts, struct http_request *request);

#define FEED_PATHS                                                                     \
    "there are POST /updateDisplay, GET /v1/zones, GET and PUT /v1/zones/{zone}, GET " \
    "/v1/zones/{zone}/feed, POST /v1/zones/{zone}/heartbeat, GET /v1/screens, POST "   \
    "/v1/withdrawals, GET /v1/withdrawals/{id}, GET /v1/plays, /healthz, /readyz and " \
    "/metrics\n"

#endif
