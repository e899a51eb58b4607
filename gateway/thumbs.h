/* thumbs.h - smaller versions of pictures, by ?w=<pixels>.
 *
 * The width is rounded up to one of a few steps, so that nobody can fill the store with
 * versions. A thumbnail is kept in the store as cache/w<width>/<key>/<hash of the picture's
 * etag>.jpeg: one that was made from older bytes is never found. Requests for one that is just
 * being made wait for it; the work is done once. */
#ifndef GATEWAY_THUMBS_H
#define GATEWAY_THUMBS_H

#include <stdbool.h>
#include <stdint.h>

#include "gateway/gateway.h"

struct thumbs;

struct thumbs *thumbs_new(struct gateway *gateway, struct err *err);
void thumbs_free(struct thumbs *thumbs); /* after the workers ended */

/* Answers for ?w= of this request. False (only where in_line): it takes a worker. */
bool thumbs_answer(struct gateway *gateway, struct http_request *request, const char *key,
                   bool in_line, struct reply *reply);

/* Removes what was made from this object. Blocks; failures leave a file that nobody finds. */
void thumbs_drop(struct gateway *gateway, const char *key);

/* The step for a wanted width: the smallest that is not smaller, else the largest. */
uint32_t thumbs_width(int64_t wanted);

#endif
