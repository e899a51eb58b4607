/* manifest.h - what a zone shows, as one record of garden.displays says it: read once, written
 * out once, and shared from then on by all who ask. Constant once made; counted by references,
 * on any thread. */
#ifndef SERVICES_DISPLAY_FEED_MANIFEST_H
#define SERVICES_DISPLAY_FEED_MANIFEST_H

#include <stdatomic.h>
#include <stdbool.h>

#include "lib/http/stream.h"
#include "proto/display_event.h"

enum { MANIFEST_ETAG = DISPLAY_ZONE_MAX + 24 };

struct manifest {
    atomic_uint refs;
    struct display_event event; /* points into storage */
    int64_t offset;             /* of its record */
    struct buf json;            /* as it is answered, on one line */
    char etag[MANIFEST_ETAG];   /* with its quotes */
    struct http_chunk *chunk;   /* as it is sent to those who follow the zone */
    struct buf storage;
};

/* Reads a record's value. NULL: ERR_INVALID says what is wrong with it, or ERR_NOMEM. */
struct manifest *manifest_new(const void *bytes, size_t size, int64_t offset, struct err *err);
struct manifest *manifest_ref(struct manifest *manifest); /* NULL is fine */
void manifest_free(struct manifest *manifest); /* gives a reference back; NULL is fine */
DEFINE_OWNED(manifest)

/* The pictures of screens that hang like this, 'h' or 'v'. */
const struct display_picture *manifest_pictures(const struct manifest *manifest,
                                                char orientation, size_t *ret_count);

/* True where both say the same: version, time, pictures and their order. */
bool manifest_same(const struct manifest *a, const struct manifest *b);

#endif
