/* dispatch.h - from a request to its handler: the route, who asks, limits, the thread to run
 * on, and the Idempotency-Key. The routes themselves are in routes.c. */
#ifndef GATEWAY_DISPATCH_H
#define GATEWAY_DISPATCH_H

#include "gateway/access.h"
#include "gateway/gateway.h"
#include "gateway/routes.h"

struct dispatch;

struct dispatch *dispatch_new(struct gateway *gateway, struct err *err);
void dispatch_free(struct dispatch *dispatch);

/* For struct http_server_conf; ctx is the gateway. */
void dispatch_on_head(void *ctx, struct http_request *request);
void dispatch_on_request(void *ctx, struct http_request *request);
void dispatch_on_answered(void *ctx, const struct http_request *request, int status,
                          uint64_t body_bytes, int64_t took_ns);

/* Who asked, on any thread while the request lives. */
const struct caller *dispatch_caller(const struct http_request *request);

/* What stands in the path for the '*' of the route's pattern. */
const char *dispatch_rest(const struct http_request *request);

#endif
