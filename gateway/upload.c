/* upload.c - see upload.h. */
#include "gateway/upload.h"

#include <stdio.h>
#include <string.h>

#include "gateway/changes.h"
#include "gateway/dispatch.h"
#include "gateway/media.h"
#include "lib/base/text.h"
#include "lib/crypto/crypto.h"
#include "lib/image/image.h"
#include "lib/json/json.h"
#include "proto/key.h"

/* What was measured of the body. */
struct measured {
    struct image_info info;
    char sha256[SHA256_HEX];
};

/* 415: not a picture of the kind that the key says. 422: it is one, but cannot be shown. */
static bool check_picture(struct http_request *request, const char *key, const void *body,
                          size_t size, struct image_info *ret_info, struct reply *reply)
{
    const char *by_name = media_type(key, NULL, 0);
    struct err err = {0};
    int r = image_probe(body, size, NULL, ret_info, &err);

    if (r == ERR_INVALID) {
        reply_problem(reply, request, 415, "%s", err.text);
        return false;
    }
    if (r == 0 && strcmp(by_name, image_content_type(ret_info->format)) != 0) {
        reply_problem(reply, request, 415, "the key's ending says %s, the bytes are %s",
                      by_name, image_content_type(ret_info->format));
        return false;
    }
    if (r == 0)
        r = image_check(body, size, NULL, ret_info, &err);
    if (r == ERR_INVALID || r == ERR_TOO_LARGE)
        reply_problem(reply, request, 422, "%s", err.text);
    else if (r < 0)
        reply_error(reply, request, &err);
    return r == 0;
}

static int check_key(const char *key, struct err *err)
{
    struct key parsed;

    return key_parse(key, strlen(key), &parsed, err);
}

static void answer(struct http_request *request, const char *key, size_t size,
                   const struct measured *measured, bool existed, struct reply *reply)
{
    OWNED_VALUE(buf) out = {0}, location = {0};

    (void)request;
    buf_append_char(&location, '/');
    text_url_encode(&location, key, strlen(key), true);
    json_write_open(&out, '{');
    json_put_str(&out, "key", key);
    json_put_int(&out, "size_bytes", (int64_t)size);
    json_put_str(&out, "sha256", measured->sha256);
    json_put_int(&out, "width", measured->info.width);
    json_put_int(&out, "height", measured->info.height);
    json_write_close(&out, '}');
    reply_header(reply, "Location", buf_text(&location));
    reply_json(reply, existed ? 200 : 201, &out);
}

static int put(struct gateway *gateway, struct http_request *request, const char *key,
               const struct measured *measured, struct err *err)
{
    const struct store_meta meta = {
        .content_type = image_content_type(measured->info.format),
        .sha256 = measured->sha256,
        .width = measured->info.width,
        .height = measured->info.height,
    };
    struct object_change_request change = {.what = OBJECT_PUT, .key = key, .meta = &meta};

    change.data = http_body(request, &change.size);
    return changes_apply_one(gateway, request, &change, err);
}

void upload_put(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    const char *key = dispatch_rest(request);
    struct measured measured;
    struct store_info info;
    struct err err = {0}, missing = {0};
    size_t size;
    const void *body = http_body(request, &size);
    bool existed;

    if (check_key(key, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    if (!check_picture(request, key, body, size, &measured.info, reply))
        return;
    existed = store_head(gateway->store, key, &info, &missing) == 0;
    if (existed && http_header(request, "If-None-Match") &&
        strcmp(http_header(request, "If-None-Match"), "*") == 0) {
        reply_problem(reply, request, 412, "there is a picture under this key already");
        return;
    }
    sha256_hex(body, size, measured.sha256);
    if (put(gateway, request, key, &measured, &err) < 0)
        reply_error(reply, request, &err);
    else
        answer(request, key, size, &measured, existed, reply);
}
