/* body.h - what a request's body says. Bodies are JSON whatever their Content-Type. */
#ifndef GATEWAY_BODY_H
#define GATEWAY_BODY_H

#include <stddef.h>

#include "lib/base/err.h"
#include "lib/http/server.h"
#include "lib/json/json.h"

/* The body as an object; a new reference, or NULL with ERR_INVALID. */
json_t *body_object(const struct http_request *request, struct err *err);

/* Object keys that a client named. */
struct key_list {
    char **keys; /* owned, each and all */
    size_t count;
};
enum { KEY_LIST_MAX = 1000 };

/* Reads an array of keys, an array as JSON in a string (one of the old pages sends it so), or
 * one key as a string. The keys are not checked. ERR_TOO_LARGE over KEY_LIST_MAX keys. */
int key_list_read(const json_t *value, const char *member, struct key_list *ret_list,
                  struct err *err);
void key_list_done(struct key_list *list);

#endif
