/* remote_items.h - the running garden's lists of pictures, page by page. */
#ifndef GARDENCTL_REMOTE_ITEMS_H
#define GARDENCTL_REMOTE_ITEMS_H

#include "gardenctl/remote.h"
#include "proto/key.h"

/* Which; NULL or 0: any. */
struct remote_filter {
    enum key_area area;
    const char *emotion; /* "happy" (with all its favorites) or "happy/<favorite>" */
    const char *favorite;
    char orientation; /* 'h', 'v' */
};

struct remote_item {
    const char *key;
    const char *sha256; /* "" where it is not known */
};

/* Calls fn for each, borrowed for the call, until it returns < 0 (which is returned). */
int remote_items(struct remote *remote, const struct remote_filter *filter,
                 int (*fn)(void *ctx, const struct remote_item *item, struct err *err),
                 void *ctx, struct err *err);

struct remote_keys {
    const char *path;        /* to POST {"keys":[...]} to */
    const char *const *keys; /* at most 1000 */
    size_t count;
};

/* Sends them and takes the answer's "results" apart: calls fn for each with what it says
 * ("promoted", "not_found", ...). */
int remote_send_keys(struct remote *remote, const struct remote_keys *keys,
                     void (*fn)(void *ctx, const char *key, const char *result,
                                const char *reason),
                     void *ctx, struct err *err);

#endif
