/* catalog_sqlite_apply.c - reading and writing batches of items in SQLite.
 *
 * Most items are new, so each is first inserted; only where that finds a row is its old state
 * read and the row replaced. Inside BEGIN IMMEDIATE nobody else writes, so the live counts that
 * are added up from old and new states are exact. */
#include "lib/base/text.h"
#include "lib/catalog/catalog_sqlite.h"

static int on_row(void *ctx, const struct catalog_value *row, struct err *err)
{
    (void)err;
    catalog_item_from_row(row, ctx);
    return 0;
}

static int get_all(struct catalog_sqlite *s, const struct catalog_ref *refs, size_t count,
                   struct catalog_item *items, bool *found, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct catalog_value params[] = {catalog_int(refs[i].area),
                                               catalog_text(refs[i].search_key),
                                               catalog_text(refs[i].name)};
        const struct catalog_call call = {.sql = SQLITE_SQL_GET,
                                          .params = params,
                                          .param_count = 3,
                                          .fn = on_row,
                                          .ctx = &items[i]};
        int r = catalog_sqlite_run(&s->base, &call, err);

        if (r < 0)
            return r;
        items[i].ref = refs[i];
        found[i] = r > 0;
    }
    return 0;
}

int catalog_sqlite_get(struct catalog *catalog, const struct catalog_ref *refs, size_t count,
                       struct catalog_item *ret_items, bool *ret_found, struct err *err)
{
    struct catalog_sqlite *s = (struct catalog_sqlite *)catalog;
    int r = catalog_sqlite_step(s, SQLITE_SQL_BEGIN_READ, err);

    if (r < 0)
        return r;
    r = get_all(s, refs, count, ret_items, ret_found, err);
    catalog_sqlite_rollback(catalog);
    return r;
}

static int on_state(void *ctx, const struct catalog_value *row, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = row[0].number;
    return 0;
}

/* Writes one item; *live is changed by what that does to the number of live ones. */
static int put_item(struct catalog_sqlite *s, const struct catalog_item *item, int64_t *live,
                    struct err *err)
{
    unsigned char digest[CATALOG_DIGEST];
    const char orientation[2] = {item->orientation, '\0'};
    int64_t old = CATALOG_REMOVED;
    const struct catalog_value params[] = {
        catalog_int(item->ref.area),
        catalog_text(item->ref.search_key),
        catalog_text(item->ref.name),
        catalog_int(item->state),
        catalog_text(orientation),
        catalog_int(item->width),
        catalog_int(item->height),
        catalog_int((int64_t)item->size_bytes),
        catalog_blob(digest, catalog_digest(item->sha256, digest)),
        catalog_int(item->event_time_ms),
        catalog_text(item->sequencer),
        item->control ? catalog_text(item->control) : (struct catalog_value){0}};
    struct catalog_call call = {.sql = SQLITE_SQL_INSERT,
                                .params = params,
                                .param_count = sizeof(params) / sizeof(*params)};
    int r = catalog_sqlite_run(&s->base, &call, err);

    if (r == 0) { /* there is a row */
        const struct catalog_call state = {.sql = SQLITE_SQL_STATE,
                                           .params = params,
                                           .param_count = 3,
                                           .fn = on_state,
                                           .ctx = &old};

        r = catalog_sqlite_run(&s->base, &state, err);
        call.sql = SQLITE_SQL_UPDATE;
        if (r >= 0)
            r = catalog_sqlite_run(&s->base, &call, err);
    }
    *live += (item->state == CATALOG_LIVE) - (old == CATALOG_LIVE);
    return r;
}

static int put_head(struct catalog_sqlite *s, const struct catalog_ref *ref, int64_t live,
                    struct err *err)
{
    const char *slash = strchr(ref->search_key, '/');
    const struct catalog_value params[] = {
        catalog_int(ref->area), catalog_text(ref->search_key),
        catalog_text(slash ? slash + 1 : ""), catalog_int(live)};
    const struct catalog_call call = {
        .sql = SQLITE_SQL_HEAD_ADD, .params = params, .param_count = 4};

    return catalog_sqlite_run(&s->base, &call, err);
}

static int put_items(struct catalog_sqlite *s, const struct catalog_work *work, struct err *err)
{
    for (size_t start = 0, end; start < work->batch->item_count; start = end) {
        int64_t live = 0;
        int r;

        end = catalog_work_group(work, start);
        for (size_t i = start; i < end; i++) {
            r = put_item(s, work->items[i], &live, err);
            if (r < 0)
                return r;
        }
        r = put_head(s, &work->items[start]->ref, live, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static int put_offset(struct catalog_sqlite *s, const struct catalog_offset *offset,
                      struct err *err)
{
    bool first = offset->expected < 0;
    const struct catalog_value params[] = {
        catalog_text(offset->group), catalog_text(offset->topic),
        catalog_int(offset->partition), catalog_int(offset->next),
        catalog_int(offset->expected)};
    const struct catalog_call call = {.sql = first ? SQLITE_SQL_OFFSET_FIRST
                                                   : SQLITE_SQL_OFFSET_NEXT,
                                      .params = params,
                                      .param_count = first ? 4 : 5};
    int r = catalog_sqlite_run(&s->base, &call, err);

    return r ? r : catalog_offset_conflict(offset, err);
}

static int put_outbox(struct catalog_sqlite *s, const struct catalog_batch *batch,
                      struct err *err)
{
    const struct catalog_value params[] = {
        catalog_text(batch->offset->topic), catalog_int(batch->offset->partition),
        catalog_int(batch->offset->next), catalog_blob(batch->outbox, batch->outbox_size)};
    const struct catalog_call call = {
        .sql = CATALOG_SQL_OUTBOX_ADD, .params = params, .param_count = 4};

    return catalog_sqlite_run(&s->base, &call, err);
}

/* The offset first: where it is another's, nothing else is tried. */
static int put_all(struct catalog_sqlite *s, const struct catalog_work *work, struct err *err)
{
    const struct catalog_batch *batch = work->batch;
    int r = 0;

    if (batch->offset)
        r = put_offset(s, batch->offset, err);
    if (r >= 0 && batch->offset && batch->outbox)
        r = put_outbox(s, batch, err);
    return r < 0 ? r : put_items(s, work, err);
}

int catalog_sqlite_apply(struct catalog *catalog, const struct catalog_work *work,
                         struct err *err)
{
    struct catalog_sqlite *s = (struct catalog_sqlite *)catalog;
    int r = catalog_sqlite_step(s, SQLITE_SQL_BEGIN_WRITE, err);

    if (r < 0)
        return r;
    r = put_all(s, work, err);
    if (r >= 0)
        r = catalog_sqlite_step(s, SQLITE_SQL_COMMIT, err);
    if (r < 0)
        catalog_sqlite_rollback(catalog);
    return r < 0 ? r : 0;
}
