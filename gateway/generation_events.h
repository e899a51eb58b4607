/* generation_events.h - GET /v1/generations/{id}/events: what becomes of a job, as it happens,
 * by server-sent events. */
#ifndef GATEWAY_GENERATION_EVENTS_H
#define GATEWAY_GENERATION_EVENTS_H

#include "gateway/gateway.h"

/* An event's id is its offset in garden.generation.events, so that a client that comes back
 * with Last-Event-ID goes on where it was, at any gateway. 204 where the job has ended and the
 * client has all of it: then a browser does not come back. */
void generation_events_get(struct gateway *gateway, struct http_request *request,
                           const char *id, struct reply *reply);

#endif
