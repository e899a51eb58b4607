/* crypto.c - see crypto.h. */
#include "lib/crypto/crypto.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lib/base/text.h"

/* These fail only where the library is broken or has no memory for its own small state; going
 * on without a digest would be worse than ending. */
static void must(bool worked)
{
    if (!worked)
        abort();
}

void sha256(const void *data, size_t size, uint8_t digest[SHA256_BYTES])
{
    must(SHA256(data, size, digest) != NULL);
}

void sha256_hex(const void *data, size_t size, char hex[SHA256_HEX])
{
    uint8_t digest[SHA256_BYTES];

    sha256(data, size, digest);
    text_hex(digest, sizeof digest, hex);
}

void hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                 uint8_t mac[SHA256_BYTES])
{
    must(HMAC(EVP_sha256(), key, (int)key_size, data, size, mac, NULL) != NULL);
}

void random_bytes(void *out, size_t size)
{
    uint8_t *p = out;

    while (size > 0) {
        ssize_t got = getrandom(p, size, 0);

        must(got > 0 || (got < 0 && errno == EINTR));
        if (got > 0) {
            p += got;
            size -= (size_t)got;
        }
    }
}

bool equal_constant_time(const void *a, const void *b, size_t size)
{
    return CRYPTO_memcmp(a, b, size) == 0;
}

void base64url_encode(const void *data, size_t size, char *out)
{
    enum { CHUNK = 3 * 1024 }; /* a multiple of 3, so that only the last is padded */
    const uint8_t *p = data;
    char *end = out;

    *end = '\0';
    while (size > 0) {
        size_t n = size < CHUNK ? size : CHUNK;

        end += EVP_EncodeBlock((unsigned char *)end, p, (int)n);
        p += n;
        size -= n;
    }
    while (end > out && end[-1] == '=')
        *--end = '\0';
    for (char *c = out; *c; c++)
        *c = (char)(*c == '+' ? '-' : *c == '/' ? '_' : *c);
}
