/* pictures.c - see pictures.h. */
#include "gateway/pictures.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gateway/conditional.h"
#include "gateway/lru.h"
#include "gateway/media.h"
#include "gateway/meters.h"
#include "gateway/thumbs.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/key.h"

enum {
    SMALL_BYTES = 512 * 1024, /* larger objects are not kept in memory */
    PART_BYTES = 64 << 20,    /* nor more than this at once of one that is no file */
};

/* What an answer needs to know about the object, whatever holds its bytes. */
struct entity {
    uint64_t size;
    const char *etag; /* with its quotes */
    const char *modified;
    int64_t modified_s;
    const char *type;
};

static const char *cache_rule(const char *path)
{
    if (text_starts_with(path, "/" KEY_POOL_PREFIX))
        return "private, max-age=60";
    if (text_starts_with(path, "/" KEY_GARDEN_PREFIX))
        return "public, max-age=300";
    if (text_starts_with(path, "/dataset/"))
        return "private, no-cache";
    return "no-cache"; /* what a display shows changes under its name */
}

static void describe(const struct http_request *request, const struct entity *entity,
                     struct reply *reply)
{
    reply_header(reply, "ETag", entity->etag);
    reply_header(reply, "Last-Modified", entity->modified);
    reply_header(reply, "Cache-Control", cache_rule(http_path(request)));
    reply_header(reply, "Accept-Ranges", "bytes");
}

/* Chooses the status and which bytes. Returns false where none are needed. */
static bool choose(const struct http_request *request, const struct entity *entity,
                   struct reply *reply)
{
    char text[96];

    describe(request, entity, reply);
    if (is_not_modified(http_header(request, "If-None-Match"),
                        http_header(request, "If-Modified-Since"), entity->etag,
                        entity->modified_s)) {
        reply->status = 304;
        return false;
    }
    reply->status = 200;
    reply->type = entity->type;
    reply->offset = 0;
    reply->count = entity->size;
    if (!http_header(request, "Range") ||
        !range_is_allowed(http_header(request, "If-Range"), entity->etag, entity->modified_s))
        return true;
    switch (range_parse(http_header(request, "Range"), entity->size, &reply->offset,
                        &reply->count)) {
    case RANGE_WHOLE:
        return true;
    case RANGE_PART:
        reply->status = 206;
        (void)snprintf(text, sizeof text, "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
                       reply->offset, reply->offset + reply->count - 1, entity->size);
        reply_header(reply, "Content-Range", text);
        return true;
    case RANGE_OUTSIDE:
        break;
    }
    reply_text(reply, 416, "the range starts after the end\n");
    (void)snprintf(text, sizeof text, "bytes */%" PRIu64, entity->size);
    reply_header(reply, "Content-Range", text);
    return false;
}

void pictures_answer(struct http_request *request, struct blob *blob, struct reply *reply)
{
    const struct entity entity = {blob->size, blob->etag, blob->modified, blob->modified_s,
                                  blob->type};

    if (choose(request, &entity, reply))
        reply->blob = blob;
    else
        blob_free(blob);
}

struct blob *pictures_blob(const char *key, const void *data, size_t size,
                           const struct store_info *info)
{
    struct blob *blob = blob_new(size);

    if (!blob)
        return NULL;
    memcpy(blob->data, data, size);
    (void)snprintf(blob->etag, sizeof blob->etag, "\"%s\"", info->etag);
    blob->modified_s = info->mtime_ns / 1000000000;
    clock_format_http(info->mtime_ns / 1000000, blob->modified);
    blob->type = media_type(key, data, size);
    atomic_store(&blob->checked_ms, clock_mono_ms());
    return blob;
}

/* An object that is too large for the memory: by sendfile where it is a file, else its wanted
 * part from the store. */
static int answer_large(struct gateway *gateway, struct http_request *request, const char *key,
                        struct store_info *info, struct reply *reply)
{
    struct err err = {0};
    char etag[BLOB_ETAG], modified[CLOCK_TEXT];
    struct entity entity = {
        .type = media_type(key, NULL, 0), .etag = etag, .modified = modified};
    int fd = store_open_fd(gateway->store, key, info, &err);

