/* compare.c - see compare.h. */
#include "services/item-ingest/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/key.h"
#include "proto/object_event.h"
#include "services/common/object_notice.h"
#include "services/item-ingest/hashset.h"
#include "services/item-ingest/ingest_conf.h"
#include "services/item-ingest/scratch.h"

#define SOURCE INGEST_SOURCE "/reconcile"

enum {
    PAGE = 500,
    TOGETHER = 200, /* events in one publish */
    PUBLISH_MS = 15000,
    KEYS_MAX = 2000000, /* hashes that are kept; rows beyond them are all asked for by name */
    ROWS_DOUBTED = 100, /* more rows than that, and an empty store is not believed */
};

struct object {
    const char *key;
    struct catalog_ref ref;
    uint64_t size;
    int64_t mtime_ns;
};

/* A page of either listing, copied: no other call may be made while one is under way. */
struct page {
    struct scratch scratch;
    struct object objects[PAGE];
    struct catalog_ref refs[PAGE];
    struct catalog_item rows[PAGE];
    bool found[PAGE];
    size_t count; /* of objects, which are those with a picture's key */
    size_t seen;  /* of the listing */
    const char *last_key;
};

struct comparison {
    const struct compare_conf *conf;
    struct object_notices *notices;
    struct hashset keys; /* of the objects */
    struct page *page;
    struct compare_progress progress;
};

static int tell(struct comparison *c, enum object_change change, const char *key,
                int64_t time_ns, uint64_t size, struct err *err)
{
    struct object_event event = {
        .change = change, .event_time_ms = time_ns / 1000000, .size_bytes = size};
    char digits[24];

    (void)text_copy(event.bucket, sizeof event.bucket, OBJECT_BUCKET);
    if (text_copy(event.key, sizeof event.key, key) < 0)
        return err_set(err, ERR_INVALID, "a key of more than %d bytes", KEY_BYTES - 1);
    if (!c->conf->store_events) {
        (void)snprintf(digits, sizeof digits, "%016llX", (unsigned long long)time_ns);
        if (object_sequencer(digits, event.sequencer, err) < 0)
            return err->code;
    }
    if (change == OBJECT_CREATED)
        c->progress.created++;
    else
        c->progress.removed++;
    if (object_notices_count(c->notices) == TOGETHER &&
        object_notices_send(c->notices, PUBLISH_MS, err) < 0)
        return err->code;
    return object_notices_add(c->notices, &event, NULL, err);
}

static int on_object(void *ctx, const char *key, const struct store_info *info, struct err *err)
{
    struct comparison *c = ctx;
    struct page *page = c->page;
    struct object *object = &page->objects[page->count];
    struct err unfit = {0};
    struct key parts;

    page->seen++;
    page->last_key = object->key = scratch_copy(&page->scratch, key, strlen(key));
    if (!object->key)
        return err_set_nomem(err, "a page of the store's listing");
    if (key_parse(key, strlen(key), &parts, &unfit) < 0) {
        c->progress.bad_keys++;
        return 0;
    }
    object->ref = (struct catalog_ref){
        parts.area == KEY_POOL ? CATALOG_POOL : CATALOG_GARDEN,
        scratch_copy(&page->scratch, parts.search_key, strlen(parts.search_key)),
        scratch_copy(&page->scratch, parts.name, strlen(parts.name))};
    if (!object->ref.search_key || !object->ref.name)
        return err_set_nomem(err, "a page of the store's listing");
    object->size = info->size;
    object->mtime_ns = info->mtime_ns;
    page->refs[page->count++] = object->ref;
    if (c->keys.count < KEYS_MAX && hashset_add(&c->keys, hash_text(key, strlen(key)), err) < 0)
        return err->code;
    return 0;
}

/* The object says something that the catalogue does not know. */
static bool is_news(const struct object *object, const struct catalog_item *row)
{
    bool newer = object->mtime_ns / 1000000 > row->event_time_ms;

    if (row->state == CATALOG_LIVE)
        return newer || object->size != row->size_bytes;
    return newer || row->state == CATALOG_REMOVED;
}

static int compare_objects(struct comparison *c, struct err *err)
{
    const struct page *page = c->page;

    for (size_t i = 0; i < page->count; i++) {
        const struct object *object = &page->objects[i];
        const struct catalog_item *row = page->found[i] ? &page->rows[i] : NULL;
        int64_t time_ns = object->mtime_ns;

        if (row && !is_news(object, row))
            continue;
        /* A copy may be older than what the catalogue knows of its key, and has to count all
         * the same. What is true is looked up when the event is handled. */
        if (row && time_ns / 1000000 <= row->event_time_ms)
            time_ns = clock_wall_ns();
        if (tell(c, OBJECT_CREATED, object->key, time_ns, object->size, err) < 0)
            return err->code;
    }
    return 0;
}

static int report(struct comparison *c, struct err *err)
{
    return c->conf->on_progress ? c->conf->on_progress(c->conf->ctx, &c->progress, err) : 0;
}

