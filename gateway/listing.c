/* listing.c - see listing.h. */
#include "gateway/listing.h"

#include <string.h>

#include "gateway/cursor.h"
#include "gateway/handles.h"
#include "gateway/site.h"
#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/key.h"

enum { DEFAULT_LIMIT = 100, MAX_LIMIT = 1000 };

struct page {
    struct buf out;
    struct buf base;
    size_t seen, limit;
    bool more;
    struct cursor last;
};

static void page_done(struct page *page)
{
    buf_done(&page->out);
    buf_done(&page->base);
}

static int apply_emotion(const char *emotion, struct catalog_query *query, struct err *err)
{
    if (search_key_check(emotion, err) < 0)
        return err->code;
    if (strchr(emotion, '/'))
        query->search_key = emotion;
    else
        query->emotion = emotion;
    return 0;
}

static int apply_orientation(const char *orientation, struct catalog_query *query,
                             struct err *err)
{
    if (strcmp(orientation, "landscape") == 0 || strcmp(orientation, "h") == 0)
        query->orientation = 'h';
    else if (strcmp(orientation, "portrait") == 0 || strcmp(orientation, "v") == 0)
        query->orientation = 'v';
    else
        return err_set(err, ERR_INVALID, "orientation '%.20s' is not landscape or portrait",
                       orientation);
    return 0;
}

int listing_filter_apply(const struct listing_filter *filter, struct catalog_query *query,
                         struct err *err)
{
    if (filter->emotion && apply_emotion(filter->emotion, query, err) < 0)
        return err->code;
    if (filter->orientation && apply_orientation(filter->orientation, query, err) < 0)
        return err->code;
    if (filter->since && clock_parse_rfc3339(filter->since, &query->since_ms, err) < 0)
        return err_wrap(err, "since");
    query->favorite = filter->favorite;
    return 0;
}

static int write_item(void *ctx, const struct catalog_item *item, struct err *err)
{
    struct page *page = ctx;
    OWNED_VALUE(buf) url = {0};
    char key[KEY_BYTES], changed[CLOCK_TEXT];

    if (page->seen == page->limit) {
        page->more = true;
        return 0;
    }
    if (key_format(item->ref.area == CATALOG_POOL ? KEY_POOL : KEY_GARDEN, item->ref.search_key,
                   item->ref.name, key, err) < 0)
        return err->code;
    page->seen++;
    (void)text_copy(page->last.search_key, KEY_BYTES, item->ref.search_key);
    (void)text_copy(page->last.name, KEY_BYTES, item->ref.name);
    site_object_url(&url, buf_text(&page->base), key);
    clock_format_rfc3339(item->event_time_ms, changed);
    json_write_open(&page->out, '{');
    json_put_str(&page->out, "key", key);
    json_put_str(&page->out, "url", buf_text(&url));
    json_put_str(&page->out, "emotion", item->ref.search_key);
    json_put_str(&page->out, "orientation",
                 item->orientation == 'v' ? "portrait" : "landscape");
    json_put_int(&page->out, "width", item->width);
    json_put_int(&page->out, "height", item->height);
    json_put_int(&page->out, "size_bytes", (int64_t)item->size_bytes);
    json_put_str(&page->out, "sha256", *item->sha256 ? item->sha256 : NULL);
    json_put_str(&page->out, "time", changed);
    if (item->control)
        json_put_str(&page->out, "control", item->control);
    json_write_close(&page->out, '}');
    return 0;
}

static int select_page(struct gateway *gateway, const struct catalog_query *query,
                       struct page *page, struct err *err)
{
    struct catalog *catalog = handles_take(gateway->catalogs, err);

    if (!catalog)
        return err->code;
    (void)catalog_select(catalog, query, write_item, page, err);
    handles_give(gateway->catalogs, catalog);
    handles_failed(gateway->catalogs, err->code);
    return err->code;
}

