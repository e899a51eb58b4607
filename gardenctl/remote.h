/* remote.h - the running garden, over HTTP: where it is, the operator's key, its answers. */
#ifndef GARDENCTL_REMOTE_H
#define GARDENCTL_REMOTE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/http/client.h"
#include "lib/json/json.h"

enum { REMOTE_URL = 300, REMOTE_KEY = 512 };

struct remote {
    struct http_client *client;          /* owned */
    char url[REMOTE_URL];                /* GARDEN_URL without a slash at its end */
    char authorization[REMOTE_KEY + 32]; /* the header's line */
};

/* GARDEN_URL, and the key from GARDEN_OPERATOR_KEY or GARDEN_DATA/operator.key. */
int remote_open(struct remote *remote, struct err *err);
void remote_done(struct remote *remote);

/* Appends the operator's key. ERR_NOT_FOUND says where one would come from. */
int remote_read_key(struct buf *out, struct err *err);

/* Sends path (starts with a slash, already percent-encoded) with a JSON body, or none (NULL),
 * and waits at most a minute. A status under 400 with a JSON body gives a new reference in
 * *ret (may be NULL). Anything else is a failure in plain words. */
int remote_call(struct remote *remote, const char *method, const char *path,
                const struct buf *body, json_t **ret, struct err *err);

/* Turns an answer into a failure, or 0 for a status under 400. failure is what
 * http_client_done was given. */
int remote_check(const struct remote *remote, const struct http_client_response *response,
                 const struct err *failure, struct err *err);

#endif
