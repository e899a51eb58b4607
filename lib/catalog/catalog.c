/* catalog.c - catalog.h in front of the two backends: takes the handle's lock, and checks what
 * goes in, so that both refuse the same things with the same words. */
#include "lib/catalog/catalog.h"

#include <string.h>

#include "lib/base/text.h"
#include "lib/catalog/catalog_internal.h"

enum { KEY_LIMIT = 1024 };

struct catalog *catalog_open(const struct catalog_conf *conf, struct err *err)
{
    struct catalog *catalog = NULL;

    if (conf->url && strcmp(conf->url, "sqlite") == 0)
        catalog = catalog_sqlite_open(conf, err);
    else if (conf->url && (text_starts_with(conf->url, "postgresql://") ||
                           text_starts_with(conf->url, "postgres://")))
        catalog = catalog_pg_open(conf, err);
    else
        err_set(err, ERR_INVALID,
                "the catalogue url is neither \"sqlite\" nor \"postgresql://...\"");
    if (catalog)
        (void)pthread_mutex_init(&catalog->lock, NULL);
    return catalog;
}

void catalog_free(struct catalog *catalog)
{
    if (!catalog)
        return;
    (void)pthread_mutex_destroy(&catalog->lock);
    catalog->ops->close(catalog);
}

bool catalog_may_block(const struct catalog *catalog)
{
    return catalog->ops->may_block;
}

int catalog_run(struct catalog *catalog, const struct catalog_call *call, struct err *err)
{
    int r;

    (void)pthread_mutex_lock(&catalog->lock);
    r = catalog->ops->run(catalog, call, err);
    (void)pthread_mutex_unlock(&catalog->lock);
    return r;
}

int catalog_check_text(const char *text, const char *what, struct err *err)
{
    size_t size = text ? strlen(text) : 0;

    if (size == 0 || size > KEY_LIMIT)
        return err_set(err, ERR_INVALID, "the %s is %s", what,
                       size ? "longer than 1024 bytes" : "empty");
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return err_set(err, ERR_INVALID, "the %s has a control character at byte %zu", what,
                           (size_t)(p - text));
    if (!text_is_utf8(text, size))
        return err_set(err, ERR_INVALID, "the %s is not UTF-8", what);
    return 0;
}

static int check_ref(const struct catalog_ref *ref, struct err *err)
{
    int r;

    if (ref->area != CATALOG_POOL && ref->area != CATALOG_GARDEN)
        return err_set(err, ERR_INVALID, "area %d is neither pool nor garden", (int)ref->area);
    r = catalog_check_text(ref->search_key, "search key", err);
    return r < 0 ? r : catalog_check_text(ref->name, "name", err);
}

static bool is_digest(const char *hex)
{
    size_t size = strnlen(hex, CATALOG_SHA256);

    for (size_t i = 0; i < size; i++)
        if (text_hex_digit(hex[i]) < 0)
            return false;
    return size == 0 || size == CATALOG_SHA256 - 1;
}

/* What is wrong with the item, or NULL. */
static const char *item_fault(const struct catalog_item *item)
{
    if (item->state < CATALOG_LIVE || item->state > CATALOG_HIDDEN)
        return "its state is none of live, removed, hidden";
    if (item->orientation != 'h' && item->orientation != 'v')
        return "its orientation is neither h nor v";
    if (item->size_bytes > INT64_MAX)
        return "its size is larger than any file";
    if (!is_digest(item->sha256))
        return "its sha256 is not 64 hex digits";
    if (!memchr(item->sequencer, '\0', sizeof item->sequencer))
        return "its sequencer is not ended";
    return NULL;
}

static int check_item(const struct catalog_item *item, struct err *err)
{
    int r = check_ref(&item->ref, err);
    const char *fault;

    if (r < 0)
        return r;
    fault = item_fault(item);
    if (fault)
        return err_set(err, ERR_INVALID, "item %.120s: %s", item->ref.name, fault);
    if (*item->sequencer && (r = catalog_check_text(item->sequencer, "sequencer", err)) < 0)
        return r;
    if (item->control && *item->control)
        return catalog_check_text(item->control, "control", err);
    return 0;
}

