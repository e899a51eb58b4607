/* catalog_query.c - catalog_select: from filters to ranges of the primary key.
 *
 * The items lie in the order of (area, search key, name), which is the order of the answer. So
 * a query is one walk along the key, from a lower to an upper bound: of one search key, of an
 * emotion with all its favourites, or of the whole area. A favourite of any emotion is a walk
 * for each search key that has it, which the heads know. No pattern is matched anywhere, so no
 * character in a key is special.
 *
 * A backend that would hold a whole answer in memory is asked page by page, each starting after
 * the last item of the one before, inside one snapshot. */
#include <string.h>

#include "lib/base/text.h"
#include "lib/catalog/catalog_internal.h"

enum range_kind { RANGE_ALL, RANGE_KEY, RANGE_EMOTION, RANGE_FAVORITE, RANGE_NONE };

enum { SHAPE_AFTER = 4, SHAPE_ORIENTATION = 8, SHAPE_SINCE = 16, SHAPE_ANY_STATE = 32 };

enum { SELECT_PARAMS = 16 };

/* The statement as it grows. bits say which one it is: the same bits, the same text. */
struct shape {
    int bits;
    struct buf text;
    struct catalog_value params[SELECT_PARAMS];
    size_t count;
};

struct scan {
    struct catalog *catalog;
    const struct catalog_query *query;
    int (*fn)(void *ctx, const struct catalog_item *item, struct err *err);
    void *ctx;
    size_t left;                      /* how many more items are wanted */
    bool after;                       /* start after the place below */
    struct buf after_key, after_name; /* of the query, then of the last item of a page */
    struct buf low, high;             /* "<emotion>/" and the first key that is past it */
};

static void scan_done(struct scan *scan)
{
    buf_done(&scan->after_key);
    buf_done(&scan->after_name);
    buf_done(&scan->low);
    buf_done(&scan->high);
}

/* Appends "<sql>$n" and the value for it. */
static void shape_add(struct shape *shape, const char *sql, struct catalog_value value)
{
    buf_printf(&shape->text, "%s$%zu", sql, shape->count + 1);
    shape->params[shape->count++] = value;
}

static void set_text(struct buf *buf, const char *text, const char *suffix)
{
    buf_clear(buf);
    buf_append_str(buf, text);
    buf_append_str(buf, suffix);
}

static void add_emotion(struct shape *shape, const struct scan *scan, const char *emotion)
{
    shape_add(shape, " AND search_key < ", catalog_text(buf_text(&scan->high)));
    shape_add(shape, " AND (search_key = ", catalog_text(emotion));
    shape_add(shape, " OR search_key >= ", catalog_text(buf_text(&scan->low)));
    buf_append_str(&shape->text, ")");
}

/* Exactly one lower bound, so that the database walks from there and not from further down. */
static void add_range(struct shape *shape, const struct scan *scan, enum range_kind kind,
                      const char *key)
{
    int place = scan->after && key ? strcmp(buf_text(&scan->after_key), key) : 0;
    bool after = scan->after && place >= 0;

    shape->bits = (int)kind | (after ? SHAPE_AFTER : 0);
    if (kind == RANGE_KEY) {
        shape_add(shape, " AND search_key = ", catalog_text(key));
        if (after)
            shape_add(shape, " AND name > ", catalog_text(buf_text(&scan->after_name)));
        return;
    }
    if (after) {
        shape_add(shape, " AND (search_key, name) > (",
                  catalog_text(buf_text(&scan->after_key)));
        shape_add(shape, ", ", catalog_text(buf_text(&scan->after_name)));
        buf_append_str(&shape->text, ")");
    } else if (kind == RANGE_EMOTION) {
        shape_add(shape, " AND search_key >= ", catalog_text(key));
    }
    if (kind == RANGE_EMOTION)
        add_emotion(shape, scan, key);
}

