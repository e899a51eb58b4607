/* receipt.h - what became of a picture, signed, so that it can be held against us.
 *
 * A JWS in compact form (RFC 7515) by Ed25519 (EdDSA, RFC 8037), with this payload:
 *
 *   {"id":"6f1c...","received":"2026-05-04T09:08:07.123Z","analysed_ms":31,
 *    "erased":true,"erased_at":"2026-05-04T09:08:07.160Z","locked":true,
 *    "engine":"local","sent_to":null,
 *    "kept":["user_id","generation","gender","emotion","source","timestamp"]}
 *
 * erased: the picture's bytes were overwritten before this was signed. locked: they lay in
 * memory that is not swapped out to disk. sent_to: who else may have been shown the picture.
 * kept: the members of the record on garden.users, none where nothing was published.
 * analysed_ms: null where it was not analysed. */
#ifndef SERVICES_EMOTION_RECEIPT_H
#define SERVICES_EMOTION_RECEIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"

struct receipt {
    int64_t received_ms, erased_ms; /* clock_wall_ms */
    int64_t analysed_ms;            /* how long it took; -1: it was not done */
    bool locked;
    const char *engine;
    const char *sent_to; /* NULL: nobody */
    bool kept;
};

struct receipts; /* the key; constant once opened: any thread */

/* Reads the key from path, and makes it where there is none. */
struct receipts *receipts_open(const char *path, struct err *err);
void receipts_free(struct receipts *receipts);
DEFINE_OWNED(receipts)

/* Appends the JWS, under a new random id. */
void receipt_sign(const struct receipts *receipts, const struct receipt *receipt,
                  struct buf *out);

/* Appends the public key as a JWK (RFC 8037); its kid, which is also in each receipt's header,
 * is the thumbprint of RFC 7638. */
void receipts_write_jwk(const struct receipts *receipts, struct buf *out);

#endif
