/* What is applied is what is read: items, their states, heads, and which of them a query
 * names. */
#include "tests/contract/catalog_backends.h"

#include "lib/base/buf.h"

/* "search key/name " for each item that was selected. */
static int list_item(void *ctx, const struct catalog_item *item, struct err *err)
{
    (void)err;
    buf_printf(ctx, "%s/%s ", item->ref.search_key, item->ref.name);
    return 0;
}

static void check_select(struct catalog *catalog, const struct catalog_query *query,
                         const char *expected)
{
    OWNED_VALUE(buf) list = {0};
    struct err err = {0};

    CHECK_OK(catalog_select(catalog, query, list_item, &list, &err), err);
    CHECK_STR(buf_text(&list), expected);
}

ON_BOTH(an_item_comes_back_as_it_was_applied)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct catalog_item in = item_make("happy/spring,sunny,day", "img_\"{a}\"\\_1v.jpeg");
    const struct catalog_ref refs[] = {in.ref, {CATALOG_GARDEN, "happy", "none.jpeg"}, in.ref};
    struct catalog_item out[3];
    bool found[3];
    struct err err = {0};

    in.orientation = 'v';
    in.width = 4000000000U;
    in.size_bytes = 1ULL << 40;
    in.control = "edge: 100%, \"x\\y\"";
    apply_items(catalog, &in, 1);
    CHECK_OK(catalog_get(catalog, refs, 3, out, found, &err), err);
    CHECK(found[0] && !found[1] && found[2]);
    CHECK_INT(out[0].state, ==, CATALOG_LIVE);
    CHECK_INT(out[0].orientation, ==, 'v');
    CHECK_INT(out[0].width, ==, 4000000000U);
    CHECK_INT(out[0].height, ==, 800);
    CHECK_INT(out[0].size_bytes, ==, 1LL << 40);
    CHECK_STR(out[0].sha256, in.sha256);
    CHECK_INT(out[0].event_time_ms, ==, 1777885687123);
    CHECK_STR(out[0].sequencer, in.sequencer);
    CHECK_STR(out[2].ref.name, in.ref.name);
}

static int check_control(void *ctx, const struct catalog_item *item, struct err *err)
{
    (void)err;
    if (ctx)
        CHECK_STR(item->control, ctx);
    else
        CHECK(item->control == NULL);
    CHECK_STR(item->sha256, "");
    CHECK_STR(item->sequencer, "");
    return 0;
}

ON_BOTH(what_is_not_known_stays_so_and_control_is_selected)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct catalog_item item = item_make("sad", "a.jpeg");
    const struct catalog_query query = {.area = CATALOG_GARDEN};
    struct err err = {0};

    item.sha256[0] = item.sequencer[0] = '\0';
    apply_items(catalog, &item, 1);
    CHECK_OK(catalog_select(catalog, &query, check_control, NULL, &err), err);
    item.control = "depth";
    apply_items(catalog, &item, 1);
    CHECK_OK(catalog_select(catalog, &query, check_control, "depth", &err), err);
}

ON_BOTH(heads_count_live_items_through_every_change_of_state)
{
    static const enum catalog_state path[] = {CATALOG_LIVE,    CATALOG_LIVE,   CATALOG_REMOVED,
                                              CATALOG_REMOVED, CATALOG_LIVE,   CATALOG_HIDDEN,
                                              CATALOG_REMOVED, CATALOG_HIDDEN, CATALOG_LIVE};
    OWNED(catalog) catalog = backend_open(backend);
    struct catalog_item item = item_make("calm", "a.jpeg");
    uint64_t before = 0, version = 0;

    check_head(catalog, "calm", 0, &before);
    CHECK_INT(before, ==, 0);
    for (size_t i = 0; i < sizeof path / sizeof *path; i++) {
        item.state = path[i];
        apply_items(catalog, &item, 1);
        check_head(catalog, "calm", path[i] == CATALOG_LIVE, &version);
        CHECK_INT(version, >, before);
        before = version;
    }
    check_head(catalog, "calm/x", 0, &version);
    CHECK_INT(version, ==, 0);
}