static void add_filters(struct shape *shape, const struct catalog_query *query)
{
    if (query->orientation) {
        shape->bits |= SHAPE_ORIENTATION;
        shape_add(shape,
                  " AND orientation = ", catalog_text(query->orientation == 'v' ? "v" : "h"));
    }
    if (query->since_ms) {
        shape->bits |= SHAPE_SINCE;
        shape_add(shape, " AND event_ms >= ", catalog_int(query->since_ms));
    }
    if (query->any_state)
        shape->bits |= SHAPE_ANY_STATE;
    else
        buf_append_str(&shape->text, " AND state = 0");
}

enum { COL_KEY = CATALOG_COL_COUNT, COL_NAME, COL_CONTROL };

static int on_item(void *ctx, const struct catalog_value *row, struct err *err)
{
    struct scan *scan = ctx;
    struct catalog_item item = {.ref = {.area = scan->query->area,
                                        .search_key = catalog_value_text(&row[COL_KEY]),
                                        .name = catalog_value_text(&row[COL_NAME])}};

    catalog_item_from_row(row, &item);
    if (row[COL_CONTROL].type == CATALOG_TEXT)
        item.control = row[COL_CONTROL].bytes;
    if (scan->catalog->ops->page_rows) {
        set_text(&scan->after_key, item.ref.search_key, "");
        set_text(&scan->after_name, item.ref.name, "");
        scan->after = true;
    }
    scan->left--;
    return scan->fn(scan->ctx, &item, err);
}

static int run_page(struct scan *scan, enum range_kind kind, const char *key, size_t limit,
                    struct err *err)
{
    struct shape shape = {0};
    struct catalog_call call = {.params = shape.params, .fn = on_item, .ctx = scan};
    int r;

    shape_add(&shape,
              "SELECT " CATALOG_ITEM_COLUMNS ", search_key, name, control "
              "FROM catalog_items WHERE area = ",
              catalog_int(scan->query->area));
    add_range(&shape, scan, kind, key);
    add_filters(&shape, scan->query);
    shape_add(&shape, " ORDER BY search_key, name LIMIT ",
              catalog_int(limit > INT64_MAX ? INT64_MAX : (int64_t)limit));

    call.sql = CATALOG_SQL_SELECT + shape.bits;
    call.text = buf_text(&shape.text);
    call.param_count = shape.count;
    r = buf_ok(&shape.text) ? scan->catalog->ops->run(scan->catalog, &call, err)
                            : err_set_nomem(err, "a query");
    buf_done(&shape.text);
    return r;
}

static int run_range(struct scan *scan, enum range_kind kind, const char *key, struct err *err)
{
    size_t page = scan->catalog->ops->page_rows;
    int r;

    if (kind == RANGE_KEY && scan->after && strcmp(buf_text(&scan->after_key), key) > 0)
        return 0;
    do {
        size_t limit = page && page < scan->left ? page : scan->left;

        if (limit == 0)
            return 0;
        r = run_page(scan, kind, key, limit, err);
        if (r < 0)
            return r;
    } while (page && (size_t)r == page);
    return 0;
}

/* True for the emotion itself and for everything under it. */
static bool is_under(const char *search_key, const char *emotion)
{
    size_t size = strlen(emotion);

    return strncmp(search_key, emotion, size) == 0 &&
           (search_key[size] == '\0' || search_key[size] == '/');
}

static bool has_favorite(const char *search_key, const char *favorite)
{
    const char *slash = strchr(search_key, '/');

    return slash && strcmp(slash + 1, favorite) == 0;
}

static int on_favorite(void *ctx, const struct catalog_value *row, struct err *err)
{
    (void)err;
    buf_append(ctx, row[0].bytes, row[0].size + 1);
    return 0;
}