/* Objects without a row. */
static int walk_store(struct comparison *c, const char *prefix, struct err *err)
{
    char after[KEY_BYTES] = "";

    do {
        struct page *page = c->page;

        scratch_reset(&page->scratch);
        page->count = page->seen = 0;
        if (store_list(c->conf->store, prefix, *after ? after : NULL, PAGE, on_object, c, err) <
            0)
            return err->code;
        if (page->count && catalog_get(c->conf->catalog, page->refs, page->count, page->rows,
                                       page->found, err) < 0)
            return err->code;
        if (compare_objects(c, err) < 0)
            return err->code;
        c->progress.objects += page->seen;
        if (page->seen && text_copy(after, sizeof after, page->last_key) < 0)
            return err_set(err, ERR_INVALID, "the store lists a key of more than %d bytes",
                           KEY_BYTES - 1);
        if (report(c, err) < 0)
            return err->code;
    } while (c->page->seen == PAGE);
    return 0;
}

static int on_row(void *ctx, const struct catalog_item *item, struct err *err)
{
    struct comparison *c = ctx;
    struct page *page = c->page;
    struct object *object = &page->objects[page->count++];

    object->ref = (struct catalog_ref){
        item->ref.area,
        scratch_copy(&page->scratch, item->ref.search_key, strlen(item->ref.search_key)),
        scratch_copy(&page->scratch, item->ref.name, strlen(item->ref.name))};
    if (!object->ref.search_key || !object->ref.name)
        return err_set_nomem(err, "a page of the catalogue");
    return 0;
}

/* The store is asked by name: the listing may have been past the key when it came. The time is
 * taken before, so that whatever is written after the answer is newer. */
static int check_row(struct comparison *c, const struct catalog_ref *ref, struct err *err)
{
    char key[KEY_BYTES];
    struct store_info info;
    struct err why = {0};
    int64_t now_ns = clock_wall_ns();
    int r;

    if (key_format(ref->area == CATALOG_POOL ? KEY_POOL : KEY_GARDEN, ref->search_key,
                   ref->name, key, err) < 0)
        return err->code;
    if (hashset_has(&c->keys, hash_text(key, strlen(key))))
        return 0;
    r = store_head(c->conf->store, key, &info, &why);
    if (r == ERR_NOT_FOUND)
        return tell(c, OBJECT_REMOVED, key, now_ns, 0, err);
    return r < 0 ? err_set(err, r, "%s", why.text) : 0;
}

/* Rows without an object. */
static int walk_catalog(struct comparison *c, enum catalog_area area, struct err *err)
{
    char after_search_key[KEY_BYTES] = "", after_name[KEY_BYTES] = "";
    struct page *page = c->page;

    do {
        const struct catalog_query query = {.area = area,
                                            .after_search_key =
                                                *after_name ? after_search_key : NULL,
                                            .after_name = *after_name ? after_name : NULL,
                                            .limit = PAGE};

        scratch_reset(&page->scratch);
        page->count = 0;
        if (catalog_select(c->conf->catalog, &query, on_row, c, err) < 0)
            return err->code;
        for (size_t i = 0; i < page->count; i++)
            if (check_row(c, &page->objects[i].ref, err) < 0)
                return err->code;
        c->progress.rows += page->count;
        if (page->count) {
            const struct catalog_ref *last = &page->objects[page->count - 1].ref;

            (void)text_copy(after_search_key, sizeof after_search_key, last->search_key);
            (void)text_copy(after_name, sizeof after_name, last->name);
        }
        if (report(c, err) < 0)
            return err->code;
    } while (page->count == PAGE);
    return 0;
}

static int add_live(void *ctx, enum catalog_area area, const char *search_key,
                    const struct catalog_head *head, struct err *err)
{
    (void)area;
    (void)search_key;
    (void)err;
    *(uint64_t *)ctx += head->live;
    return 0;
}

/* A disk that is not mounted and the wrong bucket look like this. */
static int doubt_empty_store(const struct comparison *c, struct err *err)
{
    uint64_t live = 0;

    if (c->progress.objects || c->conf->accept_empty)
        return 0;
    if (catalog_heads(c->conf->catalog, add_live, &live, err) < 0)
        return err->code;
    if (live <= ROWS_DOUBTED)
        return 0;
    return err_set(err, ERR_CONFLICT,
                   "the store has no pictures and the catalogue has %llu: is the right store "
                   "there? If they really are gone: POST /reconcile?accept-empty=1",
                   (unsigned long long)live);
}

static int compare_all(struct comparison *c, struct err *err)
{
    if (walk_store(c, KEY_POOL_PREFIX, err) < 0 || walk_store(c, KEY_GARDEN_PREFIX, err) < 0 ||
        doubt_empty_store(c, err) < 0 || walk_catalog(c, CATALOG_POOL, err) < 0 ||
        walk_catalog(c, CATALOG_GARDEN, err) < 0 ||
        object_notices_send(c->notices, PUBLISH_MS, err) < 0)
        return err->code;
    return report(c, err);
}

int compare_store_and_catalog(const struct compare_conf *conf, struct err *err)
{
    struct comparison c = {.conf = conf,
                           .notices = object_notices_new(conf->bus, SOURCE, err),
                           .page = calloc(1, sizeof *c.page)};
    int r = 0;

    if (!c.notices || !c.page) {
        err_set_nomem(err, "a page of the listing");
        r = ERR_NOMEM;
    }
    if (r == 0)
        r = compare_all(&c, err);
    hashset_done(&c.keys);
    if (c.page)
        scratch_done(&c.page->scratch);
    free(c.page);
    object_notices_free(c.notices);
    return r;
}
