/* cors.c - see cors.h. */
#include "gateway/cors.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

bool cors_allows(const char *list, const char *origin, bool *ret_by_name)
{
    size_t size = strlen(origin);
    bool any = false;

    while (*list) {
        size_t skip = strspn(list, ", \t"), part = strcspn(list + skip, ", \t");

        list += skip;
        if (part > 0 && part == size && strncasecmp(list, origin, size) == 0) {
            *ret_by_name = true;
            return true;
        }
        any = any || (part == 1 && *list == '*');
        list += part;
    }
    if (any)
        *ret_by_name = false;
    return any;
}

bool cors_is_same_origin(const char *origin, const char *base)
{
    return strcasecmp(origin, base) == 0;
}