ON_BOTH(areas_are_apart)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct catalog_item items[2] = {item_make("calm", "a.jpeg"), item_make("calm", "a.jpeg")};
    const struct catalog_query pool = {.area = CATALOG_POOL};
    struct catalog_head head;
    struct err err = {0};

    items[1].ref.area = CATALOG_POOL;
    items[1].state = CATALOG_HIDDEN;
    apply_items(catalog, items, 2);
    check_head(catalog, "calm", 1, NULL);
    CHECK_OK(catalog_head(catalog, CATALOG_POOL, "calm", &head, &err), err);
    CHECK_INT(head.live, ==, 0);
    CHECK_INT(head.version, >, 0);
    check_select(catalog, &pool, "");
}

static int list_head(void *ctx, enum catalog_area area, const char *search_key,
                     const struct catalog_head *head, struct err *err)
{
    (void)err;
    buf_printf(ctx, "%d:%s=%d ", (int)area, search_key, (int)head->live);
    return 0;
}

static const char *const many[][2] = {
    {"happy", "b.jpeg"},         {"happy", "a.jpeg"},        {"happy!", "a.jpeg"},
    {"happy/100%", "a.jpeg"},    {"happy/100x", "a.jpeg"},   {"happy/a_b", "a.jpeg"},
    {"happy/axb", "a.jpeg"},     {"happy0", "a.jpeg"},       {"sad", "a.jpeg"},
    {"sad/100%", "v.jpeg"},      {"sad/100%", "a.jpeg"},     {"sad/\xeb\xb4\x84", "a.jpeg"},
    {"surprised/a_b", "Z.jpeg"}, {"surprised/a_b", "a.jpeg"}};
enum { MANY = sizeof many / sizeof *many };

static struct catalog *open_with_many(const struct backend *backend)
{
    struct catalog *catalog = backend_open(backend);
    struct catalog_item items[MANY];

    for (size_t i = 0; i < MANY; i++) {
        items[i] = item_make(many[i][0], many[i][1]);
        if (many[i][1][0] == 'v')
            items[i].orientation = 'v';
        items[i].event_time_ms = 1000 + (int64_t)i;
    }
    apply_items(catalog, items, MANY);
    return catalog;
}

ON_BOTH(a_query_names_exactly_what_its_filters_say_in_byte_order)
{
    OWNED(catalog) catalog = open_with_many(backend);
    OWNED_VALUE(buf) heads = {0};
    struct err err = {0};

#define SELECT(expected, ...)                                                                 \
    check_select(catalog, &(const struct catalog_query){.area = CATALOG_GARDEN, __VA_ARGS__}, \
                 expected)
    SELECT("happy/a.jpeg happy/b.jpeg happy!/a.jpeg happy/100%/a.jpeg happy/100x/a.jpeg "
           "happy/a_b/a.jpeg happy/axb/a.jpeg happy0/a.jpeg sad/a.jpeg sad/100%/a.jpeg "
           "sad/100%/v.jpeg sad/\xeb\xb4\x84/a.jpeg surprised/a_b/Z.jpeg "
           "surprised/a_b/a.jpeg ",
           .limit = 0);
    SELECT("happy/a.jpeg happy/b.jpeg ", .search_key = "happy");
    SELECT("happy/a.jpeg happy/b.jpeg happy/100%/a.jpeg happy/100x/a.jpeg happy/a_b/a.jpeg "
           "happy/axb/a.jpeg ",
           .emotion = "happy");
    SELECT("happy/100%/a.jpeg sad/100%/a.jpeg sad/100%/v.jpeg ", .favorite = "100%");
    SELECT("happy/a_b/a.jpeg surprised/a_b/Z.jpeg surprised/a_b/a.jpeg ", .favorite = "a_b");
    SELECT("sad/100%/a.jpeg sad/100%/v.jpeg ", .emotion = "sad", .favorite = "100%");
    SELECT("", .emotion = "sa", .limit = 0);
    SELECT("", .emotion = "sad", .search_key = "happy");
    SELECT("", .favorite = "100%", .search_key = "happy");
    SELECT("sad/100%/v.jpeg ", .orientation = 'v');
    SELECT("sad/100%/v.jpeg sad/\xeb\xb4\x84/a.jpeg ", .after_search_key = "sad/100%",
           .after_name = "a.jpeg", .limit = 2);
    SELECT("sad/\xeb\xb4\x84/a.jpeg surprised/a_b/Z.jpeg ", .since_ms = 1011, .limit = 2);
    SELECT("sad/100%/a.jpeg sad/100%/v.jpeg ", .emotion = "sad", .after_search_key = "sad",
           .after_name = "z", .limit = 2);
    SELECT("sad/a.jpeg ", .emotion = "sad", .after_search_key = "calm", .limit = 1);
    SELECT("", .search_key = "calm", .after_search_key = "sad");
#undef SELECT
    CHECK_OK(catalog_heads(catalog, list_head, &heads, &err), err);
    CHECK_STR(buf_text(&heads), "1:happy=2 1:happy!=1 1:happy/100%=1 1:happy/100x=1 "
                                "1:happy/a_b=1 1:happy/axb=1 1:happy0=1 1:sad=1 1:sad/100%=2 "
                                "1:sad/\xeb\xb4\x84=1 1:surprised/a_b=2 ");
}

