/* upload.h - PUT /v1/objects/{key}: a picture into the pool or straight into the garden. */
#ifndef GATEWAY_UPLOAD_H
#define GATEWAY_UPLOAD_H

#include "gateway/routes.h"

route_handler upload_put;

#endif
