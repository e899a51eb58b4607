/* meters.h - the gateway's own figures on /metrics. */
#ifndef GATEWAY_METERS_H
#define GATEWAY_METERS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/gateway.h"
#include "gateway/routes.h"

struct meters;

struct meters *meters_new(struct gateway *gateway, struct err *err);
void meters_free(struct meters *meters);

void meters_began(struct meters *meters);

/* route may be NULL. began: meters_began was called for this request. */
void meters_ended(struct meters *meters, const struct route *route, bool began, int status,
                  uint64_t body_bytes, int64_t took_ns);
void meters_refused_busy(struct meters *meters);

enum meters_cache { METERS_LISTS, METERS_PICTURES, METERS_THUMBS, METERS_CACHES };
void meters_cache(struct meters *meters, enum meters_cache cache, bool hit);

/* GET /metrics. */
route_handler meters_show;

#endif
