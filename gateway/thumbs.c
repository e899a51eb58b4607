/* thumbs.c - see thumbs.h. */
#include "gateway/thumbs.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "gateway/lru.h"
#include "gateway/meters.h"
#include "gateway/pictures.h"
#include "gateway/workers.h"
#include "lib/base/clock.h"
#include "lib/base/map.h"
#include "lib/base/text.h"
#include "lib/crypto/crypto.h"
#include "lib/image/image.h"
#include "proto/key.h"

enum { QUALITY = 82, TAG_HEX = 16, THUMB_KEY = KEY_BYTES + 64 };

static const uint32_t widths[] = {160, 320, 480, 640, 960, 1280};
enum { WIDTHS = sizeof widths / sizeof *widths };

/* One thumbnail. */
struct thumb {
    uint32_t width;
    char source[KEY_BYTES];
    char key[THUMB_KEY]; /* where it is kept */
};

struct waiter {
    struct http_request *request;
    struct waiter *next;
};

/* One that is being made, and who waits for it. */
struct making {
    struct gateway *gateway;
    struct thumb thumb;
    struct waiter *waiters;
};

struct thumbs {
    pthread_mutex_t lock;
    struct map *making; /* by thumb.key */
};

struct thumbs *thumbs_new(struct gateway *gateway, struct err *err)
{
    struct thumbs *thumbs = calloc(1, sizeof *thumbs);

    (void)gateway;
    if (thumbs)
        thumbs->making = map_new();
    if (!thumbs || !thumbs->making) {
        err_set_nomem(err, "thumbnails");
        free(thumbs);
        return NULL;
    }
    (void)pthread_mutex_init(&thumbs->lock, NULL);
    return thumbs;
}

void thumbs_free(struct thumbs *thumbs)
{
    if (!thumbs)
        return;
    map_free(thumbs->making);
    (void)pthread_mutex_destroy(&thumbs->lock);
    free(thumbs);
}

uint32_t thumbs_width(int64_t wanted)
{
    for (int i = 0; i < WIDTHS; i++)
        if (wanted <= widths[i])
            return widths[i];
    return widths[WIDTHS - 1];
}

static void write_prefix(uint32_t width, const char *source, char out[THUMB_KEY])
{
    (void)snprintf(out, THUMB_KEY, KEY_CACHE_PREFIX "w%u/%s/", width, source);
}

static void name_thumb(struct thumb *thumb, const char *source_etag)
{
    char hash[SHA256_HEX];
    size_t used;

    write_prefix(thumb->width, thumb->source, thumb->key);
    used = strlen(thumb->key);
    sha256_hex(source_etag, strlen(source_etag), hash);
    (void)snprintf(thumb->key + used, sizeof thumb->key - used, "%.*s.jpeg", TAG_HEX, hash);
}

/* True where it can be kept: the longest of keys leave no room for the cache's prefix. */
static bool can_be_kept(const struct thumb *thumb)
{
    return strlen(thumb->key) < KEY_BYTES;
}

static struct blob *blob_of(const struct thumb *thumb, const void *data, size_t size,
                            const struct store_info *info)
{
    struct blob *blob = pictures_blob(thumb->key, data, size, info);

    if (blob) /* the name's hash stands for the source's bytes */
        (void)snprintf(blob->etag, sizeof blob->etag, "\"%.*s-w%u\"", TAG_HEX,
                       strrchr(thumb->key, '/') + 1, thumb->width);
    return blob;
}

/* -- making one, on a slow worker -- */

static int render(struct gateway *gateway, const struct thumb *thumb, struct buf *out,
                  struct err *err)
{
    OWNED_VALUE(buf) source = {0};
    OWNED_VALUE(image) image = {0};

    if (store_get(gateway->store, thumb->source, &source, NULL, err) < 0)
        return err->code;
    if (image_thumbnail(source.data, source.size, NULL, thumb->width, &image, err) < 0)
        return err_wrap(err, "%.80s has no thumbnail", thumb->source);
    return image_encode_jpeg(&image, QUALITY, NULL, out, err);
}

static struct blob *make_thumb(struct gateway *gateway, const struct thumb *thumb,
                               struct err *err)
{
    OWNED_VALUE(buf) jpeg = {0};
    struct store_info info = {.mtime_ns = clock_wall_ns()};
    struct err ignored = {0};
    struct blob *blob;

    if (render(gateway, thumb, &jpeg, err) < 0)
        return NULL;
    if (can_be_kept(thumb)) /* where the disk is full it is made again next time */
        (void)store_put(gateway->store, thumb->key, jpeg.data, jpeg.size, NULL, &info,
                        &ignored);
    blob = blob_of(thumb, jpeg.data, jpeg.size, &info);
    if (!blob)
        err_set_nomem(err, "a thumbnail");
    else
        lru_put(gateway->pictures, thumb->key, strlen(thumb->key), blob);
    return blob;
}

static void answer_waiter(struct gateway *gateway, struct http_request *request,
                          struct blob *blob, const struct err *err)
{
    struct reply reply = {0};

    if (blob)
        pictures_answer(request, blob_ref(blob), &reply);
    else
        reply_error(&reply, request, err);
    gateway_answer(gateway, request, &reply);
}

