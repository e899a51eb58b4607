/* share.h - GET /image?content=<key>: the page of one picture of the garden, as a visitor takes
 * it home. It shows the picture, its mood and how it came to be, and nothing of any visitor.
 *
 * Made from web/share.html, or, where the picture has left the garden or never was in it, from
 * web/share-gone.html with status 404. Pictures of the pool are not shared. */
#ifndef GATEWAY_SHARE_H
#define GATEWAY_SHARE_H

#include "gateway/routes.h"

route_handler share_get;

#endif
