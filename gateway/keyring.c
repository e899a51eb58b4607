/* keyring.c - see keyring.h. */
#include "gateway/keyring.h"

#include <ctype.h>
#include <string.h>

#include "gateway/secret_file.h"
#include "lib/base/text.h"
#include "lib/json/json.h"

#define KEYS_FILE "keys.json"

enum { KEY_RANDOM = 24 }; /* bytes of a made key: 192 bits, 32 characters */

struct keyring {
    struct keyring_entry entries[KEYRING_MAX];
    size_t count;
};

static const struct {
    enum role role;
    const char *name, *file;
} roles[ROLE_COUNT] = {
    {ROLE_OPERATOR, "operator", "operator.key"},
    {ROLE_KIOSK, "kiosk", "kiosk.key"},
    {ROLE_DISPLAY, "display", "display.key"},
};

const char *role_name(enum role role)
{
    for (int i = 0; i < ROLE_COUNT; i++)
        if (roles[i].role == role)
            return roles[i].name;
    return "nobody";
}

static int role_parse(const char *name, enum role *ret_role, struct err *err)
{
    for (int i = 0; i < ROLE_COUNT; i++) {
        if (strcmp(roles[i].name, name) == 0) {
            *ret_role = roles[i].role;
            return 0;
        }
    }
    return err_set(err, ERR_INVALID, "role '%.20s' is none of operator, kiosk, display", name);
}

static void hash_key(const uint8_t salt[KEYRING_SALT], const char *key,
                     uint8_t hash[SHA256_BYTES])
{
    hmac_sha256(salt, KEYRING_SALT, key, strlen(key), hash);
}

static int unhex(const char *text, uint8_t *out, size_t size)
{
    if (strlen(text) != size * 2)
        return -1;
    for (size_t i = 0; i < size; i++) {
        int high = text_hex_digit(text[i * 2]), low = text_hex_digit(text[i * 2 + 1]);

        if (high < 0 || low < 0)
            return -1;
        out[i] = (uint8_t)(high * 16 + low);
    }
    return 0;
}

static bool id_is_good(const char *id)
{
    size_t size = strlen(id);

    if (size == 0 || size >= KEYRING_ID)
        return false;
    for (; *id; id++)
        if (!islower((unsigned char)*id) && !isdigit((unsigned char)*id) && *id != '-' &&
            *id != '_')
            return false;
    return true;
}

static int read_entry(const json_t *object, struct keyring_entry *ret_entry, struct err *err)
{
    const char *id, *role, *salt, *hash;
    struct keyring_entry entry = {0};

    if (json_get_str(object, "id", &id, err) < 0 ||
        json_get_str(object, "role", &role, err) < 0 ||
        json_get_str(object, "salt", &salt, err) < 0 ||
        json_get_str(object, "hash", &hash, err) < 0 || role_parse(role, &entry.role, err) < 0)
        return err->code;
    if (!id_is_good(id))
        return err_set(err, ERR_INVALID,
                       "id '%.48s' is not 1 to 47 lower-case letters, digits, '-' or '_'", id);
    if (unhex(salt, entry.salt, sizeof entry.salt) < 0 ||
        unhex(hash, entry.hash, sizeof entry.hash) < 0)
        return err_set(err, ERR_INVALID, "salt and hash of '%s' must be 32 and 64 hex digits",
                       id);
    (void)text_copy(entry.id, sizeof entry.id, id);
    *ret_entry = entry;
    return 0;
}

static int read_entries(struct keyring *keyring, const json_t *root, struct err *err)
{
    json_t *keys;

    if (json_get_array(root, "keys", &keys, err) < 0)
        return err->code;
    if (json_array_size(keys) > KEYRING_MAX - ROLE_COUNT)
        return err_set(err, ERR_INVALID, "more than %d keys", KEYRING_MAX - ROLE_COUNT);
    for (size_t i = 0; i < json_array_size(keys); i++) {
        if (read_entry(json_array_get(keys, i), &keyring->entries[i], err) < 0)
            return err_wrap(err, "key %zu", i + 1);
        if (keyring_find_id(keyring, keyring->entries[i].id) >= 0)
            return err_set(err, ERR_INVALID, "two keys have the id '%s'",
                           keyring->entries[i].id);
        keyring->count++;
    }
    return 0;
}

static int load(struct keyring *keyring, const char *dir, struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    OWNED_JSON root = NULL;
    int r = secret_file_read(dir, KEYS_FILE, &text, err);

    if (r == ERR_NOT_FOUND) {
        err_clear(err);
        return 0;
    }
    if (r < 0)
        return r;
    root = json_parse(text.data, text.size, err);
    if (!root || read_entries(keyring, root, err) < 0)
        return err_wrap(err, "%s/" KEYS_FILE " (mend it, or remove it to start anew)", dir);
    return 0;
}