static void finish(struct making *making, struct blob *blob, const struct err *err)
{
    struct gateway *gateway = making->gateway;
    struct thumbs *thumbs = gateway->thumbs;

    (void)pthread_mutex_lock(&thumbs->lock);
    (void)map_remove(thumbs->making, making->thumb.key, strlen(making->thumb.key));
    (void)pthread_mutex_unlock(&thumbs->lock);
    while (making->waiters) {
        struct waiter *waiter = making->waiters;

        making->waiters = waiter->next;
        answer_waiter(gateway, waiter->request, blob, err);
        free(waiter);
    }
    free(making);
}

static void run_making(void *ctx)
{
    struct making *making = ctx;
    const char *key = making->thumb.key;
    struct err err = {0};
    OWNED(blob) blob = lru_get(making->gateway->pictures, key, strlen(key));

    if (!blob) /* else it was made while this request was on its way here */
        blob = make_thumb(making->gateway, &making->thumb, &err);

    finish(making, blob, &err);
}

/* Adds the request to those that wait for the thumbnail; starts making it where nobody does.
 * Returns 0, or ERR_UNAVAILABLE where the workers have too much to do. */
static int wait_for(struct gateway *gateway, const struct thumb *thumb,
                    struct http_request *request)
{
    struct thumbs *thumbs = gateway->thumbs;
    struct waiter *waiter = malloc(sizeof *waiter);
    struct making *making;
    int r = ERR_UNAVAILABLE;

    if (!waiter)
        return r;
    (void)pthread_mutex_lock(&thumbs->lock);
    making = map_get(thumbs->making, thumb->key, strlen(thumb->key));
    if (making) {
        r = 0;
    } else if ((making = calloc(1, sizeof *making))) {
        *making = (struct making){.gateway = gateway, .thumb = *thumb};
        if (map_put(thumbs->making, thumb->key, strlen(thumb->key), making) == 0)
            r = workers_submit(gateway->workers, LANE_SLOW, run_making, making);
        if (r < 0) {
            (void)map_remove(thumbs->making, thumb->key, strlen(thumb->key));
            free(making);
        }
    }
    if (r == 0) {
        *waiter = (struct waiter){request, making->waiters};
        making->waiters = waiter;
    } else {
        free(waiter);
    }
    (void)pthread_mutex_unlock(&thumbs->lock);
    return r;
}

/* -- answering -- */

static struct blob *find_in_store(struct gateway *gateway, const struct thumb *thumb)
{
    OWNED_VALUE(buf) data = {0};
    struct store_info info = {0};
    struct err err = {0};
    struct blob *blob;

    if (!can_be_kept(thumb) || store_get(gateway->store, thumb->key, &data, &info, &err) < 0)
        return NULL;
    blob = blob_of(thumb, buf_text(&data), data.size, &info);
    if (blob)
        lru_put(gateway->pictures, thumb->key, strlen(thumb->key), blob);
    return blob;
}

static int read_width(const struct http_request *request, uint32_t *ret_width, struct err *err)
{
    int64_t wanted;

    if (text_parse_int(http_query(request, "w"), 1, 100000, &wanted, err) < 0)
        return err_wrap(err, "w, the width in pixels");
    *ret_width = thumbs_width(wanted);
    return 0;
}

bool thumbs_answer(struct gateway *gateway, struct http_request *request, const char *key,
                   bool in_line, struct reply *reply)
{
    struct thumb thumb;
    struct store_info info;
    struct err err = {0};
    struct blob *blob;

    if (in_line && store_may_block(gateway->store))
        return false;
    if (read_width(request, &thumb.width, &err) < 0 ||
        store_head(gateway->store, key, &info, &err) < 0) {
        reply_error(reply, request, &err);
        return true;
    }
    (void)text_copy(thumb.source, sizeof thumb.source, key);
    name_thumb(&thumb, info.etag);
    blob = lru_get(gateway->pictures, thumb.key, strlen(thumb.key));
    if (!blob && in_line)
        return false;
    meters_cache(gateway->meters, METERS_THUMBS, blob != NULL);
    if (!blob)
        blob = find_in_store(gateway, &thumb);
    if (blob)
        pictures_answer(request, blob, reply);
    else if (wait_for(gateway, &thumb, request) == 0)
        reply->later = true;
    else
        reply_problem(reply, request, 503, "too many thumbnails are being made: try again");
    return true;
}

/* -- dropping -- */

static int remove_one(void *ctx, const char *key, const struct store_info *info,
                      struct err *err)
{
    struct gateway *gateway = ctx;

    (void)info;
    lru_remove(gateway->pictures, key, strlen(key));
    return store_remove(gateway->store, key, NULL, err);
}

void thumbs_drop(struct gateway *gateway, const char *key)
{
    char prefix[THUMB_KEY];
    struct err err = {0};

    for (int i = 0; i < WIDTHS; i++) {
        write_prefix(widths[i], key, prefix);
        if (strlen(prefix) < KEY_BYTES)
            (void)store_list(gateway->store, prefix, NULL, 0, remove_one, gateway, &err);
    }
}
