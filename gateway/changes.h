/* changes.h - several changes of objects, a part at a time, and what was kept of them. */
#ifndef GATEWAY_CHANGES_H
#define GATEWAY_CHANGES_H

#include "gateway/gateway.h"

/* As object_writer_apply, in parts small enough for one publish each, until the request's
 * deadline; caches of what changed are dropped, and what the catalogue knows of a copied
 * picture goes into its event. 0, or < 0: what was not done is safe to ask for again. */
int changes_apply(struct gateway *gateway, struct http_request *request,
                  const struct object_change_request *requests, size_t count,
                  struct object_change_result *ret_results, struct err *err);

/* The one change; its own failure is the return value. */
int changes_apply_one(struct gateway *gateway, struct http_request *request,
                      const struct object_change_request *change, struct err *err);

#endif
