/* ed25519.h - signatures that anybody can check with a public key of 32 bytes (RFC 8032). */
#ifndef LIB_CRYPTO_ED25519_H
#define LIB_CRYPTO_ED25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"

enum { ED25519_KEY_BYTES = 32, ED25519_SIGNATURE_BYTES = 64 };

/* A private key. Constant once made: any thread may sign. */
struct ed25519;

/* A new one, from the system's random numbers. */
struct ed25519 *ed25519_new(struct err *err);

/* The one in a PEM file (PKCS#8, without a passphrase), as ed25519_write_pem and
 * `openssl genpkey -algorithm ed25519` write it. ERR_INVALID for anything else. */
struct ed25519 *ed25519_read_pem(const void *text, size_t size, struct err *err);
int ed25519_write_pem(const struct ed25519 *key, struct buf *out, struct err *err);

void ed25519_free(struct ed25519 *key); /* zeroes it */
DEFINE_OWNED(ed25519)

void ed25519_public(const struct ed25519 *key, uint8_t ret_public[ED25519_KEY_BYTES]);

void ed25519_sign(const struct ed25519 *key, const void *data, size_t size,
                  uint8_t ret_signature[ED25519_SIGNATURE_BYTES]);

bool ed25519_verify(const uint8_t public_key[ED25519_KEY_BYTES], const void *data, size_t size,
                    const uint8_t signature[ED25519_SIGNATURE_BYTES]);

#endif
