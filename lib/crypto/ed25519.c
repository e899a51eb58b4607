/* ed25519.c - see ed25519.h. */
#include "lib/crypto/ed25519.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

struct ed25519 {
    EVP_PKEY *pkey;
};

/* As in crypto.c: what can only fail where the library is broken or has no memory. */
static void must(bool worked)
{
    if (!worked)
        abort();
}

/* Takes pkey. */
static struct ed25519 *wrap(EVP_PKEY *pkey, struct err *err)
{
    struct ed25519 *key = calloc(1, sizeof *key);

    if (!key) {
        err_set_nomem(err, "a key");
        EVP_PKEY_free(pkey);
        return NULL;
    }
    key->pkey = pkey;
    return key;
}

struct ed25519 *ed25519_new(struct err *err)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    if (pkey)
        return wrap(pkey, err);
    (void)err_set(err, ERR_NOMEM, "making an Ed25519 key failed");
    return NULL;
}

struct ed25519 *ed25519_read_pem(const void *text, size_t size, struct err *err)
{
    char no_passphrase[] = ""; /* or else it is asked for on the terminal */
    BIO *bio = size <= INT32_MAX ? BIO_new_mem_buf(text, (int)size) : NULL;
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, no_passphrase) : NULL;

    (void)BIO_free(bio);
    if (pkey && EVP_PKEY_is_a(pkey, "ED25519"))
        return wrap(pkey, err);
    (void)err_set(err, ERR_INVALID, "%s: 'openssl genpkey -algorithm ed25519' makes one",
                  pkey ? "this is not an Ed25519 key"
                       : "this is not a private key in PEM without a passphrase");
    EVP_PKEY_free(pkey);
    return NULL;
}

int ed25519_write_pem(const struct ed25519 *key, struct buf *out, struct err *err)
{
    BIO *bio = BIO_new(BIO_s_secmem());
    char *text = NULL;
    long size = 0;

    if (bio && PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1)
        size = BIO_get_mem_data(bio, &text);
    if (size > 0)
        buf_append(out, text, (size_t)size);
    (void)BIO_free(bio);
    return size > 0 && buf_ok(out) ? 0 : err_set_nomem(err, "writing a key");
}

void ed25519_free(struct ed25519 *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->pkey);
    free(key);
}

void ed25519_public(const struct ed25519 *key, uint8_t ret_public[ED25519_KEY_BYTES])
{
    size_t size = ED25519_KEY_BYTES;

    must(EVP_PKEY_get_raw_public_key(key->pkey, ret_public, &size) == 1 &&
         size == ED25519_KEY_BYTES);
}

void ed25519_sign(const struct ed25519 *key, const void *data, size_t size,
                  uint8_t ret_signature[ED25519_SIGNATURE_BYTES])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    size_t signature_size = ED25519_SIGNATURE_BYTES;

    must(context && EVP_DigestSignInit(context, NULL, NULL, NULL, key->pkey) == 1 &&
         EVP_DigestSign(context, ret_signature, &signature_size, data, size) == 1);
    EVP_MD_CTX_free(context);
}

bool ed25519_verify(const uint8_t public_key[ED25519_KEY_BYTES], const void *data, size_t size,
                    const uint8_t signature[ED25519_SIGNATURE_BYTES])
{
    EVP_PKEY *pkey =
        EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, ED25519_KEY_BYTES);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = pkey && context && EVP_DigestVerifyInit(context, NULL, NULL, NULL, pkey) == 1 &&
                EVP_DigestVerify(context, signature, ED25519_SIGNATURE_BYTES, data, size) == 1;

    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pkey);
    return good;
}
