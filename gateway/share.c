/* share.c - see share.h. */
#include "gateway/share.h"

#include <stdio.h>
#include <string.h>

#include "gateway/handles.h"
#include "gateway/page_fill.h"
#include "gateway/pages.h"
#include "gateway/share_words.h"
#include "gateway/site.h"
#include "lib/base/text.h"
#include "lib/image/image.h"
#include "proto/key.h"
#include "proto/recipe.h"

enum { MAX_PICTURE = 64 << 20, MAX_VALUES = 40 };

/* What the page is filled with. */
struct share {
    struct key key;
    struct buf picture;                  /* its bytes */
    struct image_metadata_read metadata; /* of the picture */
    struct recipe recipe;
    struct buf storage; /* of the recipe */
    struct buf texts;   /* of values, each with a NUL after it */
    struct page_value values[MAX_VALUES];
    size_t offsets[MAX_VALUES]; /* into texts, until all are there */
    size_t count;
};

static void share_done(struct share *share)
{
    buf_done(&share->picture);
    image_metadata_read_done(&share->metadata);
    buf_done(&share->storage);
    buf_done(&share->texts);
}

static void value(struct share *share, const char *name, const char *text)
{
    if (share->count == MAX_VALUES) {
        share->texts.failed = true;
        return;
    }
    share->values[share->count].name = name;
    share->offsets[share->count++] = share->texts.size;
    buf_append(&share->texts, text, strlen(text) + 1);
}

static void number(struct share *share, const char *name, long long n)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%lld", n);
    value(share, name, text);
}

/* True for a picture that the catalogue says was taken out of the garden; what it has not heard
 * of yet is for the store to say. */
static int is_withdrawn(struct gateway *gateway, const struct key *key, bool *ret,
                        struct err *err)
{
    const struct catalog_ref ref = {CATALOG_GARDEN, key->search_key, key->name};
    struct catalog_item row;
    struct catalog *catalog = handles_take(gateway->catalogs, err);
    bool found = false;

    if (!catalog)
        return err->code;
    if (catalog_get(catalog, &ref, 1, &row, &found, err) == 0)
        *ret = found && row.state != CATALOG_LIVE;
    handles_give(gateway->catalogs, catalog);
    handles_failed(gateway->catalogs, err->code);
    return err->code;
}

/* ERR_NOT_FOUND or ERR_INVALID where there is no such picture in the garden. */
static int read_picture(struct gateway *gateway, const char *content, struct share *share,
                        struct err *err)
{
    struct store_info info = {0};
    bool withdrawn = false;

    if (key_parse(content, strlen(content), &share->key, err) < 0)
        return err->code;
    if (share->key.area != KEY_GARDEN)
        return err_set(err, ERR_NOT_FOUND, "only pictures of the garden are shared");
    if (is_withdrawn(gateway, &share->key, &withdrawn, err) < 0)
        return err->code;
    if (withdrawn)
        return err_set(err, ERR_NOT_FOUND, "it was taken out of the garden");
    if (store_head(gateway->store, content, &info, err) < 0)
        return err->code;
    if (info.size > MAX_PICTURE)
        return 0; /* shown as it is, without what it tells of itself */
    return store_get(gateway->store, content, &share->picture, NULL, err);
}

static void add_size(struct share *share)
{
    struct image_info info;
    struct err ignored = {0};

    if (share->picture.size == 0 ||
        image_probe(share->picture.data, share->picture.size, NULL, &info, &ignored) < 0)
        return;
    number(share, "width", info.width);
    number(share, "height", info.height);
}

static void add_numbers(struct share *share, const struct recipe *recipe)
{
    char guidance[32], size[48];

    number(share, "seed", recipe->seed);
    number(share, "steps", recipe->steps);
    (void)snprintf(guidance, sizeof guidance, "%g", recipe->guidance);
    (void)snprintf(size, sizeof size, "%u × %u", recipe->width, recipe->height);
    value(share, "guidance", guidance);
    value(share, "size", size);
}

/* A picture that was drawn elsewhere, or painted, has none. */
static void add_recipe(struct share *share)
{
    struct recipe_origin origin;
    struct err ignored = {0};

    if (share->picture.size == 0 ||
        image_read_metadata(share->picture.data, share->picture.size, &share->metadata,
                            &ignored) < 0)
        return;
    if (!share->metadata.parameters || recipe_parse(share->metadata.parameters, &share->recipe,
                                                    &origin, &share->storage, &ignored) < 0)
        return;
    value(share, "recipe", "yes");
    value(share, "prompt", share->recipe.prompt);
    value(share, "negative", share->recipe.negative);
    value(share, "model", share->recipe.model);
    value(share, "scheduler", generation_scheduler_names[share->recipe.scheduler]);
    add_numbers(share, &share->recipe);
}

static void add_words(struct share *share)
{
    struct share_words words;

    share_words(share->key.search_key, &words);
    value(share, "emotion", words.emotion);
    value(share, "mood_en", words.mood[SHARE_EN]);
    value(share, "mood_ko", words.mood[SHARE_KO]);
    value(share, "favourite_en", words.favourite[SHARE_EN]);
    value(share, "favourite_ko", words.favourite[SHARE_KO]);
}

static void add_addresses(struct share *share, const char *base, const char *content)
{
    OWNED_VALUE(buf) url = {0}, encoded = {0};
    size_t base_size = strlen(base);

    text_url_encode(&encoded, content, strlen(content), false);
    site_object_url(&url, base, content);
    value(share, "base", base);
    value(share, "content", buf_text(&encoded));
    value(share, "picture", buf_text(&url));
    value(share, "path", buf_text(&url) + base_size);
    value(share, "name", share->key.name);
    if (!buf_ok(&url) || !buf_ok(&encoded))
        share->texts.failed = true;
}

static const char *language_of(const struct http_request *request)
{
    const char *asked = http_query(request, "lang"),
               *taken = http_header(request, "Accept-Language");

    if (asked && (strcmp(asked, "ko") == 0 || strcmp(asked, "en") == 0))
        return asked;
    return taken && text_starts_with(taken, "ko") ? "ko" : "en";
}

static void show(struct gateway *gateway, struct share *share, const char *path, int status,
                 struct reply *reply)
{
    size_t size = 0;
    const char *page = pages_text(gateway->pages, path, &size);

    if (!page || !buf_ok(&share->texts))
        return; /* a 500 */
    for (size_t i = 0; i < share->count; i++)
        share->values[i].value = share->texts.data + share->offsets[i];
    page_fill(&reply->body, page, size, share->values, share->count);
    reply->status = status;
    reply->type = "text/html; charset=utf-8";
    pages_headers(reply);
    reply_header(reply, "Cache-Control", "no-cache");
    reply_header(reply, "Vary", "Accept-Language");
}

void share_get(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    OWNED_VALUE(share) share = {0};
    OWNED_VALUE(buf) base = {0};
    const char *content = http_query(request, "content");
    struct err err = {0};

    if (site_base(gateway->settings, request, &base, &err) < 0) {
        reply_error(reply, request, &err);
        return;
    }
    value(&share, "lang", language_of(request));
    content = content ? content : "";
    if (read_picture(gateway, content, &share, &err) < 0) {
        if (err.code == ERR_NOT_FOUND || err.code == ERR_INVALID)
            show(gateway, &share, "/share-gone.html", 404, reply);
        else
            reply_error(reply, request, &err);
        return;
    }
    add_words(&share);
    add_addresses(&share, buf_text(&base), content);
    add_size(&share);
    add_recipe(&share);
    show(gateway, &share, "/share.html", 200, reply);
}
