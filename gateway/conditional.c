/* conditional.c - see conditional.h. */
#include "gateway/conditional.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"

static bool date_covers(const char *date, int64_t modified_s)
{
    struct err err = {0};
    int64_t wall_ms;

    return clock_parse_http(date, &wall_ms, &err) == 0 && wall_ms / 1000 >= modified_s;
}

bool is_not_modified(const char *if_none_match, const char *if_modified_since, const char *etag,
                     int64_t modified_s)
{
    if (if_none_match)
        return etag_is_listed(if_none_match, etag);
    return if_modified_since && date_covers(if_modified_since, modified_s);
}

bool range_is_allowed(const char *if_range, const char *etag, int64_t modified_s)
{
    struct err err = {0};
    int64_t wall_ms;

    if (!if_range)
        return true;
    if (*if_range == '"')
        return strcmp(if_range, etag) == 0;
    if (text_starts_with(if_range, "W/"))
        return false; /* a weak tag never proves that bytes are the same */
    return clock_parse_http(if_range, &wall_ms, &err) == 0 && wall_ms / 1000 == modified_s;
}

/* Reads digits to *ret (UINT64_MAX where there are too many); NULL where there are none. */
static const char *read_number(const char *p, uint64_t *ret)
{
    uint64_t number = 0;

    if (!isdigit((unsigned char)*p))
        return NULL;
    for (; isdigit((unsigned char)*p); p++)
        number =
            number > UINT64_MAX / 10 - 1 ? UINT64_MAX - 9 : number * 10 + (uint64_t)(*p - '0');
    *ret = number;
    return p;
}

static enum range last_bytes(uint64_t wanted, uint64_t size, uint64_t *ret_first,
                             uint64_t *ret_count)
{
    if (wanted == 0 || size == 0)
        return RANGE_OUTSIDE;
    *ret_count = wanted < size ? wanted : size;
    *ret_first = size - *ret_count;
    return RANGE_PART;
}

enum range range_parse(const char *header, uint64_t size, uint64_t *ret_first,
                       uint64_t *ret_count)
{
    uint64_t first = 0, last = UINT64_MAX;
    const char *p;

    if (!header || strncasecmp(header, "bytes=", 6) != 0)
        return RANGE_WHOLE;
    p = header + 6;
    if (*p == '-') {
        p = read_number(p + 1, &last);
        return p && !*p ? last_bytes(last, size, ret_first, ret_count) : RANGE_WHOLE;
    }
    p = read_number(p, &first);
    if (!p || *p++ != '-')
        return RANGE_WHOLE;
    if (*p)
        p = read_number(p, &last);
    if (!p || *p || last < first)
        return RANGE_WHOLE;
    if (first >= size)
        return RANGE_OUTSIDE;
    *ret_first = first;
    *ret_count = (last < size ? last + 1 : size) - first;
    return RANGE_PART;
}
