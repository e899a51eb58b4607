/* store_s3.c - the store in a bucket of any S3 server.
 *
 * Every request names the hash of its body and may be repeated, so what fails on the way is
 * tried again. An object has at most 5 GiB (one PUT; multipart uploads are not made). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/store/s3_client.h"
#include "lib/store/s3_list.h"
#include "lib/store/s3_xml.h"

struct s3 {
    struct store base;
    struct s3_client *client;
};

static struct s3_client *client_of(struct store *store)
{
    return ((struct s3 *)store)->client;
}

static const char *type_of(const char *key)
{
    static const char *const types[][2] = {
        {".jpeg", "image/jpeg"},   {".jpg", "image/jpeg"},
        {".png", "image/png"},     {".webp", "image/webp"},
        {".csv", "text/csv"},      {".json", "application/json"},
        {".css", "text/css"},      {".html", "text/html; charset=utf-8"},
        {".svg", "image/svg+xml"}, {".js", "text/javascript"},
    };

    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (text_ends_with(key, types[i][0]))
            return types[i][1];
    return "application/octet-stream";
}

static int64_t time_header_ns(const struct http_client_response *response, const char *name)
{
    struct err ignored = {0};
    char text[64];
    int64_t ms = clock_wall_ms();

    if (http_client_header(response, name, text, sizeof text))
        (void)clock_parse_http(text, &ms, &ignored);
    return ms * 1000000;
}

static void etag_header(const struct http_client_response *response, char etag[STORE_ETAG])
{
    char text[STORE_ETAG + 2];

    s3_copy_etag(etag, http_client_header(response, "etag", text, sizeof text) ? text : "");
}

/* The headers of a put, and the texts that they point into. */
struct put_headers {
    struct sigv4_pair pairs[4];
    size_t count;
    char width[16], height[16];
};

static void make_headers(struct put_headers *headers, const char *key,
                         const struct store_meta *meta)
{
    headers->pairs[headers->count++] = (struct sigv4_pair){
        "Content-Type", meta && meta->content_type ? meta->content_type : type_of(key)};
    if (meta && meta->sha256)
        headers->pairs[headers->count++] =
            (struct sigv4_pair){"x-amz-meta-garden-sha256", meta->sha256};
    if (meta && meta->width && meta->height) {
        (void)snprintf(headers->width, sizeof headers->width, "%" PRIu32, meta->width);
        (void)snprintf(headers->height, sizeof headers->height, "%" PRIu32, meta->height);
        headers->pairs[headers->count++] =
            (struct sigv4_pair){"x-amz-meta-garden-width", headers->width};
        headers->pairs[headers->count++] =
            (struct sigv4_pair){"x-amz-meta-garden-height", headers->height};
    }
}

/* request has its body, of this size. */
static int put(struct store *store, struct s3_request request, uint64_t size,
               const struct store_meta *meta, struct store_info *ret_info, struct err *err)
{
    struct http_client_response response = {0};
    struct put_headers headers = {.count = 0};
    int rc;

    if (size > S3_OBJECT_MAX)
        return err_set(err, ERR_TOO_LARGE, "write %.80s: S3 takes at most 5 GiB at once",
                       request.key);
    make_headers(&headers, request.key, meta);
    request.method = "PUT";
    request.headers = headers.pairs;
    request.header_count = headers.count;
    rc = s3_ask(client_of(store), &request, &response, err);
    if (rc == 0 && ret_info) {
        ret_info->size = size;
        ret_info->mtime_ns = time_header_ns(&response, "date");
        etag_header(&response, ret_info->etag);
    }
    http_client_response_done(&response);
    return rc;
}

static int s3_put(struct store *store, const char *key, struct store_bytes bytes,
                  const struct store_meta *meta, struct store_info *ret_info, struct err *err)
{
    const struct s3_request request = {.key = key, .body = bytes};

    return put(store, request, bytes.size, meta, ret_info, err);
}

static int hash_file(const char *key, struct store_file file, char hex[SHA256_HEX],
                     struct err *err)
{
    OWNED(sha256_sum) sum = sha256_sum_new();
    char part[64 << 10];