static int run_favorite(struct scan *scan, struct err *err)
{
    const struct catalog_query *query = scan->query;
    OWNED_VALUE(buf) keys = {0};
    const struct catalog_value params[] = {catalog_int(query->area),
                                           catalog_text(query->favorite)};
    const struct catalog_call call = {.sql = CATALOG_SQL_FAVORITE,
                                      .params = params,
                                      .param_count = 2,
                                      .fn = on_favorite,
                                      .ctx = &keys};
    int r = scan->catalog->ops->run(scan->catalog, &call, err);

    if (r >= 0 && !buf_ok(&keys))
        r = err_set_nomem(err, "the search keys of a favourite");
    for (size_t i = 0; r >= 0 && i < keys.size; i += strlen(keys.data + i) + 1)
        if (!query->emotion || is_under(keys.data + i, query->emotion))
            r = run_range(scan, RANGE_KEY, keys.data + i, err);
    return r;
}

static enum range_kind range_of(const struct catalog_query *query)
{
    if (query->search_key)
        return (!query->emotion || is_under(query->search_key, query->emotion)) &&
                       (!query->favorite || has_favorite(query->search_key, query->favorite))
                   ? RANGE_KEY
                   : RANGE_NONE;
    if (query->favorite)
        return RANGE_FAVORITE;
    return query->emotion ? RANGE_EMOTION : RANGE_ALL;
}

static int run_scan(struct scan *scan, enum range_kind kind, struct err *err)
{
    if (kind == RANGE_FAVORITE)
        return run_favorite(scan, err);
    return run_range(scan, kind,
                     kind == RANGE_KEY ? scan->query->search_key : scan->query->emotion, err);
}

static int select_locked(struct scan *scan, enum range_kind kind, struct err *err)
{
    const struct catalog_ops *ops = scan->catalog->ops;
    bool several = kind == RANGE_FAVORITE || (ops->page_rows && scan->left > ops->page_rows);
    int r;

    if (!several) /* one statement sees one state by itself */
        return run_scan(scan, kind, err);
    r = ops->begin(scan->catalog, false, err);
    if (r < 0)
        return r;
    r = run_scan(scan, kind, err);
    ops->rollback(scan->catalog);
    return r;
}

static int check_query(const struct catalog_query *query, struct err *err)
{
    const char *const texts[][2] = {{query->search_key, "search key"},
                                    {query->emotion, "emotion"},
                                    {query->favorite, "favourite"},
                                    {query->after_search_key, "search key to start after"},
                                    {query->after_name, "name to start after"}};
    int r = 0;

    for (size_t i = 0; r == 0 && i < sizeof(texts) / sizeof(*texts); i++)
        if (texts[i][0])
            r = catalog_check_text(texts[i][0], texts[i][1], err);
    if (r == 0 && query->orientation && query->orientation != 'h' && query->orientation != 'v')
        r = err_set(err, ERR_INVALID, "the orientation to select is neither h nor v");
    return r;
}

int catalog_select(struct catalog *catalog, const struct catalog_query *query,
                   int (*fn)(void *ctx, const struct catalog_item *item, struct err *err),
                   void *ctx, struct err *err)
{
    enum range_kind kind = range_of(query);
    struct scan scan = {.catalog = catalog,
                        .query = query,
                        .fn = fn,
                        .ctx = ctx,
                        .left = query->limit ? query->limit : SIZE_MAX,
                        .after = query->after_search_key != NULL};
    int r = check_query(query, err);

    if (r < 0 || kind == RANGE_NONE)
        return r;
    set_text(&scan.after_key, scan.after ? query->after_search_key : "", "");
    set_text(&scan.after_name, scan.after && query->after_name ? query->after_name : "", "");
    set_text(&scan.low, query->emotion ? query->emotion : "", "/");
    set_text(&scan.high, query->emotion ? query->emotion : "", "0"); /* what follows '/' */

    (void)pthread_mutex_lock(&catalog->lock);
    r = select_locked(&scan, kind, err);
    (void)pthread_mutex_unlock(&catalog->lock);
    scan_done(&scan);
    return r;
}
