/* session.c - see session.h. */
#include "gateway/session.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "gateway/secret_file.h"
#include "lib/base/text.h"

#define SECRET_FILE "session.secret"

enum { MAC_TEXT = 44 }; /* base64url of 32 bytes, and its NUL */

int session_secret(const char *dir, uint8_t ret_secret[SESSION_SECRET], struct err *err)
{
    OWNED_VALUE(buf) kept = {0};
    int r = secret_file_read(dir, SECRET_FILE, &kept, err);

    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    err_clear(err);
    if (kept.size == SESSION_SECRET) {
        memcpy(ret_secret, kept.data, SESSION_SECRET);
        return 0;
    }
    random_bytes(ret_secret, SESSION_SECRET);
    return secret_file_write(dir, SECRET_FILE, ret_secret, SESSION_SECRET, err);
}

static void sign(const uint8_t secret[SESSION_SECRET], const struct keyring_entry *entry,
                 int64_t expires_s, char ret_mac[MAC_TEXT])
{
    char hash[SHA256_HEX], text[KEYRING_ID + SHA256_HEX + 32];
    uint8_t mac[SHA256_BYTES];
    int size;

    text_hex(entry->hash, sizeof entry->hash, hash);
    size = snprintf(text, sizeof text, "%s.%" PRId64 ".%s", entry->id, expires_s, hash);
    hmac_sha256(secret, SESSION_SECRET, text, (size_t)size, mac);
    base64url_encode(mac, sizeof mac, ret_mac);
}

void session_seal(const uint8_t secret[SESSION_SECRET], const struct keyring_entry *entry,
                  int64_t expires_s, char ret_text[SESSION_TEXT])
{
    char mac[MAC_TEXT];

    sign(secret, entry, expires_s, mac);
    (void)snprintf(ret_text, SESSION_TEXT, "%s.%" PRId64 ".%s", entry->id, expires_s, mac);
}

/* Splits "id.expiry.mac" in place. */
static bool split(char *text, char **ret_expiry, char **ret_mac)
{
    char *first = strchr(text, '.'), *second = first ? strchr(first + 1, '.') : NULL;

    if (!second)
        return false;
    *first = *second = '\0';
    *ret_expiry = first + 1;
    *ret_mac = second + 1;
    return strlen(*ret_mac) == MAC_TEXT - 1;
}

int session_open(const uint8_t secret[SESSION_SECRET], const struct keyring *keyring,
                 const char *text, int64_t now_s)
{
    char copy[SESSION_TEXT], mac[MAC_TEXT], *expiry, *given;
    struct err err = {0};
    int64_t expires_s;
    int found;

    if (text_copy(copy, sizeof copy, text) < 0 || !split(copy, &expiry, &given) ||
        text_parse_int(expiry, 0, INT64_MAX, &expires_s, &err) < 0 || expires_s <= now_s)
        return -1;
    found = keyring_find_id(keyring, copy);
    if (found < 0)
        return -1;
    sign(secret, keyring_get(keyring, (size_t)found), expires_s, mac);
    return equal_constant_time(mac, given, MAC_TEXT - 1) ? found : -1;
}

int session_find(const char *cookie_header, char ret_text[SESSION_TEXT])
{
    static const char name[] = SESSION_COOKIE "=";
    const char *p = cookie_header;

    while (p && *p) {
        size_t size;

        p += strspn(p, " ;");
        size = strcspn(p, ";");
        if (text_starts_with(p, name) && size - (sizeof name - 1) < SESSION_TEXT) {
            size -= sizeof name - 1;
            memcpy(ret_text, p + sizeof name - 1, size);
            ret_text[size] = '\0';
            return 0;
        }
        p += size;
    }
    return -1;
}
