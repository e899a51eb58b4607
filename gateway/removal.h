/* removal.h - taking pictures away, into the trash or out of the catalogue, and back. */
#ifndef GATEWAY_REMOVAL_H
#define GATEWAY_REMOVAL_H

#include "gateway/routes.h"

route_handler removal_remove;      /* POST /remove {"objName":[key,...]} */
route_handler removal_remove_pool; /* POST /removePool, for pool pictures only */
route_handler removal_clear_index; /* POST /clearIndex {"objName":key} */
route_handler removal_delete_item; /* DELETE /v1/items/{key} */
route_handler removal_delete_pool; /* DELETE /v1/pool/{key} */

#endif
