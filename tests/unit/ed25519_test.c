/* ed25519_test.c - against the vectors of RFC 8032, 7.1. */
#include "lib/crypto/ed25519.h"

#include "lib/base/text.h"
#include "tests/test.h"

/* openssl's PKCS#8 of TEST 1's and TEST 3's secret keys: 16 fixed bytes, then the key. */
#define PEM(base64) "-----BEGIN PRIVATE KEY-----\n" base64 "\n-----END PRIVATE KEY-----\n"

static const struct {
    const char *pem, *public_key, *message, *signature;
} vectors[] = {
    {PEM("MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g"),
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701"
     "c"
     "f9b46bd25bf5f0595bbe24655141438e7a100b"},
    {PEM("MC4CAQAwBQYDK2VwBCIEIMWqjfQ/n4N77bdELzHct7Fm04U1B28JS4XOOi4LRFj3"),
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "\xaf\x82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f7609"
     "8"
     "4dc6594a7c15e9716ed28dc027beceea1ec40a"},
};

TEST(signs_as_the_standard_says)
{
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        size_t size = strlen(vectors[i].message);
        uint8_t public_key[ED25519_KEY_BYTES], signature[ED25519_SIGNATURE_BYTES];
        char hex[2 * ED25519_SIGNATURE_BYTES + 1];
        struct err err = {0};
        OWNED(ed25519) key = ed25519_read_pem(vectors[i].pem, strlen(vectors[i].pem), &err);

        CHECK_OK(err.code, err);
        ed25519_public(key, public_key);
        text_hex(public_key, sizeof public_key, hex);
        CHECK_STR(hex, vectors[i].public_key);
        ed25519_sign(key, vectors[i].message, size, signature);
        text_hex(signature, sizeof signature, hex);
        CHECK_STR(hex, vectors[i].signature);
        CHECK(ed25519_verify(public_key, vectors[i].message, size, signature));
        signature[40] ^= 1;
        CHECK(!ed25519_verify(public_key, vectors[i].message, size, signature));
    }
}

TEST(a_key_written_is_the_key_read)
{
    struct err err = {0};
    OWNED(ed25519) key = ed25519_new(&err);
    OWNED(ed25519) other = ed25519_new(&err);
    OWNED(ed25519) again = NULL;
    OWNED_VALUE(buf) pem = {0};
    uint8_t a[ED25519_KEY_BYTES], b[ED25519_KEY_BYTES], c[ED25519_KEY_BYTES];
    uint8_t signature[ED25519_SIGNATURE_BYTES];

    CHECK_OK(ed25519_write_pem(key, &pem, &err), err);
    CHECK_HAS(buf_text(&pem), "-----BEGIN PRIVATE KEY-----\n");
    again = ed25519_read_pem(pem.data, pem.size, &err);
    CHECK_OK(err.code, err);
    ed25519_public(key, a);
    ed25519_public(again, b);
    ed25519_public(other, c);
    CHECK(memcmp(a, b, sizeof a) == 0);
    CHECK(memcmp(a, c, sizeof a) != 0);
    ed25519_sign(again, "text", 4, signature);
    CHECK(ed25519_verify(a, "text", 4, signature));
    CHECK(!ed25519_verify(a, "texT", 4, signature));
    CHECK(!ed25519_verify(c, "text", 4, signature));
}

TEST(what_is_no_such_key_is_refused_with_how_to_make_one)
{
    static const char *const texts[] = {
        "", "garden", PEM("AAAA"),
        /* X25519: for key agreement, not for signatures */
        PEM("MC4CAQAwBQYDK2VuBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAOs/39g")};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct err err = {0};

        CHECK(!ed25519_read_pem(texts[i], strlen(texts[i]), &err));
        CHECK_INT(err.code, ==, ERR_INVALID);
        CHECK_HAS(err.text, "openssl genpkey");
    }
}
