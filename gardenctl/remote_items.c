/* remote_items.c - see remote_items.h. */
#include "gardenctl/remote_items.h"

#include <string.h>

#include "lib/base/text.h"

static void put_parameter(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(out, "&%s=", name);
    text_url_encode(out, value, strlen(value), false);
}

static int take_item(json_t *object,
                     int (*fn)(void *ctx, const struct remote_item *item, struct err *err),
                     void *ctx, struct err *err)
{
    struct remote_item item = {.sha256 = ""};

    if (json_get_str(object, "key", &item.key, err) < 0 ||
        json_opt_str(object, "sha256", &item.sha256, err) < 0)
        return err->code;
    return fn(ctx, &item, err);
}

/* One page; *path becomes that of the next one, or empty. */
static int take_page(struct remote *remote, struct buf *path,
                     int (*fn)(void *ctx, const struct remote_item *item, struct err *err),
                     void *ctx, struct err *err)
{
    OWNED_JSON page = NULL;
    json_t *items = NULL, *item;
    const char *next = NULL;
    size_t i;

    if (remote_call(remote, "GET", buf_text(path), NULL, &page, err) < 0 ||
        json_get_array(page, "items", &items, err) < 0 ||
        json_opt_str(page, "next", &next, err) < 0)
        return err->code;
    json_array_foreach(items, i, item)
    {
        int r = take_item(item, fn, ctx, err);

        if (r < 0)
            return r;
    }
    buf_clear(path);
    if (next)
        buf_append_str(path, next);
    return 0;
}

int remote_items(struct remote *remote, const struct remote_filter *filter,
                 int (*fn)(void *ctx, const struct remote_item *item, struct err *err),
                 void *ctx, struct err *err)
{
    const char orientation[2] = {filter->orientation, '\0'};
    OWNED_VALUE(buf) path = {0};

    buf_append_str(&path, filter->area == KEY_POOL ? "/v1/pool" : "/v1/items");
    buf_append_str(&path, "?limit=1000");
    put_parameter(&path, "emotion", filter->emotion);
    put_parameter(&path, "favorite", filter->favorite);
    put_parameter(&path, "orientation", filter->orientation ? orientation : NULL);
    while (path.size) {
        int r = take_page(remote, &path, fn, ctx, err);

        if (r < 0)
            return r;
    }
    return buf_ok(&path) ? 0 : err_set_nomem(err, "a list of pictures");
}

static int take_results(const json_t *answer,
                        void (*fn)(void *ctx, const char *key, const char *result,
                                   const char *reason),
                        void *ctx, struct err *err)
{
    json_t *results = NULL, *object;
    size_t i;

    if (json_get_array(answer, "results", &results, err) < 0)
        return err->code;
    json_array_foreach(results, i, object)
    {
        const char *key, *result, *reason = "";

        if (json_get_str(object, "key", &key, err) < 0 ||
            json_get_str(object, "result", &result, err) < 0 ||
            json_opt_str(object, "reason", &reason, err) < 0)
            return err->code;
        fn(ctx, key, result, reason);
    }
    return 0;
}

int remote_send_keys(struct remote *remote, const struct remote_keys *keys,
                     void (*fn)(void *ctx, const char *key, const char *result,
                                const char *reason),
                     void *ctx, struct err *err)
{
    OWNED_VALUE(buf) body = {0};
    OWNED_JSON answer = NULL;

    json_write_open(&body, '{');
    json_write_name(&body, "keys");
    json_write_open(&body, '[');
    for (size_t i = 0; i < keys->count; i++)
        json_write_str(&body, keys->keys[i]);
    json_write_close(&body, ']');
    json_write_close(&body, '}');
    if (!buf_ok(&body))
        return err_set_nomem(err, "a list of keys");
    if (remote_call(remote, "POST", keys->path, &body, &answer, err) < 0)
        return err->code;
    return take_results(answer, fn, ctx, err);
}
