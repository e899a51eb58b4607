/* listing.h - GET /v1/pool and /v1/items: pages of the catalogue. */
#ifndef GATEWAY_LISTING_H
#define GATEWAY_LISTING_H

#include "gateway/routes.h"
#include "lib/catalog/catalog.h"
#include "lib/json/json.h"

route_handler listing_pool, listing_items;
route_attempt listing_pool_attempt, listing_items_attempt;

/* What the query string and a promote's filter have in common; any string may be NULL. Fills
 * the query's filters, borrowed from the arguments. */
struct listing_filter {
    const char *emotion, *favorite, *orientation, *since;
};
int listing_filter_apply(const struct listing_filter *filter, struct catalog_query *query,
                         struct err *err);

#endif
