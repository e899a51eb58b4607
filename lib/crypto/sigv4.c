/* sigv4.c - see sigv4.h. */
#include "lib/crypto/sigv4.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/text.h"

#define ALGORITHM "AWS4-HMAC-SHA256"

/* Sorts before all that an encoded name may have, as '=' does not ("a" is before "a-b"). */
enum { SEPARATOR = 1 };

enum { DATE = sizeof "20130524T000000Z", DAY = 8, HEADERS = SIGV4_PAIRS + 4 };

/* What is signed: the headers in the order of their names, lower case. */
struct header {
    char name[64];
    const char *value;
};

struct signing {
    const struct sigv4_credentials *credentials;
    const struct sigv4_request *request;
    char date[DATE];
    struct header headers[HEADERS];
    size_t count;
};

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Name and value, encoded, with SEPARATOR between them; owned. NULL: no memory. */
static char *encode_pair(const struct sigv4_pair *pair)
{
    OWNED_VALUE(buf) text = {0};

    text_url_encode(&text, pair->name, strlen(pair->name), false);
    buf_append_char(&text, SEPARATOR);
    text_url_encode(&text, pair->value, strlen(pair->value), false);
    return buf_ok(&text) ? buf_take(&text) : NULL;
}

int sigv4_target(struct buf *out, const char *path, const struct sigv4_pair *query,
                 size_t query_count, struct err *err)
{
    char *pairs[SIGV4_PAIRS] = {0};
    bool made = true;

    if (path[0] != '/')
        return err_set(err, ERR_INVALID, "the path %.100s does not start with a '/'", path);
    if (query_count > SIGV4_PAIRS)
        return err_set(err, ERR_INVALID, "more than %d query parameters", SIGV4_PAIRS);
    for (size_t i = 0; i < query_count && made; i++)
        made = (pairs[i] = encode_pair(&query[i])) != NULL;
    if (made) {
        qsort(pairs, query_count, sizeof *pairs, by_text);
        text_url_encode(out, path, strlen(path), true);
        for (size_t i = 0; i < query_count; i++) {
            size_t name = strcspn(pairs[i], (char[]){SEPARATOR, '\0'});

            buf_printf(out, "%c%.*s=%s", i ? '&' : '?', (int)name, pairs[i],
                       pairs[i] + name + 1);
        }
    }
    for (size_t i = 0; i < query_count; i++)
        free(pairs[i]);
    return made && buf_ok(out) ? 0 : err_set_nomem(err, "the request's target");
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct header *)a)->name, ((const struct header *)b)->name);
}

/* Whoever can put a line break into a header can add headers. */
static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return true;
    return false;
}

static int add_header(struct signing *s, const char *name, const char *value, struct err *err)
{
    struct header *header = &s->headers[s->count];
    size_t size = strlen(name);

    if (s->count == HEADERS)
        return err_set(err, ERR_INVALID, "more than %d headers to sign", SIGV4_PAIRS);
    if (size == 0 || size >= sizeof header->name || has_control(name) || strpbrk(name, ": "))
        return err_set(err, ERR_INVALID, "\"%.60s\" is no name of a header", name);
    if (has_control(value))
        return err_set(err, ERR_INVALID, "header %.60s has a control character in its value",
                       name);
    for (size_t i = 0; i <= size; i++)
        header->name[i] = (char)tolower((unsigned char)name[i]);
    header->value = value;
    for (size_t i = 0; i < s->count; i++)
        if (strcmp(s->headers[i].name, header->name) == 0)
            return err_set(err, ERR_INVALID, "header %.60s is given twice", name);
    s->count++;
    return 0;
}

static int add_headers(struct signing *s, struct err *err)
{
    const struct sigv4_request *r = s->request;
    int rc = add_header(s, "host", r->host, err);

    if (rc == 0)
        rc = add_header(s, "x-amz-date", s->date, err);
    if (rc == 0)
        rc = add_header(s, "x-amz-content-sha256", r->payload_sha256, err);
    if (rc == 0 && s->credentials->session_token)
        rc = add_header(s, "x-amz-security-token", s->credentials->session_token, err);
    for (size_t i = 0; rc == 0 && i < r->header_count; i++)
        rc = add_header(s, r->headers[i].name, r->headers[i].value, err);
    return rc;
}

/* The value without spaces around it, and with one in place of several. */
static void append_trimmed(struct buf *out, const char *value)
{
    while (*value == ' ')
        value++;
    for (; *value; value++)
        if (*value != ' ' || (value[1] != ' ' && value[1] != '\0'))
            buf_append_char(out, *value);
}

