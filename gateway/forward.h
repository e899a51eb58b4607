/* forward.h - what item-ingest does, asked through the gateway. */
#ifndef GATEWAY_FORWARD_H
#define GATEWAY_FORWARD_H

#include "gateway/routes.h"

route_handler forward_reconcile; /* POST /v1/reconcile starts, GET tells how far it is */

#endif
