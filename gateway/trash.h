/* trash.h - what was removed: list it, bring it back, or delete it for good. */
#ifndef GATEWAY_TRASH_H
#define GATEWAY_TRASH_H

#include "gateway/routes.h"

route_handler trash_list;    /* GET /v1/trash?limit=&cursor= */
route_handler trash_restore; /* POST /v1/trash/restore {"keys":[...]} */
route_handler trash_delete;  /* DELETE /v1/trash/{key} */

#endif
