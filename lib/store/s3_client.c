/* s3_client.c - see s3_client.h. */
#include "lib/store/s3_client.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/store/s3_conf.h"

enum {
    IDLE_CLIENTS = 16,   /* each has its connection; more threads than that make new ones */
    RETRIES = 3,         /* every request that is sent here may be repeated */
    BYTES_PER_MS = 1024, /* the least that a connection is expected to carry */
};

struct s3_client {
    struct s3_conf conf;
    pthread_mutex_t lock;
    struct http_client *idle[IDLE_CLIENTS];
    int idle_count;
};

struct s3_client *s3_client_new(const struct store_conf *conf, struct err *err)
{
    struct s3_client *client = calloc(1, sizeof *client);

    if (!client) {
        (void)err_set_nomem(err, "the store");
        return NULL;
    }
    (void)pthread_mutex_init(&client->lock, NULL);
    if (s3_conf_read(&client->conf, conf, err) < 0) {
        s3_client_free(client);
        return NULL;
    }
    return client;
}

void s3_client_free(struct s3_client *client)
{
    if (!client)
        return;
    for (int i = 0; i < client->idle_count; i++)
        http_client_free(client->idle[i]);
    (void)pthread_mutex_destroy(&client->lock);
    s3_conf_done(&client->conf);
    free(client);
}

const char *s3_bucket(const struct s3_client *client)
{
    return client->conf.bucket;
}

const char *s3_endpoint(const struct s3_client *client)
{
    return client->conf.endpoint;
}

static struct http_client *take_http(struct s3_client *client, struct err *err)
{
    struct http_client *http = NULL;

    (void)pthread_mutex_lock(&client->lock);
    if (client->idle_count > 0)
        http = client->idle[--client->idle_count];
    (void)pthread_mutex_unlock(&client->lock);
    return http ? http : http_client_new(err);
}

static void give_http_back(struct s3_client *client, struct http_client *http)
{
    (void)pthread_mutex_lock(&client->lock);
    if (client->idle_count < IDLE_CLIENTS) {
        client->idle[client->idle_count++] = http;
        http = NULL;
    }
    (void)pthread_mutex_unlock(&client->lock);
    http_client_free(http);
}

/* The encoded path and query, the endpoint's own path included. */
static int make_target(const struct s3_client *client, const struct s3_request *request,
                       struct buf *target, struct err *err)
{
    OWNED_VALUE(buf) path = {0};

    buf_printf(&path, "%s/%s", s3_conf_path(&client->conf), client->conf.bucket);
    if (request->key)
        buf_printf(&path, "/%s", request->key);
    if (!buf_ok(&path))
        return err_set_nomem(err, "a request");
    return sigv4_target(target, buf_text(&path), request->query, request->query_count, err);
}

static int sign(const struct s3_client *client, const struct s3_request *request,
                const char *target, struct buf *lines, struct err *err)
{
    const struct s3_conf *conf = &client->conf;
    const struct sigv4_credentials credentials = {
        .access_key = conf->access_key,
        .secret_key = conf->secret_key,
        .session_token = conf->session_token,
        .region = conf->region,
        .service = "s3",
    };
    struct sigv4_request to_sign = {
        .method = request->method,
        .host = conf->host,
        .target = target,
        .headers = request->headers,
        .header_count = request->header_count,
        .time_ms = clock_wall_ms(),
    };

    if (request->file)
        (void)text_copy(to_sign.payload_sha256, sizeof to_sign.payload_sha256,
                        request->file_sha256);
    else
        sha256_hex(request->body.data, request->body.size, to_sign.payload_sha256);
    buf_printf(lines, "Host: %s", conf->host);
    buf_append_char(lines, '\0');
    return sigv4_sign(lines, &credentials, &to_sign, err);
}

static int send_signed(struct s3_client *client, const struct s3_request *request,
                       struct http_client_request *http_request,
                       struct http_client_response *ret_response, struct err *err)
{
    struct http_client *http = take_http(client, err);
    int rc;

    if (!http)
        return err->code;
    rc = http_client_fetch(http, http_request, ret_response, err);
    give_http_back(client, http);
    if (rc == ERR_UNAVAILABLE || rc == ERR_TIMEOUT)
        return err_wrap(err, "the S3 server does not answer; is it there, and is the endpoint "
                             "right?");
    return rc < 0 ? err_wrap(err, "S3 %s", request->method) : 0;
}

int s3_call(struct s3_client *client, const struct s3_request *request,
            struct http_client_response *ret_response, struct err *err)
{
    OWNED_VALUE(buf) target = {0}, url = {0}, lines = {0};
    const char *headers[SIGV4_PAIRS + 8];
    const uint64_t body_size = request->file ? request->file->size : request->body.size;
    const uint64_t bytes = body_size + request->answer_size;
    struct http_client_request http_request = {
        .method = request->method,
        .headers = headers,
        .body = request->body.data,
        .body_size = body_size,
        .body_fd = request->file ? request->file->fd : 0,
        .deadline_ms = client->conf.timeout_ms + (int)(bytes / BYTES_PER_MS),
        .retries = RETRIES,
        .max_body_bytes = S3_OBJECT_MAX,
    };
    int rc = make_target(client, request, &target, err);

    if (rc == 0)
        rc = sign(client, request, buf_text(&target), &lines, err);
    if (rc < 0)
        return rc;
    for (const char *p = lines.data; p < lines.data + lines.size; p += strlen(p) + 1)
        headers[http_request.header_count++] = p;
    /* The target has the endpoint's path already. */
    buf_append(&url, s3_endpoint(client),
               (size_t)(s3_conf_path(&client->conf) - s3_endpoint(client)));
    buf_append_str(&url, buf_text(&target));
    http_request.url = buf_text(&url);
    return buf_ok(&url) ? send_signed(client, request, &http_request, ret_response, err)
                        : err_set_nomem(err, "a request");
}

int s3_ask(struct s3_client *client, const struct s3_request *request,
           struct http_client_response *ret_response, struct err *err)
{
    struct http_client_response response = {0};
    int rc = s3_call(client, request, &response, err);

    if (rc < 0)
        return rc;
    if (response.status / 100 == 2) {
        *ret_response = response;
        return 0;
    }
    rc = s3_refused(client, request, &response, err);
    http_client_response_done(&response);
    return rc;
}
