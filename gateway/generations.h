/* generations.h - /v1/generations: pictures asked for as jobs, and what becomes of them. */
#ifndef GATEWAY_GENERATIONS_H
#define GATEWAY_GENERATIONS_H

#include "gateway/routes.h"

route_handler generations_post;   /* POST /v1/generations */
route_handler generations_list;   /* GET /v1/generations, the newest first */
route_handler generations_get;    /* GET /v1/generations/{id} and {id}/events */
route_handler generations_delete; /* DELETE /v1/generations/{id}: cancels */

/* Appends where a job is. */
void generations_location(struct buf *out, const char *id);

#endif
