/* media.h - content types. */
#ifndef GATEWAY_MEDIA_H
#define GATEWAY_MEDIA_H

#include <stddef.h>

/* What the bytes say for pictures (data may be NULL), else what the name's ending says.
 * Borrowed for ever. */
const char *media_type(const char *name, const void *data, size_t size);

#endif