static void append_names(struct buf *out, const struct signing *s)
{
    for (size_t i = 0; i < s->count; i++)
        buf_printf(out, "%s%s", i ? ";" : "", s->headers[i].name);
}

/* The request in the one form that both sides make of it. */
static void append_canonical(struct buf *out, const struct signing *s)
{
    const char *target = s->request->target;
    size_t path = strcspn(target, "?");

    buf_printf(out, "%s\n", s->request->method);
    if (strcmp(s->credentials->service, "s3") == 0)
        buf_append(out, target, path);
    else
        text_url_encode(out, target, path, true); /* a second time, as AWS says */
    buf_printf(out, "\n%s\n", target[path] ? target + path + 1 : "");
    for (size_t i = 0; i < s->count; i++) {
        buf_printf(out, "%s:", s->headers[i].name);
        append_trimmed(out, s->headers[i].value);
        buf_append_char(out, '\n');
    }
    buf_append_char(out, '\n');
    append_names(out, s);
    buf_printf(out, "\n%s", s->request->payload_sha256);
}

/* A key that is good for one day, region and service. */
static void derive_key(const struct signing *s, uint8_t key[SHA256_BYTES])
{
    OWNED_VALUE(buf) secret = {0};
    const char *const steps[] = {s->credentials->region, s->credentials->service,
                                 "aws4_request"};

    buf_printf(&secret, "AWS4%s", s->credentials->secret_key);
    hmac_sha256(buf_text(&secret), secret.size, s->date, DAY, key);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        hmac_sha256(key, SHA256_BYTES, steps[i], strlen(steps[i]), key);
}

static void append_authorization(struct buf *out, const struct signing *s,
                                 const struct buf *canonical)
{
    const struct sigv4_credentials *c = s->credentials;
    OWNED_VALUE(buf) scope = {0}, text = {0};
    uint8_t key[SHA256_BYTES], mac[SHA256_BYTES];
    char hash[SHA256_HEX], signature[SHA256_HEX];

    sha256_hex(buf_text(canonical), canonical->size, hash);
    buf_printf(&scope, "%.*s/%s/%s/aws4_request", DAY, s->date, c->region, c->service);
    buf_printf(&text, ALGORITHM "\n%s\n%s\n%s", s->date, buf_text(&scope), hash);
    derive_key(s, key);
    hmac_sha256(key, sizeof key, buf_text(&text), text.size, mac);
    text_hex(mac, sizeof mac, signature);
    buf_printf(out,
               "Authorization: " ALGORITHM " Credential=%s/%s, SignedHeaders=", c->access_key,
               buf_text(&scope));
    append_names(out, s);
    buf_printf(out, ", Signature=%s", signature);
    buf_append_char(out, '\0');
    out->failed |= scope.failed || text.failed;
}

static int format_date(int64_t time_ms, char date[DATE], struct err *err)
{
    time_t seconds = (time_t)(time_ms / 1000);
    struct tm tm;

    if (!gmtime_r(&seconds, &tm) || strftime(date, DATE, "%Y%m%dT%H%M%SZ", &tm) != DATE - 1)
        return err_set(err, ERR_INVALID, "no date can be made of %" PRId64 " ms", time_ms);
    return 0;
}

int sigv4_sign(struct buf *out, const struct sigv4_credentials *credentials,
               const struct sigv4_request *request, struct err *err)
{
    struct signing s = {.credentials = credentials, .request = request};
    OWNED_VALUE(buf) canonical = {0};
    int rc = format_date(request->time_ms, s.date, err);

    if (rc == 0)
        rc = add_headers(&s, err);
    if (rc == 0 && (has_control(credentials->access_key) || has_control(credentials->region)))
        rc = err_set(err, ERR_INVALID, "the access key or region has a control character");
    if (rc < 0)
        return rc;
    qsort(s.headers, s.count, sizeof *s.headers, by_name);
    append_canonical(&canonical, &s);
    for (size_t i = 0; i < s.count; i++) {
        if (strcmp(s.headers[i].name, "host") == 0)
            continue; /* is sent anyway */
        buf_printf(out, "%s: %s", s.headers[i].name, s.headers[i].value);
        buf_append_char(out, '\0');
    }
    append_authorization(out, &s, &canonical);
    return buf_ok(out) && buf_ok(&canonical) ? 0 : err_set_nomem(err, "the signature");
}
