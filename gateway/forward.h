/* forward.h - requests that another service answers: passed on, and its answer passed back, on
 * the request's event loop. No thread waits meanwhile.
 *
 * Each service has a bulkhead (bulkhead.h) and GARDEN_FORWARD_MS to answer. Where it has no
 * room, is away or does not answer in time, the answer is 503 with Retry-After. When the client
 * leaves the request to the service is ended. A body that nobody may keep is zeroed as soon as
 * the service has answered. */
#ifndef GATEWAY_FORWARD_H
#define GATEWAY_FORWARD_H

#include "gateway/claim.h"
#include "gateway/routes.h"
#include "lib/http/client.h"

struct forwards;

struct forwards *forwards_new(const struct settings *settings, struct err *err);
void forwards_free(struct forwards *forwards);

/* At the head. False: the reply is made, 503; else forward_leave once it was answered. */
bool forward_admit(struct gateway *gateway, struct http_request *request,
                   const struct route *route, struct reply *reply);
void forward_leave(struct gateway *gateway, const struct route *route);

/* On the loop, when the request is there: its time begins. */
void forward_limit(const struct gateway *gateway, struct http_request *request);

/* Passes it on and answers later. On the request's loop. */
void forward_start(struct gateway *gateway, struct http_request *request,
                   const struct route *route);

/* The same for a request that claimed its Idempotency-Key, from any thread; the claim is copied
 * and ended. */
void forward_claimed(struct gateway *gateway, struct http_request *request,
                     const struct route *route, const struct claim *claim);

/* -- for who passes something on in another way (relay.h) -- */

/* Whether the garden has the service. False: the reply is made, 503. */
bool forward_is_there(struct gateway *gateway, struct http_request *request,
                      const struct route *route, struct reply *reply);

/* Fills method, URL and headers of what the service is asked; head holds them until the end. */
enum { FORWARD_HEADERS = 8 };
struct forward_head {
    struct buf url, text;
    const char *lines[FORWARD_HEADERS];
};
void forward_ask(const struct gateway *gateway, struct http_request *request,
                 const struct route *route, struct forward_head *head,
                 struct http_client_request *asked);
void forward_head_done(struct forward_head *head);

/* The reply that its answer becomes, whose body it takes; or that there was none. */
void forward_take(struct http_client_response *response, struct reply *reply);
void forward_failed(struct http_request *request, const struct route *route,
                    const struct err *err, struct reply *reply);

/* As the metrics call it. */
const char *forward_service_name(enum service service);
void forward_count(struct forwards *forwards, enum service service, size_t *ret_calls,
                   size_t *ret_waiting);

#endif
