/* aws.c - see aws.h. */
#include "services/common/aws.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/json/json.h"
#include "services/common/http_clients.h"

enum { PAUSE_MS = 100, HEADERS = 12, TYPE_BYTES = 80 };

struct aws {
    struct aws_conf conf; /* its texts are owned, but for title and refusals */
    char *url, *host;     /* without a '/' at the end */
    struct http_clients *clients;
};

/* -- a new one -- */

void aws_free(struct aws *aws)
{
    if (!aws)
        return;
    http_clients_free(aws->clients);
    free((char *)aws->conf.service);
    free((char *)aws->conf.region);
    free((char *)aws->conf.access_key);
    free((char *)aws->conf.secret_key);
    free((char *)aws->conf.session_token);
    free(aws->url);
    free(aws->host);
    free(aws);
}

/* url and host from the endpoint, or the region's own. */
static int set_address(struct aws *aws, const struct aws_conf *conf, struct err *err)
{
    OWNED_VALUE(buf) url = {0};
    const char *host;

    if (*conf->endpoint)
        buf_append_str(&url, conf->endpoint);
    else
        buf_printf(&url, "https://%s.%s.amazonaws.com", conf->host, conf->region);
    while (url.size > 0 && url.data[url.size - 1] == '/')
        url.data[--url.size] = '\0';
    host = strstr(buf_text(&url), "://");
    if (!host || !host[3] || strpbrk(host + 3, "/?#@ ") ||
        (!text_starts_with(url.data, "https://") && !text_starts_with(url.data, "http://")))
        return err_set(err, ERR_INVALID,
                       "'%.80s' is no endpoint of %s: it is like "
                       "https://%s.us-east-1.amazonaws.com",
                       buf_text(&url), conf->title, conf->host);
    aws->host = strdup(host + 3);
    aws->url = buf_take(&url);
    return 0;
}

static bool copy_texts(struct aws *aws, const struct aws_conf *conf)
{
    aws->conf = *conf;
    aws->conf.endpoint = aws->conf.host = NULL;
    aws->conf.service = strdup(conf->service);
    aws->conf.region = strdup(conf->region);
    aws->conf.access_key = strdup(conf->access_key);
    aws->conf.secret_key = strdup(conf->secret_key);
    aws->conf.session_token = strdup(conf->session_token);
    return aws->conf.service && aws->conf.region && aws->conf.access_key &&
           aws->conf.secret_key && aws->conf.session_token;
}

struct aws *aws_new(const struct aws_conf *conf, struct err *err)
{
    struct aws *aws = calloc(1, sizeof *aws);

    if (aws && copy_texts(aws, conf) && set_address(aws, conf, err) == 0 && aws->url &&
        aws->host) {
        aws->clients = http_clients_new(conf->threads, err);
        if (aws->clients)
            return aws;
    }
    if (err->code == 0)
        err_set_nomem(err, conf->title);
    aws_free(aws);
    return NULL;
}

/* -- errors -- */

static const struct aws_refusal refusals[] = {
    {"ThrottlingException", ERR_UNAVAILABLE, "try again in a moment"},
    {"TooManyRequestsException", ERR_UNAVAILABLE, "try again in a moment"},
    {"RequestLimitExceeded", ERR_UNAVAILABLE, "try again in a moment"},
    {"ProvisionedThroughputExceededException", ERR_UNAVAILABLE, "try again in a moment"},
    {"InternalServerError", ERR_UNAVAILABLE, "try again in a moment"},
    {"ServiceUnavailable", ERR_UNAVAILABLE, "try again in a moment"},
    {"AccessDeniedException", ERR_DENIED, "the key lacks the right to do it"},
    {"UnrecognizedClientException", ERR_DENIED, "check AWS_ACCESS_KEY_ID"},
    {"InvalidClientTokenId", ERR_DENIED, "check AWS_ACCESS_KEY_ID"},
    {"InvalidSignatureException", ERR_DENIED, "check AWS_SECRET_ACCESS_KEY and the clock"},
    {"RequestTimeTooSkewed", ERR_DENIED, "set the clock right"},
    {"ExpiredTokenException", ERR_DENIED, "AWS_SESSION_TOKEN has expired"},
    {"ExpiredToken", ERR_DENIED, "AWS_SESSION_TOKEN has expired"},
};

static const struct aws_refusal *find_refusal(const struct aws_refusal *table, size_t count,
                                              const char *type)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].type, type) == 0)
            return &table[i];
    return NULL;
}

/* Letters and digits only, since it goes into a message. */
static void keep_type(const char *type, char out[TYPE_BYTES])
{
    const char *hash = strrchr(type, '#'); /* "com.amazonaws.x#ThrottlingException" */
    size_t size = 0;

    for (type = hash ? hash + 1 : type; size < TYPE_BYTES - 1; type++) {
        const bool plain = (*type >= 'a' && *type <= 'z') || (*type >= 'A' && *type <= 'Z') ||
                           (*type >= '0' && *type <= '9');

        if (!plain) /* "ValidationException:http://..." */
            break;
        out[size++] = *type;
    }
    out[size] = '\0';
}

