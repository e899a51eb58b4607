/* lists.c - see lists.h. */
#include "gateway/lists.h"

#include <string.h>

#include "gateway/body.h"
#include "gateway/handles.h"
#include "gateway/lru.h"
#include "gateway/meters.h"
#include "gateway/site.h"
#include "lib/base/text.h"
#include "proto/key.h"

enum { INLINE_ITEMS = 1000 }; /* more are rendered on a worker: that takes milliseconds */

/* What is asked for. */
struct wanted {
    enum catalog_area area;
    const char *search_key; /* borrowed from the body */
    struct buf base;        /* of URLs */
    struct buf cache_key;
};

static void wanted_done(struct wanted *wanted)
{
    buf_done(&wanted->base);
    buf_done(&wanted->cache_key);
}

struct render {
    const struct wanted *wanted;
    struct buf landscape, portrait;
};

static void render_done(struct render *render)
{
    buf_done(&render->landscape);
    buf_done(&render->portrait);
}

static int render_item(void *ctx, const struct catalog_item *item, struct err *err)
{
    struct render *render = ctx;
    struct buf *out = item->orientation == 'v' ? &render->portrait : &render->landscape;
    const struct wanted *wanted = render->wanted;

    (void)err;
    buf_append_str(out, out->size ? ",{\"url\":\"" : "{\"url\":\"");
    buf_append(out, wanted->base.data, wanted->base.size); /* characters of a URL only */
    buf_append_str(out,
                   wanted->area == CATALOG_POOL ? "/" KEY_POOL_PREFIX : "/" KEY_GARDEN_PREFIX);
    text_url_encode(out, item->ref.search_key, strlen(item->ref.search_key), true);
    buf_append_char(out, '/');
    text_url_encode(out, item->ref.name, strlen(item->ref.name), true);
    buf_append_str(out, "\",\"emotion\":");
    json_write_str(out, item->ref.search_key);
    if (item->control)
        json_put_str(out, "control", item->control);
    buf_append_char(out, '}');
    return 0;
}

static struct blob *join(const struct render *render, uint64_t version, struct err *err)
{
    static const char start[] = "{\"landscape\":[", middle[] = "],\"portrait\":[", end[] = "]}";
    OWNED_VALUE(buf) text = {0};
    struct blob *blob;

    buf_append_str(&text, start);
    buf_append(&text, render->landscape.data, render->landscape.size);
    buf_append_str(&text, middle);
    buf_append(&text, render->portrait.data, render->portrait.size);
    buf_append_str(&text, end);
    blob = buf_ok(&text) && buf_ok(&render->landscape) && buf_ok(&render->portrait)
               ? blob_new(text.size)
               : NULL;
    if (!blob) {
        err_set_nomem(err, "the answer");
        return NULL;
    }
    memcpy(blob->data, text.data, text.size);
    blob->version = version;
    blob->type = "application/json";
    return blob;
}

static struct blob *render_list(struct catalog *catalog, const struct wanted *wanted,
                                uint64_t version, struct err *err)
{
    const struct catalog_query query = {.area = wanted->area, .search_key = wanted->search_key};
    OWNED_VALUE(render) render = {.wanted = wanted};

    if (catalog_select(catalog, &query, render_item, &render, err) < 0)
        return NULL;
    return join(&render, version, err);
}

/* The answer, from the cache where the catalogue has not changed. NULL with err untouched:
 * rendering it takes longer than in_line allows. */
static struct blob *find_or_render(struct gateway *gateway, const struct wanted *wanted,
                                   bool in_line, struct err *err)
{
    struct catalog *catalog = handles_take(gateway->catalogs, err);
    struct catalog_head head = {0};
    struct blob *blob = NULL;

    if (catalog && catalog_head(catalog, wanted->area, wanted->search_key, &head, err) == 0) {
        blob = lru_get(gateway->lists, wanted->cache_key.data, wanted->cache_key.size);
        if (blob && blob->version != head.version) {
            blob_free(blob);
            blob = NULL;
        }
        meters_cache(gateway->meters, METERS_LISTS, blob != NULL);
        if (!blob && (!in_line || head.live <= INLINE_ITEMS)) {
            blob = render_list(catalog, wanted, head.version, err);
            if (blob)
                lru_put(gateway->lists, wanted->cache_key.data, wanted->cache_key.size, blob);
        }
    }
    handles_give(gateway->catalogs, catalog);
    handles_failed(gateway->catalogs, err->code);
    return blob;
}

static int read_wanted(struct gateway *gateway, struct http_request *request,
                       const json_t *body, struct wanted *wanted, struct err *err)
{
    if (json_get_str(body, "emotion", &wanted->search_key, err) < 0 ||
        search_key_check(wanted->search_key, err) < 0 ||
        site_base(gateway->settings, request, &wanted->base, err) < 0)
        return err->code;
    buf_append_char(&wanted->cache_key, wanted->area == CATALOG_POOL ? 'p' : 'g');
    buf_append_str(&wanted->cache_key, wanted->search_key);
    buf_append_char(&wanted->cache_key, '\n');
    buf_append(&wanted->cache_key, wanted->base.data, wanted->base.size);
    return buf_ok(&wanted->cache_key) ? 0 : err_set_nomem(err, "the answer");
}

/* Returns false where it takes a worker. */
static bool answer(struct gateway *gateway, struct http_request *request,
                   enum catalog_area area, bool in_line, struct reply *reply)
{
    OWNED_VALUE(wanted) wanted = {.area = area};
    OWNED_JSON body = NULL;
    struct err err = {0};

    if (in_line && handles_may_block(gateway->catalogs))
        return false;
    body = body_object(request, &err);
    if (body && read_wanted(gateway, request, body, &wanted, &err) == 0)
        reply->blob = find_or_render(gateway, &wanted, in_line, &err);
    if (err.code) {
        reply_error(reply, request, &err);
        return true;
    }
    if (!reply->blob)
        return false;
    reply->status = 200;
    reply->type = reply->blob->type;
    reply->count = reply->blob->size;
    reply_header(reply, "Cache-Control", "no-store");
    return true;
}

void lists_garden(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    (void)answer(gateway, request, CATALOG_GARDEN, false, reply);
}

void lists_pool(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    (void)answer(gateway, request, CATALOG_POOL, false, reply);
}

bool lists_garden_attempt(struct gateway *gateway, struct http_request *request,
                          struct reply *reply)
{
    return answer(gateway, request, CATALOG_GARDEN, true, reply);
}

bool lists_pool_attempt(struct gateway *gateway, struct http_request *request,
                        struct reply *reply)
{
    return answer(gateway, request, CATALOG_POOL, true, reply);
}