ON_BOTH(removed_and_hidden_items_are_selected_only_where_asked_for)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct catalog_item items[3] = {item_make("sad", "a"), item_make("sad", "b"),
                                    item_make("sad", "c")};
    struct catalog_query query = {.area = CATALOG_GARDEN};

    items[0].state = CATALOG_REMOVED;
    items[2].state = CATALOG_HIDDEN;
    apply_items(catalog, items, 3);
    check_select(catalog, &query, "sad/b ");
    query.any_state = true;
    check_select(catalog, &query, "sad/a sad/b sad/c ");
}

struct page {
    struct buf *list;
    char key[64], name[64];
    int count;
};

static int take_place(void *ctx, const struct catalog_item *item, struct err *err)
{
    struct page *page = ctx;

    page->count++;
    (void)snprintf(page->key, sizeof page->key, "%s", item->ref.search_key);
    (void)snprintf(page->name, sizeof page->name, "%s", item->ref.name);
    return list_item(page->list, item, err);
}

/* Page by page gives what one query gives. */
static void check_paging(struct catalog *catalog, struct catalog_query query, size_t limit)
{
    OWNED_VALUE(buf) whole = {0};
    OWNED_VALUE(buf) pages = {0};
    struct page page = {.list = &pages};
    struct err err = {0};

    CHECK_OK(catalog_select(catalog, &query, list_item, &whole, &err), err);
    query.limit = limit;
    do {
        page.count = 0;
        CHECK_OK(catalog_select(catalog, &query, take_place, &page, &err), err);
        CHECK_INT(page.count, <=, limit);
        query.after_search_key = page.key;
        query.after_name = page.name;
    } while (page.count > 0);
    CHECK_STR(buf_text(&pages), buf_text(&whole));
}

ON_BOTH(paging_misses_and_repeats_nothing_under_any_filter)
{
    static const struct catalog_query queries[] = {
        {.area = CATALOG_GARDEN}, {.emotion = "happy"}, {.emotion = "sad"},
        {.favorite = "100%"},     {.favorite = "a_b"},  {.search_key = "surprised/a_b"},
        {.orientation = 'h'},     {.since_ms = 1003},   {.emotion = "happy", .since_ms = 1003}};
    OWNED(catalog) catalog = open_with_many(backend);

    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct catalog_query query = queries[i];

        query.area = CATALOG_GARDEN;
        for (size_t limit = 1; limit <= 4; limit++)
            check_paging(catalog, query, limit);
    }
}

static int stop_at_three(void *ctx, const struct catalog_item *item, struct err *err)
{
    (void)item;
    if (++*(int *)ctx == 3)
        return err_set(err, ERR_TOO_LARGE, "enough");
    return 0;
}

