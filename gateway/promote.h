/* promote.h - POST /v1/pool/promote {"keys":[...]} or {"filter":{...}}: chosen pictures are
 * copied from the pool to the garden. The pool keeps its own. */
#ifndef GATEWAY_PROMOTE_H
#define GATEWAY_PROMOTE_H

#include "gateway/routes.h"

route_handler promote_post;

#endif
