/* etag.h - entity tags, as RFC 9110 has a client send them back. */
#ifndef SERVICES_COMMON_ETAG_H
#define SERVICES_COMMON_ETAG_H

#include <stdbool.h>

/* True where a header like If-None-Match ("*", or a list of tags, weak ones too) has this tag,
 * given with its quotes. */
bool etag_is_listed(const char *header, const char *etag);

#endif
