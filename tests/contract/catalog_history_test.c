/* Random histories against a model that is plain arrays: after every few batches the catalogue
 * says the same of every item, every head and every query. The seed is printed; SEED=n runs it
 * again. */
#include "tests/contract/catalog_backends.h"

#include "lib/base/buf.h"

enum { KEYS = 6, NAMES = 12, ROUNDS = 120, BATCH = 20 };

static const char *const search_keys[KEYS] = {
    "fear", "fear/a%", "fear/a_b",
    "sad",  "sad/a_b", "sad/\xc3\xa9t\xc3\xa9"}; /* in byte order */

/* What the model knows of one item. state -1: there is no row. */
struct fact {
    int state;
    char orientation;
    int64_t event_time_ms;
    uint32_t width;
};

struct model {
    struct fact facts[KEYS][NAMES];
    uint64_t versions[KEYS];
    unsigned seed;
};

static int pick(struct model *model, int below)
{
    return rand_r(&model->seed) % below;
}

static void name_of(int number, char out[16])
{
    (void)snprintf(out, 16, "img_%02dh.jpeg", number);
}

/* One batch of random items, each at most once. */
static void step(struct catalog *catalog, struct model *model)
{
    struct catalog_item items[BATCH];
    char names[BATCH][16];
    bool taken[KEYS][NAMES] = {{false}};
    size_t count = 0;

    for (int tries = 1 + pick(model, BATCH); tries > 0; tries--) {
        int key = pick(model, KEYS), name = pick(model, NAMES);
        struct fact *fact = &model->facts[key][name];

        if (taken[key][name])
            continue;
        taken[key][name] = true;
        *fact = (struct fact){.state = pick(model, 3),
                              .orientation = pick(model, 2) ? 'h' : 'v',
                              .event_time_ms = 1 + pick(model, 100),
                              .width = (uint32_t)pick(model, 5000)};
        name_of(name, names[count]);
        items[count] = item_make(search_keys[key], names[count]);
        items[count].state = (enum catalog_state)fact->state;
        items[count].orientation = fact->orientation;
        items[count].event_time_ms = fact->event_time_ms;
        items[count].width = fact->width;
        count++;
    }
    apply_items(catalog, items, count);
}

static void check_heads(struct catalog *catalog, struct model *model)
{
    for (int key = 0; key < KEYS; key++) {
        uint64_t live = 0, version;

        for (int name = 0; name < NAMES; name++)
            live += model->facts[key][name].state == CATALOG_LIVE;
        check_head(catalog, search_keys[key], live, &version);
        CHECK_INT(version, >=, model->versions[key]);
        model->versions[key] = version;
    }
}

static void check_items(struct catalog *catalog, const struct model *model)
{
    struct catalog_ref refs[NAMES];
    struct catalog_item items[NAMES];
    char names[NAMES][16];
    bool found[NAMES];
    struct err err = {0};

    for (int key = 0; key < KEYS; key++) {
        for (int i = 0; i < NAMES; i++) {
            name_of(i, names[i]);
            refs[i] = (struct catalog_ref){CATALOG_GARDEN, search_keys[key], names[i]};
        }
        CHECK_OK(catalog_get(catalog, refs, NAMES, items, found, &err), err);
        for (int i = 0; i < NAMES; i++) {
            const struct fact *fact = &model->facts[key][i];

            CHECK_INT(found[i], ==, fact->state >= 0);
            if (!found[i])
                continue;
            CHECK_INT(items[i].state, ==, fact->state);
            CHECK_INT(items[i].width, ==, fact->width);
            CHECK_INT(items[i].event_time_ms, ==, fact->event_time_ms);
        }
    }
}

static bool matches(const struct catalog_query *query, const char *search_key, const char *name,
                    const struct fact *fact)
{
    size_t emotion = query->emotion ? strlen(query->emotion) : 0;
    const char *slash = strchr(search_key, '/');
    int place = query->after_search_key ? strcmp(search_key, query->after_search_key) : 1;

    return fact->state >= 0 && (query->any_state || fact->state == CATALOG_LIVE) &&
           (!query->search_key || strcmp(search_key, query->search_key) == 0) &&
           (!emotion || (strncmp(search_key, query->emotion, emotion) == 0 &&
                         strchr("/", search_key[emotion]))) &&
           (!query->favorite || (slash && strcmp(slash + 1, query->favorite) == 0)) &&
           (!query->orientation || query->orientation == fact->orientation) &&
           fact->event_time_ms >= query->since_ms &&
           (place > 0 || (place == 0 && strcmp(name, query->after_name) > 0));
}

