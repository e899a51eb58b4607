/* Known answers for the primitives: FIPS 180-4, RFC 4231, RFC 4648. */
#include "lib/crypto/crypto.h"

#include "lib/base/text.h"
#include "tests/test.h"

TEST(sha256_of_abc_and_of_nothing)
{
    char hex[SHA256_HEX];

    sha256_hex("abc", 3, hex);
    CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    sha256_hex(NULL, 0, hex);
    CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(hmac_sha256_of_rfc_4231)
{
    uint8_t mac[SHA256_BYTES];
    char hex[SHA256_HEX], long_key[131];

    hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac);
    text_hex(mac, sizeof mac, hex);
    CHECK_STR(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(long_key, 0xaa, sizeof long_key);
    hmac_sha256(long_key, sizeof long_key,
                "Test Using Larger Than Block-Size Key - Hash Key First", 54, mac);
    text_hex(mac, sizeof mac, hex);
    CHECK_STR(hex, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(an_empty_key_gives_a_mac_too)
{
    uint8_t mac[SHA256_BYTES];
    char hex[SHA256_HEX];

    hmac_sha256("", 0, "", 0, mac);
    text_hex(mac, sizeof mac, hex);
    CHECK_STR(hex, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(random_bytes_differ)
{
    uint8_t a[32] = {0}, b[32] = {0};

    random_bytes(a, sizeof a);
    random_bytes(b, sizeof b);
    CHECK(!equal_constant_time(a, b, sizeof a));
    memcpy(b, a, sizeof b);
    CHECK(equal_constant_time(a, b, sizeof a));
    b[31] ^= 1;
    CHECK(!equal_constant_time(a, b, sizeof a));
    CHECK(equal_constant_time(a, b, 31));
}

TEST(base64url_has_no_padding)
{
    static const char *const cases[][2] = {{"", ""},           {"f", "Zg"},
                                           {"fo", "Zm8"},      {"foo", "Zm9v"},
                                           {"foob", "Zm9vYg"}, {"\xfb\xff\xfe", "-__-"}};
    char out[32];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        base64url_encode(cases[i][0], strlen(cases[i][0]), out);
        CHECK_STR(out, cases[i][1]);
    }
}

TEST(base64url_text_is_read_back)
{
    static const char *const bad[] = {"A", "Zg==", "Zh", "Zm9vY", "Zm 9", "Zm+v", "Zm/v", "é"};
    OWNED_VALUE(buf) back = {0};
    struct err err = {0};
    char bytes[256], text[4 * 86 + 1];

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)(i * 7);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        base64url_encode(bytes, size, text);
        buf_clear(&back);
        CHECK_OK(base64url_decode(text, &back, &err), err);
        CHECK_INT(back.size, ==, size);
        CHECK(memcmp(buf_text(&back), bytes, size) == 0);
    }
    buf_clear(&back);
    buf_append_str(&back, "kept");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        CHECK_INT(base64url_decode(bad[i], &back, &err), ==, ERR_INVALID);
        CHECK_STR(buf_text(&back), "kept");
        err_clear(&err);
    }
    CHECK_OK(base64url_decode("LXM", &back, &err), err);
    CHECK_STR(buf_text(&back), "kept-s");
}

TEST(base64url_of_more_than_one_chunk)
{
    char *in = calloc(1, 10001), *out = malloc(4 * 3334 + 1);

    CHECK(in && out);
    base64url_encode(in, 10001, out);
    CHECK_INT(strlen(out), ==, 13335);
    CHECK_INT(strspn(out, "A"), ==, 13335);
    free(in);
    free(out);
}