    if (fd < 0 && err.code != ERR_INVALID) {
        reply_error(reply, request, &err);
        return err.code;
    }
    err_clear(&err);
    (void)snprintf(etag, sizeof etag, "\"%s\"", info->etag);
    clock_format_http(info->mtime_ns / 1000000, modified);
    entity.modified_s = info->mtime_ns / 1000000000;
    entity.size = info->size;
    if (fd >= 0)
        reply->fd = fd;
    if (!choose(request, &entity, reply) || fd >= 0) {
        if (fd >= 0 && reply->status != 200 && reply->status != 206) {
            (void)close(fd);
            reply->fd = 0;
        }
        return 0;
    }
    if (reply->count > PART_BYTES) {
        reply_done(reply);
        reply_problem(reply, request, 413,
                      "%.80s has %llu bytes: ask for parts of at most %d by Range", key,
                      (unsigned long long)info->size, PART_BYTES);
        return 0;
    }
    if (store_get_range(gateway->store, key, reply->offset, reply->count, &reply->body, NULL,
                        &err) < 0) {
        reply_done(reply);
        reply_error(reply, request, &err);
    }
    return err.code;
}

static void answer_from_store(struct gateway *gateway, struct http_request *request,
                              const char *key, struct blob *cached, struct reply *reply)
{
    OWNED(blob) old = cached;
    OWNED_VALUE(buf) data = {0};
    struct store_info info = {0};
    struct err err = {0};
    struct blob *blob;
    size_t etag_size;

    if (store_head(gateway->store, key, &info, &err) < 0) {
        lru_remove(gateway->pictures, key, strlen(key));
        reply_error(reply, request, &err);
        return;
    }
    etag_size = strlen(info.etag);
    if (old && strlen(old->etag) == etag_size + 2 &&
        memcmp(old->etag + 1, info.etag, etag_size) == 0) {
        atomic_store(&old->checked_ms, clock_mono_ms());
        pictures_answer(request, blob_ref(old), reply);
        return;
    }
    if (info.size > SMALL_BYTES) {
        (void)answer_large(gateway, request, key, &info, reply);
        return;
    }
    if (store_get(gateway->store, key, &data, &info, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    blob = pictures_blob(key, buf_text(&data), data.size, &info);
    if (!blob)
        return; /* a 500 */
    lru_put(gateway->pictures, key, strlen(key), blob);
    pictures_answer(request, blob, reply);
}

/* True where the cached object may be served as it is. Of those who find it due to be checked,
 * one is sent to do so, unless it could not do it where it is, and the others go on with it. */
static bool is_fresh(const struct gateway *gateway, struct blob *blob, bool can_check)
{
    int64_t now_ms = clock_mono_ms(), checked_ms, every_ms = gateway->settings->cache_check_ms;

    if (!blob || every_ms == 0)
        return false;
    checked_ms = atomic_load(&blob->checked_ms);
    if (now_ms - checked_ms < every_ms)
        return true;
    return can_check && !atomic_compare_exchange_strong(&blob->checked_ms, &checked_ms, now_ms);
}

/* Files of an export belong together: one that was another a moment ago would not fit its
 * manifest.
 */
static bool may_be_late(const char *key)
{
    return !text_starts_with(key, "dataset/");
}

/* What came from the bucket, not from us, gets nothing of the operator's session. Pictures
 * proper hold no script and are spared the header; all else, SVG included, is confined. */
static void confine(struct reply *reply)
{
    static const char *const harmless[] = {"image/jpeg", "image/png", "image/webp"};

    if (!reply->type)
        return;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (strcmp(reply->type, harmless[i]) == 0)
            return;
    reply_header(reply, "Content-Security-Policy",
                 "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'");
}

static bool answer(struct gateway *gateway, struct http_request *request, bool in_line,
                   struct reply *reply)
{
    const char *key = http_path(request) + 1;
    struct err err = {0};
    struct blob *cached;
    bool can_check = !in_line || !store_may_block(gateway->store);

    if (key_check(key, strlen(key), &err) < 0) {
        reply_error(reply, request, &err);
        return true;
    }
    if (http_query(request, "w"))
        return thumbs_answer(gateway, request, key, in_line, reply);
    cached = lru_get(gateway->pictures, key, strlen(key));
    if (may_be_late(key) && is_fresh(gateway, cached, can_check)) {
        meters_cache(gateway->meters, METERS_PICTURES, true);
        pictures_answer(request, cached, reply);
        confine(reply);
        return true;
    }
    if (!can_check) {
        blob_free(cached);
        return false;
    }
    meters_cache(gateway->meters, METERS_PICTURES, cached != NULL);
    answer_from_store(gateway, request, key, cached, reply);
    confine(reply);
    return true;
}

void pictures_get(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    (void)answer(gateway, request, false, reply);
}

bool pictures_attempt(struct gateway *gateway, struct http_request *request,
                      struct reply *reply)
{
    return answer(gateway, request, true, reply);
}

void pictures_forget(struct gateway *gateway, const char *key)
{
    lru_remove(gateway->pictures, key, strlen(key));
    thumbs_drop(gateway, key);
}
