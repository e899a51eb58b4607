/* etag.c - see etag.h. */
#include "services/common/etag.h"

#include <stddef.h>
#include <string.h>

#include "lib/base/text.h"

static const char *skip_separators(const char *p)
{
    while (*p == ' ' || *p == '\t' || *p == ',')
        p++;
    return p;
}

bool etag_is_listed(const char *header, const char *etag)
{
    size_t size = strlen(etag);

    for (const char *p = skip_separators(header); *p; p = skip_separators(p)) {
        const char *end;

        if (*p == '*')
            return true;
        if (text_starts_with(p, "W/"))
            p += 2;
        if (*p != '"')
            return false;
        end = strchr(p + 1, '"');
        if (!end)
            return false;
        if ((size_t)(end + 1 - p) == size && memcmp(p, etag, size) == 0)
            return true;
        p = end + 1;
    }
    return false;
}
