/* receipt.c - see receipt.h. */
#include "services/emotion/receipt.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/secret.h"
#include "lib/crypto/crypto.h"
#include "lib/crypto/ed25519.h"
#include "lib/json/json_write.h"
#include "proto/envelope.h"

enum { PEM_MAX = 65536, KEY_TEXT = 48 };

struct receipts {
    struct ed25519 *key;
    char x[KEY_TEXT];   /* the public key in base64url */
    char kid[KEY_TEXT]; /* its thumbprint */
};

/* -- the key -- */

/* Another process may be about to do the same: the first one's key is everybody's. */
static int make_key(const char *path, struct err *err)
{
    OWNED(ed25519) key = ed25519_new(err);
    OWNED_VALUE(buf) pem = {0};
    char made[PATH_MAX];
    int n = snprintf(made, sizeof made, "%s.%ld", path, (long)getpid()), r;

    if (!key || ed25519_write_pem(key, &pem, err) < 0)
        return err->code;
    if (n < 0 || n >= PATH_MAX)
        r = err_set(err, ERR_INVALID, "%.60s... is too long for a path", path);
    else
        r = file_write_secret(made, pem.data, pem.size, err);
    secret_wipe(pem.data, pem.size);
    if (r < 0)
        return r;
    if (link(made, path) < 0 && errno != EEXIST)
        r = err_set_errno(err, "making %.200s", path);
    (void)unlink(made);
    return r;
}

static struct ed25519 *read_key(const char *path, struct err *err)
{
    OWNED_VALUE(buf) pem = {0};
    struct ed25519 *key = NULL;

    if (file_read(path, PEM_MAX, &pem, err) == 0) {
        key = ed25519_read_pem(pem.data, pem.size, err);
        if (!key)
            (void)err_wrap(err, "%.120s", path);
        secret_wipe(pem.data, pem.size);
    }
    return key;
}

/* RFC 7638: the members that the key needs, in alphabetical order, hashed. */
static void describe(struct receipts *receipts)
{
    uint8_t public_key[ED25519_KEY_BYTES], digest[SHA256_BYTES];
    char jwk[128];
    int n;

    ed25519_public(receipts->key, public_key);
    base64url_encode(public_key, sizeof public_key, receipts->x);
    n = snprintf(jwk, sizeof jwk, "{\"crv\":\"Ed25519\",\"kty\":\"OKP\",\"x\":\"%s\"}",
                 receipts->x);
    sha256(jwk, (size_t)n, digest);
    base64url_encode(digest, sizeof digest, receipts->kid);
}

struct receipts *receipts_open(const char *path, struct err *err)
{
    struct receipts *receipts;
    struct ed25519 *key = read_key(path, err);

    if (!key && err->code == ERR_NOT_FOUND) {
        err_clear(err);
        if (file_make_folders(path, err) == 0 && make_key(path, err) == 0)
            key = read_key(path, err);
    }
    if (!key) {
        (void)err_wrap(err, "the key for receipts");
        return NULL;
    }
    receipts = calloc(1, sizeof *receipts);
    if (!receipts) {
        err_set_nomem(err, "the key for receipts");
        ed25519_free(key);
        return NULL;
    }
    receipts->key = key;
    describe(receipts);
    return receipts;
}

void receipts_free(struct receipts *receipts)
{
    if (!receipts)
        return;
    ed25519_free(receipts->key);
    free(receipts);
}

void receipts_write_jwk(const struct receipts *receipts, struct buf *out)
{
    json_write_open(out, '{');
    json_put_str(out, "kty", "OKP");
    json_put_str(out, "crv", "Ed25519");
    json_put_str(out, "x", receipts->x);
    json_put_str(out, "kid", receipts->kid);
    json_put_str(out, "alg", "EdDSA");
    json_put_str(out, "use", "sig");
    json_write_close(out, '}');
}

/* -- a receipt -- */

static void put_time(struct buf *out, const char *name, int64_t wall_ms)
{
    char text[CLOCK_TEXT];

    clock_format_rfc3339(wall_ms, text);
    json_put_str(out, name, text);
}

static void write_kept(const struct receipt *receipt, struct buf *out)
{
    static const char *const members[] = {"user_id", "generation", "gender",
                                          "emotion", "source",     "timestamp"};

    json_write_name(out, "kept");
    json_write_open(out, '[');
    for (size_t i = 0; receipt->kept && i < sizeof members / sizeof *members; i++)
        json_write_str(out, members[i]);
    json_write_close(out, ']');
}

static void write_payload(const struct receipt *receipt, struct buf *out)
{
    char id[37];

    envelope_uuid(id);
    json_write_open(out, '{');
    json_put_str(out, "id", id);
    put_time(out, "received", receipt->received_ms);
    json_write_name(out, "analysed_ms");
    if (receipt->analysed_ms < 0)
        json_write_null(out);
    else
        json_write_int(out, receipt->analysed_ms);
    json_put_bool(out, "erased", true);
    put_time(out, "erased_at", receipt->erased_ms);
    json_put_bool(out, "locked", receipt->locked);
    json_put_str(out, "engine", receipt->engine);
    json_put_str(out, "sent_to", receipt->sent_to);
    write_kept(receipt, out);
    json_write_close(out, '}');
}

static void append_base64url(struct buf *out, const void *data, size_t size)
{
    char *end = buf_reserve(out, (size + 2) / 3 * 4 + 1);

    if (!end)
        return;
    base64url_encode(data, size, end);
    out->size += strlen(end);
}

void receipt_sign(const struct receipts *receipts, const struct receipt *receipt,
                  struct buf *out)
{
    OWNED_VALUE(buf) header = {0};
    OWNED_VALUE(buf) payload = {0};
    uint8_t signature[ED25519_SIGNATURE_BYTES];
    const size_t start = out->size;

    json_write_open(&header, '{');
    json_put_str(&header, "alg", "EdDSA");
    json_put_str(&header, "kid", receipts->kid);
    json_write_close(&header, '}');
    write_payload(receipt, &payload);
    append_base64url(out, header.data, header.size);
    buf_append_char(out, '.');
    append_base64url(out, payload.data, payload.size);
    if (!buf_ok(&header) || !buf_ok(&payload) || !buf_ok(out)) {
        out->failed = true;
        return;
    }
    ed25519_sign(receipts->key, out->data + start, out->size - start, signature);
    buf_append_char(out, '.');
    append_base64url(out, signature, sizeof signature);
}
