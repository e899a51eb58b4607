/* keyring.h - API keys and the roles they give.
 *
 * GARDEN_DATA/keys.json keeps a salted SHA-256 (HMAC) of each key, never the key. A role's own
 * key comes from the environment, or else is made once and kept readable for the machine's
 * operator in GARDEN_DATA/<role>.key, mode 0600: gardenctl takes it from there. Further keys
 * may be added to keys.json; it is read at start. */
#ifndef GATEWAY_KEYRING_H
#define GATEWAY_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/crypto/crypto.h"

enum role { ROLE_KIOSK = 1, ROLE_DISPLAY = 2, ROLE_OPERATOR = 4 };
enum { ROLE_COUNT = 3 };

enum { KEYRING_MAX = 64, KEYRING_ID = 48, KEYRING_SALT = 16 };

struct keyring_entry {
    char id[KEYRING_ID]; /* lower-case letters, digits, '-' and '_' */
    enum role role;
    uint8_t salt[KEYRING_SALT];
    uint8_t hash[SHA256_BYTES]; /* HMAC-SHA-256 of the key under the salt */
};

/* The keys that the environment gives; "" where it gives none. */
struct keyring_wanted {
    const char *operator_key, *kiosk_key, *display_key;
};

struct keyring;

/* Reads keys.json in dir and brings the three roles' keys up to date. ERR_INVALID says what is
 * wrong in the file. */
struct keyring *keyring_open(const char *dir, const struct keyring_wanted *wanted,
                             struct err *err);
void keyring_free(struct keyring *keyring);
DEFINE_OWNED(keyring)

size_t keyring_count(const struct keyring *keyring);
const struct keyring_entry *keyring_get(const struct keyring *keyring, size_t i);

/* The index of the entry that this key belongs to, or -1. Takes the same time for all. */
int keyring_find(const struct keyring *keyring, const char *key);

/* The index of the entry with this id, or -1. */
int keyring_find_id(const struct keyring *keyring, const char *id);

/* "operator", "kiosk", "display". */
const char *role_name(enum role role);

#endif
