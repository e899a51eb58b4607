/* jws.c - see jws.h. */
#include "tests/support/jws.h"

#include <string.h>

#include "lib/crypto/crypto.h"
#include "lib/crypto/ed25519.h"
#include "lib/json/json.h"

static bool decode(const char *from, size_t size, struct buf *out)
{
    OWNED_VALUE(buf) text = {0};
    struct err err = {0};

    buf_append(&text, from, size);
    return base64url_decode(buf_text(&text), out, &err) == 0;
}

static bool is(const json_t *object, const char *name, const char *value)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text && strcmp(text, value) == 0;
}

bool jws_verify(const char *jws, const char *jwk, struct buf *ret_payload)
{
    OWNED_VALUE(buf) head = {0};
    OWNED_VALUE(buf) signature = {0};
    OWNED_VALUE(buf) key = {0};
    struct err err = {0};
    const char *dot = strchr(jws, '.'), *second = dot ? strchr(dot + 1, '.') : NULL;
    OWNED_JSON public_key = json_parse(jwk, strlen(jwk), &err);
    OWNED_JSON header = NULL;
    const char *x = json_string_value(json_object_get(public_key, "x"));
    const char *kid = json_string_value(json_object_get(public_key, "kid"));

    if (!second || !x || !kid || !decode(jws, (size_t)(dot - jws), &head) ||
        !decode(dot + 1, (size_t)(second - dot - 1), ret_payload) ||
        !decode(second + 1, strlen(second + 1), &signature) || !decode(x, strlen(x), &key))
        return false;
    header = json_parse(head.data, head.size, &err);
    return is(header, "alg", "EdDSA") && is(header, "kid", kid) &&
           is(public_key, "kty", "OKP") && is(public_key, "crv", "Ed25519") &&
           key.size == ED25519_KEY_BYTES && signature.size == ED25519_SIGNATURE_BYTES &&
           ed25519_verify((const uint8_t *)key.data, jws, (size_t)(second - jws),
                          (const uint8_t *)signature.data);
}
