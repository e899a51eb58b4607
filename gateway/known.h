/* known.h - what the catalogue knows of pictures that are about to be copied or moved.
 *
 * The bytes do not change on the way, so what was measured of the source holds for the copy:
 * told in its event, it spares item-ingest fetching and decoding the picture again. */
#ifndef GATEWAY_KNOWN_H
#define GATEWAY_KNOWN_H

#include "gateway/gateway.h"

enum { KNOWN_MAX = 64 };

struct known;

/* Looks up the sources of those requests (KNOWN_MAX at most; what they point to is borrowed)
 * that copy or move a picture to a place in the pool or the garden. NULL where nothing is known
 * or the catalogue does not answer: the requests are as good without. */
struct known *known_new(struct gateway *gateway, const struct object_change_request *requests,
                        size_t count);
void known_free(struct known *known);
DEFINE_OWNED(known)

/* The same requests in the same order, with meta and size where the source is known. They live
 * as long as known does. */
const struct object_change_request *known_requests(const struct known *known);

#endif