    for (uint64_t at = 0; at < file.size;) {
        ssize_t n = pread(file.fd, part, sizeof part, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_set(err, ERR_IO, "write %.80s: the file with its bytes cannot be read",
                           key);
        sha256_sum_add(sum, part, (size_t)n);
        at += (uint64_t)n;
    }
    sha256_sum_hex(sum, hex);
    return 0;
}

/* The hash that the caller knows is taken only for what it stands for: where it is wrong the
 * server refuses the bytes. */
static int s3_put_file(struct store *store, const char *key, struct store_file file,
                       const struct store_meta *meta, struct store_info *ret_info,
                       struct err *err)
{
    char hex[SHA256_HEX];
    struct s3_request request = {.key = key, .file = &file, .file_sha256 = hex};

    if (meta && meta->sha256)
        request.file_sha256 = meta->sha256;
    else if (file.size <= S3_OBJECT_MAX && hash_file(key, file, hex, err) < 0)
        return err->code;
    return put(store, request, file.size, meta, ret_info, err);
}

/* What HEAD and GET say of the object. A part's answer has the whole size after the '/' of
 * Content-Range. */
static int info_of(const struct http_client_response *response, struct store_info *ret_info,
                   struct err *err)
{
    char text[128];
    const char *digits;
    int64_t size = (int64_t)response->body.size;
    int rc = 0;

    if (http_client_header(response, "content-range", text, sizeof text)) {
        digits = strchr(text, '/');
        rc = digits ? text_parse_int(digits + 1, 0, INT64_MAX, &size, err)
                    : err_set(err, ERR_REMOTE, "\"%s\" is no Content-Range", text);
    } else if (http_client_header(response, "content-length", text, sizeof text)) {
        rc = text_parse_int(text, 0, INT64_MAX, &size, err);
    }
    if (rc < 0)
        return err_wrap(err, "the S3 server's answer");
    ret_info->size = (uint64_t)size;
    ret_info->mtime_ns = time_header_ns(response, "last-modified");
    etag_header(response, ret_info->etag);
    return 0;
}

static int s3_head(struct store *store, const char *key, struct store_info *ret_info,
                   struct err *err)
{
    const struct s3_request request = {.method = "HEAD", .key = key};
    struct http_client_response response = {0};
    struct store_info info;
    int rc = s3_ask(client_of(store), &request, &response, err);

    if (rc == 0)
        rc = info_of(&response, &info, err);
    if (rc == 0 && ret_info)
        *ret_info = info;
    http_client_response_done(&response);
    return rc;
}

static int take_body(const struct http_client_response *response, struct buf *ret_data,
                     struct store_info *ret_info, struct err *err)
{
    struct store_info info;
    int rc = info_of(response, &info, err);

    if (rc < 0)
        return rc;
    buf_append(ret_data, response->body.data, response->body.size);
    if (!buf_ok(ret_data))
        return err_set_nomem(err, "the object");
    if (ret_info)
        *ret_info = info;
    return 0;
}

static int s3_get(struct store *store, const char *key, struct store_range range,
                  struct buf *ret_data, struct store_info *ret_info, struct err *err)
{
    struct http_client_response response = {0};
    char bytes[64];
    const struct sigv4_pair header = {"Range", bytes};
    struct s3_request request = {.method = "GET", .key = key, .headers = &header};
    int rc;

    if (range.size == 0 || range.offset > INT64_MAX)
        return s3_head(store, key, ret_info, err);
    if (range.size > INT64_MAX) {
        (void)snprintf(bytes, sizeof bytes, "bytes=%" PRIu64 "-", range.offset);
    } else {
        (void)snprintf(bytes, sizeof bytes, "bytes=%" PRIu64 "-%" PRIu64, range.offset,
                       range.offset + range.size - 1);
        request.answer_size = range.size < S3_OBJECT_MAX ? range.size : S3_OBJECT_MAX;
    }
    request.header_count = range.offset > 0 || range.size <= INT64_MAX;
    rc = s3_call(client_of(store), &request, &response, err);
    if (rc < 0)
        return rc;
    if (response.status == 416) /* it starts past the end, or the object is empty */
        rc = s3_head(store, key, ret_info, err);
    else if (response.status == 200 && request.header_count)
        rc = err_set(err, ERR_REMOTE, "the S3 server ignores Range");
    else if (response.status / 100 == 2)
        rc = take_body(&response, ret_data, ret_info, err);
    else
        rc = s3_refused(client_of(store), &request, &response, err);
    http_client_response_done(&response);
    return rc;
}

static int s3_open_fd(struct store *store, const char *key, struct store_info *ret_info,
                      struct err *err)
{
    (void)store;
    (void)ret_info;
    return err_set(err, ERR_INVALID, "open %.80s: an object of S3 is no file", key);
}

static int on_copied(void *ctx, const char *path, const char *text, struct err *err)
{
    bool *copied = ctx;

    (void)text;
    (void)err;
    *copied = *copied || strcmp(path, "CopyObjectResult") == 0;
    return 0;
}

/* A copy that takes long is answered with 200 before it is done, and may fail after that. */
static int check_copied(struct s3_client *client, const struct s3_request *request,
                        struct http_client_response *response, struct err *err)
{
    struct err ignored = {0};
    bool copied = false;