static void put_parameter(struct buf *out, const char *name, const char *value)
{
    if (!value)
        return;
    buf_printf(out, "%s%s=", strchr(buf_text(out), '?') ? "&" : "?", name);
    text_url_encode(out, value, strlen(value), false);
}

/* The link to the page after this one, relative. */
static void write_next(const struct http_request *request, const char *cursor, struct buf *out)
{
    static const char *const kept[] = {"emotion", "favorite", "orientation", "since", "limit"};

    buf_append_str(out, http_path(request));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        put_parameter(out, kept[i], http_query(request, kept[i]));
    put_parameter(out, "cursor", cursor);
}

static void finish_page(const struct http_request *request, struct page *page,
                        struct reply *reply)
{
    OWNED_VALUE(buf) next = {0}, link = {0};
    char cursor[CURSOR_TEXT];

    if (page->more) {
        cursor_write(page->last.search_key, page->last.name, cursor);
        write_next(request, cursor, &next);
        buf_printf(&link, "<%s>; rel=\"next\"", buf_text(&next));
        reply_header(reply, "Link", buf_text(&link));
    }
    json_write_close(&page->out, ']');
    json_put_str(&page->out, "cursor", page->more ? cursor : NULL);
    json_put_str(&page->out, "next", page->more ? buf_text(&next) : NULL);
    json_write_close(&page->out, '}');
    reply_header(reply, "Cache-Control", "no-store");
    reply_json(reply, 200, &page->out);
}

static int read_query(const struct http_request *request, struct catalog_query *query,
                      struct cursor *after, struct page *page, struct err *err)
{
    const struct listing_filter filter = {
        http_query(request, "emotion"), http_query(request, "favorite"),
        http_query(request, "orientation"), http_query(request, "since")};
    const char *cursor = http_query(request, "cursor");

    if (listing_filter_apply(&filter, query, err) < 0 ||
        limit_read(request, DEFAULT_LIMIT, MAX_LIMIT, &page->limit, err) < 0 ||
        (cursor && cursor_read(cursor, after, err) < 0))
        return err->code;
    query->limit = page->limit + 1;
    if (cursor) {
        query->after_search_key = after->search_key;
        query->after_name = after->name;
    }
    return 0;
}

static void answer(struct gateway *gateway, struct http_request *request,
                   enum catalog_area area, struct reply *reply)
{
    OWNED_VALUE(page) page = {0};
    struct catalog_query query = {.area = area};
    struct cursor after;
    struct err err = {0};

    json_write_open(&page.out, '{');
    json_write_name(&page.out, "items");
    json_write_open(&page.out, '[');
    if (read_query(request, &query, &after, &page, &err) < 0 ||
        site_base(gateway->settings, request, &page.base, &err) < 0 ||
        select_page(gateway, &query, &page, &err) < 0)
        reply_error(reply, request, &err);
    else
        finish_page(request, &page, reply);
}

void listing_pool(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    answer(gateway, request, CATALOG_POOL, reply);
}

void listing_items(struct gateway *gateway, struct http_request *request, struct reply *reply)
{
    answer(gateway, request, CATALOG_GARDEN, reply);
}

/* A filter that leaves out most of the catalogue reads much to find little: that is for a
 * worker. */
static bool is_quick(const struct gateway *gateway, const struct http_request *request)
{
    return !handles_may_block(gateway->catalogs) && !http_query(request, "favorite") &&
           !http_query(request, "since") && !http_query(request, "orientation");
}

bool listing_pool_attempt(struct gateway *gateway, struct http_request *request,
                          struct reply *reply)
{
    if (!is_quick(gateway, request))
        return false;
    answer(gateway, request, CATALOG_POOL, reply);
    return true;
}

bool listing_items_attempt(struct gateway *gateway, struct http_request *request,
                           struct reply *reply)
{
    if (!is_quick(gateway, request))
        return false;
    answer(gateway, request, CATALOG_GARDEN, reply);
    return true;
}
