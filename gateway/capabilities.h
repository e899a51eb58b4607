/* capabilities.h - GET /v1/capabilities: what this garden can do, for programs. */
#ifndef GATEWAY_CAPABILITIES_H
#define GATEWAY_CAPABILITIES_H

#include "gateway/routes.h"

route_handler capabilities_get;

#endif
