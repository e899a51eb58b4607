/* jws.h - a privacy receipt, checked as a stranger would. */
#ifndef TESTS_SUPPORT_JWS_H
#define TESTS_SUPPORT_JWS_H

#include "lib/base/buf.h"

/* Whether the compact JWS was signed by the key of this JWK, by Ed25519, under the JWK's kid;
 * ret_payload gets what was signed. */
bool jws_verify(const char *jws, const char *jwk, struct buf *ret_payload);

#endif