ON_BOTH(a_query_ends_where_its_reader_says_so)
{
    OWNED(catalog) catalog = open_with_many(backend);
    const struct catalog_query query = {.area = CATALOG_GARDEN};
    const struct catalog_query favorite = {.area = CATALOG_GARDEN, .favorite = "a_b"};
    struct err err = {0};
    int seen = 0;

    CHECK_INT(catalog_select(catalog, &query, stop_at_three, &seen, &err), ==, ERR_TOO_LARGE);
    CHECK_STR(err.text, "enough");
    CHECK_INT(seen, ==, 3);
    seen = 0;
    err_clear(&err);
    CHECK_INT(catalog_select(catalog, &favorite, stop_at_three, &seen, &err), ==,
              ERR_TOO_LARGE);
    check_head(catalog, "happy", 2, NULL); /* and the handle goes on */
}

struct bad {
    struct catalog_item item;
    const char *reason;
};

ON_BOTH(what_cannot_be_stored_is_refused_with_its_reason_and_nothing_is_written)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct bad bads[] = {{item_make("", "a"), "the search key is empty"},
                         {item_make("sad", ""), "the name is empty"},
                         {item_make("sad", "a\x01"), "a control character at byte 1"},
                         {item_make("sad", "\xff"), "the name is not UTF-8"},
                         {item_make("sad", "z"), "64 hex digits"},
                         {item_make("sad", "z"), "neither h nor v"},
                         {item_make("sad", "a"), "twice"}};
    const struct catalog_query query = {.area = CATALOG_GARDEN, .emotion = "\xff"};

    (void)snprintf(bads[4].item.sha256, sizeof bads[4].item.sha256, "12");
    bads[5].item.orientation = 'x';
    for (size_t i = 0; i < sizeof bads / sizeof *bads; i++) {
        const struct catalog_item items[2] = {item_make("sad", "a"), bads[i].item};
        const struct catalog_batch batch = {.items = items, .item_count = 2};
        struct err err = {0};

        CHECK_INT(catalog_apply(catalog, &batch, &err), ==, ERR_INVALID);
        CHECK_HAS(err.text, bads[i].reason);
    }
    check_head(catalog, "sad", 0, NULL);
    struct err err = {0};
    CHECK_INT(catalog_select(catalog, &query, list_item, NULL, &err), ==, ERR_INVALID);
}

ON_BOTH(a_handle_that_only_reads_reads_and_does_not_write)
{
    OWNED(catalog) writer = backend_open(backend);
    const struct catalog_conf conf = {
        .url = backend->url, .dir = backend->dir, .read_only = true};
    const struct catalog_item item = item_make("sad", "a");
    const struct catalog_batch batch = {.items = &item, .item_count = 1};
    struct err err = {0};
    OWNED(catalog) reader = catalog_open(&conf, &err);

    CHECK(reader != NULL);
    apply_items(writer, &item, 1);
    check_head(reader, "sad", 1, NULL);
    CHECK_OK(catalog_ping(writer, &err), err);
    CHECK_OK(catalog_ping(reader, &err), err);
    CHECK_INT(catalog_apply(reader, &batch, &err), ==, ERR_DENIED);
}

static int write_and_count(void *ctx, const struct catalog_item *item, struct err *err)
{
    static int turn;
    struct catalog *writer = ctx;
    char name[32];
    struct catalog_item more;

    (void)err;
    (void)item;
    if (++turn > 100)
        TEST_FAIL("the snapshot grew");
    (void)snprintf(name, sizeof name, "z%d", turn);
    more = item_make("sad", name);
    apply_items(writer, &more, 1);
    return 0;
}

ON_BOTH(a_reader_sees_one_state_while_another_handle_writes)
{
    OWNED(catalog) reader = backend_open(backend);
    OWNED(catalog) writer = backend_open(backend);
    struct catalog_item items[100];
    char names[100][8];
    const struct catalog_query query = {.area = CATALOG_GARDEN, .search_key = "sad"};
    struct err err = {0};

    for (int i = 0; i < 100; i++) {
        (void)snprintf(names[i], sizeof names[i], "a%d", i);
        items[i] = item_make("sad", names[i]);
    }
    apply_items(writer, items, 100);
    CHECK_OK(catalog_select(reader, &query, write_and_count, writer, &err), err);
    check_head(reader, "sad", 200, NULL);
}
