/* lists.h - POST /gardenfromDB and /retrieve: every picture of one garden, or of one part of
 * the pool.
 *
 * An answer is rendered once and used again while the catalogue's version of that search key
 * stays the same, so it is never stale. */
#ifndef GATEWAY_LISTS_H
#define GATEWAY_LISTS_H

#include "gateway/routes.h"

route_handler lists_garden, lists_pool;
route_attempt lists_garden_attempt, lists_pool_attempt;

#endif
