/* crypto.h - the few cryptographic primitives that are used here, on OpenSSL. */
#ifndef LIB_CRYPTO_CRYPTO_H
#define LIB_CRYPTO_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"

enum { SHA256_BYTES = 32, SHA256_HEX = 65 };

void sha256(const void *data, size_t size, uint8_t digest[SHA256_BYTES]);
void sha256_hex(const void *data, size_t size, char hex[SHA256_HEX]);

/* The same of what comes piece by piece. */
struct sha256_sum;
struct sha256_sum *sha256_sum_new(void); /* aborts the process without memory */
void sha256_sum_add(struct sha256_sum *sum, const void *data, size_t size);
void sha256_sum_hex(struct sha256_sum *sum, char hex[SHA256_HEX]); /* once, at the end */
void sha256_sum_free(struct sha256_sum *sum);
DEFINE_OWNED(sha256_sum)

void hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                 uint8_t mac[SHA256_BYTES]);

/* From the system's generator; aborts the process where there is none. */
void random_bytes(void *out, size_t size);

/* Takes the same time wherever they differ. */
bool equal_constant_time(const void *a, const void *b, size_t size);

/* URL-safe base64 without padding: writes 4 * ceil(size / 3) + 1 bytes at most. */
void base64url_encode(const void *data, size_t size, char *out);

/* Appends what the text stands for. ERR_INVALID, with nothing appended, where it is none of
 * base64url_encode's. */
int base64url_decode(const char *text, struct buf *out, struct err *err);

#endif