static int save(const struct keyring *keyring, const char *dir, struct err *err)
{
    OWNED_VALUE(buf) out = {0};
    char salt[KEYRING_SALT * 2 + 1], hash[SHA256_HEX];

    json_write_open(&out, '{');
    json_put_int(&out, "version", 1);
    json_write_name(&out, "keys");
    json_write_open(&out, '[');
    for (size_t i = 0; i < keyring->count; i++) {
        const struct keyring_entry *entry = &keyring->entries[i];

        text_hex(entry->salt, sizeof entry->salt, salt);
        text_hex(entry->hash, sizeof entry->hash, hash);
        json_write_open(&out, '{');
        json_put_str(&out, "id", entry->id);
        json_put_str(&out, "role", role_name(entry->role));
        json_put_str(&out, "salt", salt);
        json_put_str(&out, "hash", hash);
        json_write_close(&out, '}');
    }
    json_write_close(&out, ']');
    json_write_close(&out, '}');
    buf_append_char(&out, '\n');
    if (!buf_ok(&out))
        return err_set_nomem(err, KEYS_FILE);
    return secret_file_write(dir, KEYS_FILE, out.data, out.size, err);
}

/* The role's key: the environment's, else the file's, else a new one that goes to the file. */
static int role_key(const char *dir, int role, const char *given, struct buf *ret_key,
                    struct err *err)
{
    uint8_t random[KEY_RANDOM];
    char made[KEY_RANDOM * 2];
    int r;

    if (*given) {
        buf_append_str(ret_key, given);
        return 0;
    }
    r = secret_file_read(dir, roles[role].file, ret_key, err);
    if (r < 0 && r != ERR_NOT_FOUND)
        return r;
    err_clear(err);
    while (ret_key->size > 0 && isspace((unsigned char)ret_key->data[ret_key->size - 1]))
        ret_key->data[--ret_key->size] = '\0';
    if (ret_key->size > 0)
        return 0;
    random_bytes(random, sizeof random);
    base64url_encode(random, sizeof random, made);
    buf_append_str(ret_key, made);
    return secret_file_write(dir, roles[role].file, made, strlen(made), err);
}

/* Makes the entry of the role hold this key. Returns whether anything changed. */
static bool set_role_key(struct keyring *keyring, int role, const char *key)
{
    int found = keyring_find_id(keyring, roles[role].name);
    struct keyring_entry *entry =
        found >= 0 ? &keyring->entries[found] : &keyring->entries[keyring->count++];
    uint8_t hash[SHA256_BYTES];

    if (found >= 0) {
        hash_key(entry->salt, key, hash);
        if (entry->role == roles[role].role && memcmp(hash, entry->hash, sizeof hash) == 0)
            return false;
    }
    (void)text_copy(entry->id, sizeof entry->id, roles[role].name);
    entry->role = roles[role].role;
    random_bytes(entry->salt, sizeof entry->salt);
    hash_key(entry->salt, key, entry->hash);
    return true;
}

static int bring_up_to_date(struct keyring *keyring, const char *dir,
                            const struct keyring_wanted *wanted, struct err *err)
{
    const char *const given[ROLE_COUNT] = {wanted->operator_key, wanted->kiosk_key,
                                           wanted->display_key};
    bool changed = false;

    for (int i = 0; i < ROLE_COUNT; i++) {
        OWNED_VALUE(buf) key = {0};

        if (role_key(dir, i, given[i], &key, err) < 0)
            return err_wrap(err, "the %s key", roles[i].name);
        changed = set_role_key(keyring, i, buf_text(&key)) || changed;
    }
    return changed ? save(keyring, dir, err) : 0;
}

struct keyring *keyring_open(const char *dir, const struct keyring_wanted *wanted,
                             struct err *err)
{
    struct keyring *keyring = calloc(1, sizeof *keyring);

    if (!keyring) {
        err_set_nomem(err, "the keys");
        return NULL;
    }
    if (load(keyring, dir, err) < 0 || bring_up_to_date(keyring, dir, wanted, err) < 0) {
        keyring_free(keyring);
        return NULL;
    }
    return keyring;
}

void keyring_free(struct keyring *keyring)
{
    free(keyring);
}

size_t keyring_count(const struct keyring *keyring)
{
    return keyring->count;
}

const struct keyring_entry *keyring_get(const struct keyring *keyring, size_t i)
{
    return &keyring->entries[i];
}

int keyring_find(const struct keyring *keyring, const char *key)
{
    int found = -1;

    for (size_t i = 0; i < keyring->count; i++) {
        uint8_t hash[SHA256_BYTES];

        hash_key(keyring->entries[i].salt, key, hash);
        if (equal_constant_time(hash, keyring->entries[i].hash, sizeof hash))
            found = (int)i;
    }
    return found;
}

int keyring_find_id(const struct keyring *keyring, const char *id)
{
    for (size_t i = 0; i < keyring->count; i++)
        if (strcmp(keyring->entries[i].id, id) == 0)
            return (int)i;
    return -1;
}
