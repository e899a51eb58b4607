/* pictures.h - GET of objects: ETag, Last-Modified, conditions, one byte range, thumbnails by
 * ?w=.
 *
 * Small objects that are asked for often are kept in memory; the store is asked whether they
 * changed when GARDEN_CACHE_CHECK_MS passed since it last was. Large ones are sent from the
 * file by the kernel. */
#ifndef GATEWAY_PICTURES_H
#define GATEWAY_PICTURES_H

#include "gateway/blob.h"
#include "gateway/routes.h"

route_handler pictures_get;
route_attempt pictures_attempt;

/* A blob with the object's bytes and what goes with them. */
struct blob *pictures_blob(const char *key, const void *data, size_t size,
                           const struct store_info *info);

/* Answers with the blob (a reference is taken over), or with less where the request's
 * conditions allow it. */
void pictures_answer(struct http_request *request, struct blob *blob, struct reply *reply);

/* The object changed or went: nothing that was made from it is used any more. Blocks. */
void pictures_forget(struct gateway *gateway, const char *key);

#endif