    (void)s3_xml_read(buf_text(&response->body), response->body.size, on_copied, &copied,
                      &ignored);
    if (copied)
        return 0;
    response->status = 500;
    return s3_refused(client, request, response, err);
}

static int s3_copy(struct store *store, const char *from, const char *to,
                   struct store_info *ret_info, struct err *err)
{
    struct s3_client *client = client_of(store);
    struct http_client_response response = {0};
    OWNED_VALUE(buf) source = {0};
    struct sigv4_pair header = {"x-amz-copy-source", NULL};
    /* The key that a refusal names is the one that may be missing. */
    struct s3_request request = {
        .method = "PUT", .key = to, .headers = &header, .header_count = 1};
    int rc;

    buf_printf(&source, "/%s/", s3_bucket(client));
    text_url_encode(&source, from, strlen(from), true);
    if (!buf_ok(&source))
        return err_set_nomem(err, "a copy");
    header.value = buf_text(&source);
    rc = s3_ask(client, &request, &response, err);
    if (rc == 0)
        rc = check_copied(client, &request, &response, err);
    http_client_response_done(&response);
    if (rc < 0)
        return err_wrap(err, "copy %.80s", from);
    return ret_info ? s3_head(store, to, ret_info, err) : 0;
}

static int s3_remove(struct store *store, const char *key, bool *ret_existed, struct err *err)
{
    const struct s3_request request = {.method = "DELETE", .key = key};
    struct http_client_response response = {0};
    struct err missing = {0};
    bool existed = true;
    int rc = ret_existed ? s3_head(store, key, NULL, &missing) : 0;

    if (rc == ERR_NOT_FOUND)
        existed = false;
    else if (rc < 0)
        return err_set(err, rc, "%s", missing.text);
    rc = existed ? s3_ask(client_of(store), &request, &response, err) : 0;
    http_client_response_done(&response);
    if (rc == ERR_NOT_FOUND) {
        err_clear(err);
        rc = 0;
    }
    if (rc == 0 && ret_existed)
        *ret_existed = existed;
    return rc;
}

static int s3_list_op(struct store *store, const struct store_listing *listing, struct err *err)
{
    return s3_list(client_of(store), listing, err);
}

static int on_pinged(void *ctx, const char *key, const struct store_info *info, struct err *err)
{
    (void)ctx;
    (void)key;
    (void)info;
    (void)err;
    return 0;
}

static int s3_ping(struct store *store, struct err *err)
{
    const struct store_listing one = {.prefix = "", .after = "", .limit = 1, .fn = on_pinged};

    return s3_list(client_of(store), &one, err);
}

static void s3_free(struct store *store)
{
    s3_client_free(client_of(store));
    free(store);
}

static const struct store_ops s3_ops = {
    .free = s3_free,
    .put = s3_put,
    .put_file = s3_put_file,
    .get = s3_get,
    .open_fd = s3_open_fd,
    .head = s3_head,
    .copy = s3_copy,
    .remove = s3_remove,
    .list = s3_list_op,
    .ping = s3_ping,
    .may_block = true,
};

struct store *store_s3_open(const struct store_conf *conf, struct err *err)
{
    struct s3 *s3 = calloc(1, sizeof *s3);

    if (!s3) {
        (void)err_set_nomem(err, "the store");
        return NULL;
    }
    s3->base.ops = &s3_ops;
    s3->client = s3_client_new(conf, err);
    if (s3->client)
        return &s3->base;
    free(s3);
    return NULL;
}
