/* conditional.h - the parts of RFC 9110 by which a client gets less than the whole: entity
 * tags, dates and one byte range. Pure functions. */
#ifndef GATEWAY_CONDITIONAL_H
#define GATEWAY_CONDITIONAL_H

#include <stdbool.h>
#include <stdint.h>

#include "services/common/etag.h" /* which this adds to */

/* True where the client's copy is still good. Either header may be NULL; If-None-Match wins. */
bool is_not_modified(const char *if_none_match, const char *if_modified_since, const char *etag,
                     int64_t modified_s);

/* True where If-Range (NULL: not sent) allows to answer with a part. */
bool range_is_allowed(const char *if_range, const char *etag, int64_t modified_s);

enum range {
    RANGE_WHOLE, /* none, not understood, or several: the whole is a correct answer to it */
    RANGE_PART,
    RANGE_OUTSIDE, /* 416 */
};

/* Reads a Range header (may be NULL) for something of size bytes. */
enum range range_parse(const char *header, uint64_t size, uint64_t *ret_first,
                       uint64_t *ret_count);

#endif