static int compare_refs(const struct catalog_ref *a, const struct catalog_ref *b)
{
    int d = (int)a->area - (int)b->area;

    if (d == 0 && a->search_key != b->search_key)
        d = strcmp(a->search_key, b->search_key);
    return d ? d : strcmp(a->name, b->name);
}

static int compare_items(const void *a, const void *b)
{
    return compare_refs(&(*(const struct catalog_item *const *)a)->ref,
                        &(*(const struct catalog_item *const *)b)->ref);
}

size_t catalog_work_group(const struct catalog_work *work, size_t start)
{
    const struct catalog_ref *first = &work->items[start]->ref;
    size_t end = start + 1;

    while (end < work->batch->item_count && work->items[end]->ref.area == first->area &&
           strcmp(work->items[end]->ref.search_key, first->search_key) == 0)
        end++;
    return end;
}

static int sort_items(struct catalog_work *work, struct err *err)
{
    const struct catalog_batch *batch = work->batch;
    int r;

    for (size_t i = 0; i < batch->item_count; i++) {
        r = check_item(&batch->items[i], err);
        if (r < 0)
            return r;
        work->items[i] = &batch->items[i];
    }
    qsort(work->items, batch->item_count, sizeof(const void *), compare_items);
    for (size_t i = 1; i < batch->item_count; i++)
        if (compare_refs(&work->items[i - 1]->ref, &work->items[i]->ref) == 0)
            return err_set(err, ERR_INVALID, "item %.120s stands in the batch twice",
                           work->items[i]->ref.name);
    return 0;
}

static int check_offset(const struct catalog_batch *batch, struct err *err)
{
    const struct catalog_offset *offset = batch->offset;
    int r;

    if (!offset)
        return batch->outbox ? err_set(err, ERR_INVALID, "an outbox needs the offset it is for")
                             : 0;
    if (offset->next < 0 || offset->expected < -1)
        return err_set(err, ERR_INVALID, "offset %lld after %lld cannot be",
                       (long long)offset->next, (long long)offset->expected);
    r = catalog_check_text(offset->group, "consumer group", err);
    return r < 0 ? r : catalog_check_text(offset->topic, "topic", err);
}

int catalog_apply(struct catalog *catalog, const struct catalog_batch *batch, struct err *err)
{
    struct catalog_work work = {.batch = batch};
    int r = check_offset(batch, err);

    if (r < 0)
        return r;
    work.items = calloc(batch->item_count + 1, sizeof(const void *));
    if (!work.items)
        return err_set_nomem(err, "a batch of items");
    r = sort_items(&work, err);
    if (r == 0) {
        (void)pthread_mutex_lock(&catalog->lock);
        r = catalog->ops->apply(catalog, &work, err);
        (void)pthread_mutex_unlock(&catalog->lock);
    }
    free(work.items);
    return r;
}

int catalog_get(struct catalog *catalog, const struct catalog_ref *refs, size_t count,
                struct catalog_item *ret_items, bool *ret_found, struct err *err)
{
    int r = 0;

    for (size_t i = 0; i < count; i++) {
        r = check_ref(&refs[i], err);
        if (r < 0)
            return r;
    }
    if (count == 0)
        return 0;
    (void)pthread_mutex_lock(&catalog->lock);
    r = catalog->ops->get(catalog, refs, count, ret_items, ret_found, err);
    (void)pthread_mutex_unlock(&catalog->lock);
    return r;
}

static int ignore_row(void *ctx, const struct catalog_value *row, struct err *err)
{
    (void)ctx, (void)row, (void)err;
    return 0;
}

int catalog_ping(struct catalog *catalog, struct err *err)
{
    const struct catalog_call call = {.sql = CATALOG_SQL_SCHEMA, .fn = ignore_row};
    int r;

    (void)pthread_mutex_lock(&catalog->lock);
    r = catalog->ops->begin(catalog, !catalog->read_only, err);
    if (r == 0) {
        r = catalog->ops->run(catalog, &call, err);
        catalog->ops->rollback(catalog);
    }
    (void)pthread_mutex_unlock(&catalog->lock);
    return r < 0 ? r : 0;
}
