/* bulk.h - POST /bulk {"index","prompt","fname"}: a landscape and a portrait for the pool, some
 * time from now. The answer is the request. The same fname and index within five minutes is the
 * same job, and from the same seed for ever, so that a request that comes twice does no harm.
 */
#ifndef GATEWAY_BULK_H
#define GATEWAY_BULK_H

#include "gateway/routes.h"

route_handler bulk_post;

#endif
