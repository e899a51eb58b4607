/* watch.h - whether the parts that the gateway needs are well, and how many pictures there are.
 *
 * A thread of its own asks, because an engine that is away takes its time to say so; answers
 * are at most a second old. The same thread does the gateway's housekeeping. */
#ifndef GATEWAY_WATCH_H
#define GATEWAY_WATCH_H

#include "gateway/gateway.h"
#include "gateway/routes.h"

struct watch;

struct watch *watch_new(struct gateway *gateway, struct err *err);
void watch_free(struct watch *watch); /* answers who still waits */

/* 0 where the generator was well when it was last asked, at most 15 s ago; else it is asked
 * now: ERR_UNAVAILABLE says what to do. Blocks at most a second. */
int watch_generator(struct watch *watch, struct err *err);

/* Sets the gauges of the catalogue's counts. */
void watch_set_gauges(struct watch *watch);

route_handler watch_healthz; /* GET /healthz: the process runs */
route_handler watch_readyz;  /* GET /readyz: 200, or 503 naming what is down */
route_handler watch_status;  /* GET /v1/status: for the page and for people */

#endif
