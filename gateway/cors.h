/* cors.h - which web origins may call from a browser. */
#ifndef GATEWAY_CORS_H
#define GATEWAY_CORS_H

#include <stdbool.h>

/* True where the list (origins separated by commas and spaces) has this origin. "*" in the list
 * allows every origin, without credentials: *ret_by_name tells. */
bool cors_allows(const char *list, const char *origin, bool *ret_by_name);

/* True where an Origin header names the same site as this base ("https://host[:port]"). */
bool cors_is_same_origin(const char *origin, const char *base);

#endif