/* Of a header, as REST-JSON has it, or of the body. */
static void read_type(const struct http_client_response *response, char out[TYPE_BYTES])
{
    struct err ignored = {0};
    OWNED_JSON root = NULL;
    char header[TYPE_BYTES * 2];
    const char *type = "";

    if (http_client_header(response, "x-amzn-errortype", header, sizeof header)) {
        keep_type(header, out);
        return;
    }
    root = json_parse(buf_text(&response->body), response->body.size, &ignored);
    err_clear(&ignored);
    if (json_is_object(root) && json_opt_str(root, "__type", &type, &ignored) == 0 && !*type)
        (void)json_opt_str(root, "code", &type, &ignored);
    keep_type(type, out);
}

static int refuse(const struct aws *aws, const struct http_client_response *response,
                  struct err *err)
{
    const bool later = response->status >= 500 || response->status == 429;
    const struct aws_refusal *refusal;
    char type[TYPE_BYTES];

    read_type(response, type);
    refusal = find_refusal(aws->conf.refusals, aws->conf.refusal_count, type);
    if (!refusal)
        refusal = find_refusal(refusals, sizeof refusals / sizeof *refusals, type);
    if (refusal)
        return err_set(err, refusal->code, "%s says %s: %s", aws->conf.title, type,
                       refusal->advice);
    return err_set(err, later ? ERR_UNAVAILABLE : ERR_REMOTE, "%s answered %d %.60s",
                   aws->conf.title, response->status, type);
}

/* -- requests -- */

static int sign(const struct aws *aws, const struct aws_request *request, const char *sha256,
                struct buf *lines, struct err *err)
{
    const struct sigv4_pair headers[] = {{"Content-Type", request->content_type},
                                         {"X-Amz-Target", request->target}};
    const struct sigv4_credentials credentials = {
        .access_key = aws->conf.access_key,
        .secret_key = aws->conf.secret_key,
        .session_token = *aws->conf.session_token ? aws->conf.session_token : NULL,
        .region = aws->conf.region,
        .service = aws->conf.service};
    struct sigv4_request signing = {.method = "POST",
                                    .host = aws->host,
                                    .target = request->path,
                                    .headers = headers,
                                    .header_count = request->target ? 2 : 1,
                                    .time_ms = clock_wall_ms()};

    memcpy(signing.payload_sha256, sha256, sizeof signing.payload_sha256);
    return sigv4_sign(lines, &credentials, &signing, err);
}

static size_t split_lines(const struct buf *lines, const char *headers[HEADERS])
{
    size_t count = 0;

    for (size_t at = 0; at < lines->size && count < HEADERS; at += strlen(lines->data + at) + 1)
        headers[count++] = lines->data + at;
    return count;
}

/* One attempt, signed for its own time. */
static int post(struct aws *aws, const struct aws_request *request, const char *sha256,
                struct http_client_response *response, struct err *err)
{
    OWNED_VALUE(buf) lines = {0};
    OWNED_VALUE(buf) url = {0};
    const char *headers[HEADERS];
    struct http_client_request sent = {.method = "POST",
                                       .headers = headers,
                                       .body = request->body,
                                       .body_size = request->body_size,
                                       .secret = request->secret,
                                       .max_body_bytes = request->max_answer_bytes};

    if (sign(aws, request, sha256, &lines, err) < 0)
        return err->code;
    sent.header_count = split_lines(&lines, headers);
    buf_printf(&url, "%s%s", aws->url, request->path);
    sent.url = buf_text(&url);
    if (!buf_ok(&url) || !buf_ok(&lines))
        return err_set_nomem(err, "a request to Amazon");
    if (http_clients_fetch(aws->clients, &sent, request->deadline_ms, response, err) < 0)
        return err->code;
    return response->status == 200 ? 0 : refuse(aws, response, err);
}

int aws_post(struct aws *aws, const struct aws_request *request,
             struct http_client_response *ret_response, struct err *err)
{
    char sha256[SHA256_HEX];

    sha256_hex(request->body, request->body_size, sha256);
    for (int pause_ms = PAUSE_MS;; pause_ms *= 2) {
        struct http_client_response response = {0};
        const int wait_ms = pause_ms + (int)(clock_mono_ns() % (pause_ms / 2 + 1));

        if (post(aws, request, sha256, &response, err) == 0) {
            *ret_response = response;
            return 0;
        }
        http_client_response_done(&response);
        if ((err->code != ERR_UNAVAILABLE && err->code != ERR_IO) ||
            clock_mono_ms() + wait_ms >= request->deadline_ms)
            return err->code;
        (void)poll(NULL, 0, wait_ms);
        err_clear(err);
    }
}
