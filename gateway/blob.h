/* blob.h - bytes that several answers may be sending at once.
 *
 * Filled by who makes it, constant once shared (checked_ms excepted), freed with the last
 * reference. */
#ifndef GATEWAY_BLOB_H
#define GATEWAY_BLOB_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/clock.h"
#include "lib/base/owned.h"

enum { BLOB_ETAG = 128 };

struct blob {
    atomic_uint refs;
    size_t size;
    uint64_t version;          /* of the list that it shows; 0 where that means nothing */
    const char *type;          /* content type, borrowed for ever */
    char etag[BLOB_ETAG];      /* with its quotes, or "" */
    char modified[CLOCK_TEXT]; /* IMF-fixdate, or "" */
    int64_t modified_s;
    _Atomic int64_t checked_ms; /* when it was last known to be what the store has */
    char data[];
};

/* A blob of size bytes with one reference, zeroed but for the data; NULL without memory. */
struct blob *blob_new(size_t size);
struct blob *blob_ref(struct blob *blob);

/* Gives a reference back. NULL is fine. */
void blob_free(struct blob *blob);
DEFINE_OWNED(blob)

/* blob_free with the type that http_response_shared wants. */
void blob_release(void *blob);

#endif
