/* aws_signed.c - see aws_signed.h. */
#include "tests/support/aws_signed.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/crypto.h"

/* From an Authorization header: what stands between name and the next comma. */
static bool take_apart(const char *authorization, const char *name, char *out, size_t size)
{
    const char *at = strstr(authorization, name);

    if (!at)
        return false;
    at += strlen(name);
    (void)snprintf(out, size, "%.*s", (int)strcspn(at, ","), at);
    return true;
}

static void derive_key(const char *scope, uint8_t key[SHA256_BYTES])
{
    char part[64];

    key[0] = 0;
    for (int i = 0; i < 4; i++) {
        size_t size = strcspn(scope, "/");

        (void)snprintf(part, sizeof part, "%.*s", (int)size, scope);
        if (i == 0)
            hmac_sha256("AWS4" AWS_TEST_SECRET, strlen("AWS4" AWS_TEST_SECRET), part, size,
                        key);
        else
            hmac_sha256(key, SHA256_BYTES, part, size, key);
        scope += size + (scope[size] == '/');
    }
}

/* The SHA-256 of the canonical request. */
static void hash_request(const struct http_request *request, const char *names,
                         char hex[SHA256_HEX])
{
    OWNED_VALUE(buf) text = {0};
    const void *body;
    size_t size;

    buf_printf(&text, "POST\n%s\n\n", http_raw_path(request));
    for (const char *at = names; *at; at += strcspn(at, ";"), at += *at == ';') {
        char name[64];

        (void)snprintf(name, sizeof name, "%.*s", (int)strcspn(at, ";"), at);
        buf_printf(&text, "%s:%s\n", name, http_header(request, name));
    }
    body = http_body(request, &size);
    sha256_hex(body, size, hex);
    buf_printf(&text, "\n%s\n%s", names, hex);
    sha256_hex(text.data, text.size, hex);
}

bool aws_is_signed(const struct http_request *request, const char *scope)
{
    const char *authorization = http_header(request, "Authorization");
    const char *date = http_header(request, "X-Amz-Date");
    char credential[160], names[200], wanted[80], hex[SHA256_HEX], ending[80];
    uint8_t key[SHA256_BYTES], mac[SHA256_BYTES];
    OWNED_VALUE(buf) to_sign = {0};

    (void)snprintf(ending, sizeof ending, "/%s/aws4_request", scope);
    if (!authorization || !date || !text_starts_with(authorization, "AWS4-HMAC-SHA256 ") ||
        !take_apart(authorization, "Credential=", credential, sizeof credential) ||
        !take_apart(authorization, "SignedHeaders=", names, sizeof names) ||
        !take_apart(authorization, "Signature=", wanted, sizeof wanted) ||
        !text_starts_with(credential, AWS_TEST_KEY "/") ||
        !text_ends_with(credential, ending) || !strstr(names, "host"))
        return false;
    hash_request(request, names, hex);
    buf_printf(&to_sign, "AWS4-HMAC-SHA256\n%s\n%s\n%s", date,
               credential + strlen(AWS_TEST_KEY "/"), hex);
    derive_key(credential + strlen(AWS_TEST_KEY "/"), key);
    hmac_sha256(key, sizeof key, to_sign.data, to_sign.size, mac);
    text_hex(mac, sizeof mac, hex);
    return strcmp(hex, wanted) == 0;
}
