/* relay.h - requests whose answer another service takes its time for, a zone's feed and a
 * question that waits until there is news, or that is large. No thread waits, no bulkhead is
 * filled, and nothing is kept: what comes is sent on.
 *
 * A client that leaves ends the call to the service. A service that ends its answer, or is
 * gone, ends the client's stream, so that the client comes back. A client that reads too slowly
 * is dropped (lib/http/stream.h), and with it the call. */
#ifndef GATEWAY_RELAY_H
#define GATEWAY_RELAY_H

#include "gateway/routes.h"

/* On the request's loop; answers later. Past GARDEN_RELAYS it answers 503. */
void relay_start(struct gateway *gateway, struct http_request *request,
                 const struct route *route);

#endif
