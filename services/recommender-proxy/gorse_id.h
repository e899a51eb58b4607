/* gorse_id.h - ids as Gorse can hold them.
 *
 * Gorse's ids are parts of its routes' paths, where an escaped slash counts as a slash, and of
 * lists of categories. So that any id fits, '/', ',', ':' and '%' in it become "%2F", "%2C",
 * "%3A" and "%25", and ids that paths treat on their own ("." and "..") are escaped whole. All
 * else stays as it is, and can be read in Gorse's dashboard. It can be undone.
 *
 * Each id of ours has one form of its own. No id has the form GORSE_NOBODY. */
#ifndef SERVICES_RECOMMENDER_PROXY_GORSE_ID_H
#define SERVICES_RECOMMENDER_PROXY_GORSE_ID_H

#include <stddef.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum { GORSE_ID_MAX = 256 }; /* characters: what its columns hold */

#define GORSE_NOBODY "%nobody" /* for a visitor of whom nothing is known */

/* Appends the id as Gorse holds it. ERR_INVALID: it is empty, or has more than GORSE_ID_MAX
 * characters then. */
int gorse_id_write(struct buf *out, const char *id, struct err *err);

/* 0 where gorse_id_write takes it. */
int gorse_id_check(const char *id, struct err *err);

/* Appends our id. ERR_INVALID: it is none of gorse_id_write's. */
int gorse_id_read(struct buf *out, const char *id, struct err *err);

#endif
