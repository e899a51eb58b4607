/* claim.c - see claim.h.
 *
 * A stored answer is "content type\nname: value\n...\n\nbody". */
#include "gateway/claim.h"

#include <ctype.h>
#include <string.h>

#include "gateway/dispatch.h"
#include "gateway/handles.h"
#include "lib/base/text.h"
#include "lib/crypto/crypto.h"

/* Headers that a stored answer keeps. */
static const char *const kept_headers[] = {"Location", "ETag", "Cache-Control",
                                           "X-Privacy-Receipt"};
enum { KEPT = sizeof kept_headers / sizeof *kept_headers };

bool claim_key_check(const char *key, struct err *err)
{
    size_t size = strlen(key);
    bool good = size > 0 && size < CLAIM_KEY;

    for (; good && *key; key++)
        good = isgraph((unsigned char)*key) || *key == ' ';
    if (!good)
        (void)err_set(err, ERR_INVALID,
                      "Idempotency-Key must be 1 to %d printable ASCII characters",
                      CLAIM_KEY - 1);
    return good;
}

/* A hash of everything that makes the request what it is, each part with its length before it.
 */
static void fingerprint(struct http_request *request, char ret_hex[SHA256_HEX])
{
    size_t body_size;
    const void *body = http_body(request, &body_size);
    const char *const parts[] = {dispatch_caller(request)->id, http_method(request),
                                 http_path(request)};
    OWNED_VALUE(buf) text = {0};
    char body_hash[SHA256_HEX];

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        buf_printf(&text, "%zu:%s\n", strlen(parts[i]), parts[i]);
    sha256_hex(body, body_size, body_hash);
    buf_append_str(&text, body_hash);
    sha256_hex(text.data, text.size, ret_hex);
}

static void restore_header(struct reply *reply, char *line)
{
    char *colon = strstr(line, ": ");

    for (int i = 0; colon && i < KEPT; i++)
        if (strncmp(line, kept_headers[i], (size_t)(colon - line)) == 0)
            reply_header(reply, kept_headers[i], colon + 2);
}

static void replay(struct reply *reply, int status, struct buf *stored)
{
    char *line = stored->data, *end = line ? strchr(line, '\n') : NULL;

    if (!end)
        return; /* not written by us: becomes a 500 */
    reply->status = status;
    reply->type = reply_type(line, (size_t)(end - line));
    for (line = end + 1; (end = strchr(line, '\n')) && end != line; line = end + 1) {
        *end = '\0';
        restore_header(reply, line);
    }
    if (end)
        buf_append(&reply->body, end + 1, stored->size - (size_t)(end + 1 - stored->data));
    reply_header(reply, "Idempotency-Replayed", "true");
}

static void answer_claim(enum catalog_claim claim, struct http_request *request,
                         struct reply *reply)
{
    if (claim == CATALOG_CLAIM_RUNNING) {
        reply_problem(
            reply, request, 409,
            "the first request with this Idempotency-Key is still at work: ask again");
        reply_header(reply, "Retry-After", "1");
        return;
    }
    reply_problem(reply, request, 422,
                  "this Idempotency-Key was used for another request: use a new one");
}

bool claim_begin(struct gateway *gateway, struct http_request *request, struct claim *ret_claim,
                 struct reply *reply)
{
    const char *key = http_header(request, "Idempotency-Key");
    enum catalog_claim state = CATALOG_CLAIM_NEW;
    OWNED_VALUE(buf) stored = {0};
    struct catalog *catalog;
    struct err err = {0};
    char hash[SHA256_HEX];
    int status = 0, r;

    if (!claim_key_check(key, &err)) {
        reply_error(reply, request, &err);
        return false;
    }
    fingerprint(request, hash);
    catalog = handles_take(gateway->catalogs, &err);
    r = catalog ? catalog_claim_begin(catalog, key, hash, &state, &status, &stored, &err)
                : err.code;
    handles_give(gateway->catalogs, catalog);
    if (r < 0)
        reply_error(reply, request, &err);
    else if (state == CATALOG_CLAIM_DONE)
        replay(reply, status, &stored);
    else if (state != CATALOG_CLAIM_NEW)
        answer_claim(state, request, reply);
    (void)text_copy(ret_claim->key, sizeof ret_claim->key, key);
    return r == 0 && state == CATALOG_CLAIM_NEW;
}

static void write_stored(struct buf *out, const struct reply *reply)
{
    buf_append_str(out, reply->type ? reply->type : "");
    buf_append_char(out, '\n');
    for (size_t i = 0; i < reply->header_count; i++)
        for (int k = 0; k < KEPT; k++)
            if (strcmp(reply->headers[i].name, kept_headers[k]) == 0)
                buf_printf(out, "%s: %s\n", kept_headers[k],
                           reply->header_text.data + reply->headers[i].at);
    buf_append_char(out, '\n');
    if (reply->blob)
        buf_append(out, reply->blob->data + reply->offset, (size_t)reply->count);
    else
        buf_append(out, reply->body.data, reply->body.size);
}

void claim_end(struct gateway *gateway, const struct claim *claim, const struct reply *reply)
{
    OWNED_VALUE(buf) stored = {0};
    struct err err = {0};
    struct catalog *catalog = handles_take(gateway->catalogs, &err);

    if (!catalog)
        return; /* the claim runs out by itself */
    write_stored(&stored, reply);
    if (reply->status >= 500 || reply->status == 0 || !buf_ok(&stored))
        (void)catalog_claim_drop(catalog, claim->key, &err);
    else
        (void)catalog_claim_finish(catalog, claim->key, reply->status, stored.data, stored.size,
                                   &err);
    handles_give(gateway->catalogs, catalog);
}
