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

struct sha256_sum {
    EVP_MD_CTX *context;
};

struct sha256_sum *sha256_sum_new(void)
{
    struct sha256_sum *sum = calloc(1, sizeof *sum);

    must(sum != NULL);
    sum->context = EVP_MD_CTX_new();
    must(sum->context && EVP_DigestInit_ex(sum->context, EVP_sha256(), NULL) == 1);
    return sum;
}

void sha256_sum_add(struct sha256_sum *sum, const void *data, size_t size)
{
    must(EVP_DigestUpdate(sum->context, data, size) == 1);
}

void sha256_sum_hex(struct sha256_sum *sum, char hex[SHA256_HEX])
{
    uint8_t digest[SHA256_BYTES];

    must(EVP_DigestFinal_ex(sum->context, digest, NULL) == 1);
    text_hex(digest, sizeof digest, hex);
}

void sha256_sum_free(struct sha256_sum *sum)
{
    if (!sum)
        return;
    EVP_MD_CTX_free(sum->context);
    free(sum);
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

static int base64url_digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

/* Writes at most 3/4 of the text's size; returns how much, or -1. */
static ssize_t decode_digits(const char *text, uint8_t *out)
{
    unsigned bits = 0, held = 0;
    ssize_t used = 0;

    for (; *text; text++) {
        int digit = base64url_digit(*text);

        if (digit < 0)
            return -1;
        bits = (bits << 6 | (unsigned)digit) & 0xfff;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[used++] = (uint8_t)(bits >> held);
        }
    }
    /* What is left over of the last digit is zero, and less than a digit. */
    return held == 6 || (bits & ((1U << held) - 1)) ? -1 : used;
}

int base64url_decode(const char *text, struct buf *out, struct err *err)
{
    char *end = buf_reserve(out, strlen(text) / 4 * 3 + 3);
    ssize_t size;

    if (!end)
        return err_set_nomem(err, "base64 text");
    size = decode_digits(text, (uint8_t *)end);
    if (size >= 0)
        out->size += (size_t)size;
    out->data[out->size] = '\0';
    return size < 0 ? err_set(err, ERR_INVALID, "\"%.20s\" is no base64url text", text) : 0;
}