static void expect(const struct model *model, const struct catalog_query *query,
                   struct buf *list)
{
    size_t left = query->limit ? query->limit : SIZE_MAX;

    for (int key = 0; key < KEYS; key++)
        for (int i = 0; i < NAMES; i++) {
            char name[16];

            name_of(i, name);
            if (left > 0 && matches(query, search_keys[key], name, &model->facts[key][i])) {
                buf_printf(list, "%s/%s ", search_keys[key], name);
                left--;
            }
        }
}

static int list_item(void *ctx, const struct catalog_item *item, struct err *err)
{
    (void)err;
    buf_printf(ctx, "%s/%s ", item->ref.search_key, item->ref.name);
    return 0;
}

static void check_query(struct catalog *catalog, struct model *model)
{
    static const char *const emotions[] = {"fear", "sad", "sa"};
    static const char *const favorites[] = {"a_b", "a%", "b"};
    OWNED_VALUE(buf) expected = {0};
    OWNED_VALUE(buf) list = {0};
    struct catalog_query query = {.area = CATALOG_GARDEN};
    struct err err = {0};
    char after[16];

    name_of(pick(model, NAMES), after);
    query.any_state = pick(model, 2) == 0;
    query.orientation = "hv\0\0"[pick(model, 4)];
    query.since_ms = pick(model, 2) ? pick(model, 100) : 0;
    query.limit = (size_t)(pick(model, 2) ? pick(model, 15) : 0);
    query.search_key = pick(model, 4) ? NULL : search_keys[pick(model, KEYS)];
    query.emotion = pick(model, 2) ? NULL : emotions[pick(model, 3)];
    query.favorite = pick(model, 3) ? NULL : favorites[pick(model, 3)];
    if (pick(model, 2)) {
        query.after_search_key = search_keys[pick(model, KEYS)];
        query.after_name = after;
    }
    expect(model, &query, &expected);
    CHECK_OK(catalog_select(catalog, &query, list_item, &list, &err), err);
    CHECK_STR(buf_text(&list), buf_text(&expected));
}

ON_BOTH(random_histories_agree_with_a_model)
{
    OWNED(catalog) catalog = backend_open(backend);
    const char *given = getenv("SEED");
    struct model model = {.seed = given ? (unsigned)strtoul(given, NULL, 10)
                                        : (unsigned)getpid() * 2654435761U};

    printf("# SEED=%u\n", model.seed);
    for (int key = 0; key < KEYS; key++)
        for (int name = 0; name < NAMES; name++)
            model.facts[key][name].state = -1;
    for (int round = 0; round < ROUNDS; round++) {
        step(catalog, &model);
        check_heads(catalog, &model);
        for (int i = 0; i < 5; i++)
            check_query(catalog, &model);
        if (round % 10 == 0)
            check_items(catalog, &model);
    }
}

static int expect_next(void *ctx, const struct catalog_item *item, struct err *err)
{
    char name[16];

    (void)err;
    (void)snprintf(name, sizeof name, "x%06d", (*(int *)ctx)++);
    CHECK_STR(item->ref.name, name);
    return 0;
}

/* More than a page of any backend, in several batches: nothing is lost at their seams. */
ON_BOTH(a_large_garden_is_read_whole_and_in_order)
{
    enum { MANY = 1000, BATCHES = 7, ALL = MANY * BATCHES };
    OWNED(catalog) catalog = backend_open(backend);
    static struct catalog_item items[MANY];
    static char names[MANY][16];
    const struct catalog_query queries[] = {
        {.area = CATALOG_GARDEN},
        {.area = CATALOG_GARDEN, .emotion = "sad"},
        {.area = CATALOG_GARDEN, .favorite = "day"},
        {.area = CATALOG_GARDEN, .search_key = "sad/day", .limit = ALL}};
    struct err err = {0};

    for (int batch = 0; batch < BATCHES; batch++) {
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(names[i], sizeof names[i], "x%06d", i * BATCHES + batch);
            items[i] = item_make("sad/day", names[i]);
        }
        apply_items(catalog, items, MANY);
    }
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        int seen = 0;

        CHECK_OK(catalog_select(catalog, &queries[i], expect_next, &seen, &err), err);
        CHECK_INT(seen, ==, ALL);
    }
}
