/* claim.h - Idempotency-Key: a POST that is sent again gets the first one's answer, and is not
 * done again. */
#ifndef GATEWAY_CLAIM_H
#define GATEWAY_CLAIM_H

#include <stdbool.h>

#include "gateway/gateway.h"

enum { CLAIM_KEY = 256 };

struct claim {
    char key[CLAIM_KEY];
};

/* False, with ERR_INVALID, where this cannot be an Idempotency-Key. */
bool claim_key_check(const char *key, struct err *err);

/* Claims the request's Idempotency-Key. True: do the work, then claim_end. False: the reply is
 * made: the stored answer, 409 while the first one is at work, 422 where the key was used for
 * something else, 400, 503. Blocks. */
bool claim_begin(struct gateway *gateway, struct http_request *request, struct claim *ret_claim,
                 struct reply *reply);

/* Stores the reply for the next time; gives the claim up where the server failed (5xx), so that
 * the work can be tried again. */
void claim_end(struct gateway *gateway, const struct claim *claim, const struct reply *reply);

#endif
