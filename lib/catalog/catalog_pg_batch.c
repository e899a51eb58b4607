/* catalog_pg_batch.c - reading and writing batches of items in PostgreSQL.
 *
 * A batch is one transaction and one round trip:
 *   1. the offset is moved, by a statement that fails where it is not what was expected;
 *   2. the heads are made or moved to their next version, in the order of their keys. That
 *      locks them, so from here on nobody else writes under these search keys, and replicas
 *      that write the same ones wait for each other in the same order;
 *   3. the items replace their rows, and what that does to the number of live ones, which the
 *      old rows tell, is added to the heads;
 *   4. the outbox gets its row.
 * Columns travel as arrays, so each step is one statement however many items there are. */
#include "lib/catalog/catalog_pg.h"
#include "lib/catalog/catalog_pg_array.h"

static const char offset_first[] =
    "INSERT INTO catalog_offsets (consumer, topic, part, next_offset) VALUES ($1, $2, $3, $4)";

/* The inner SELECT finds nothing, hence NULL, which the column refuses, where the row is not
 * what was expected. */
static const char offset_next[] =
    "INSERT INTO catalog_offsets (consumer, topic, part, next_offset) VALUES ($1, $2, $3, "
    "(SELECT $4::bigint FROM catalog_offsets WHERE consumer = $1 AND topic = $2 AND part = $3 "
    "AND next_offset = $5 FOR UPDATE)) "
    "ON CONFLICT (consumer, topic, part) DO UPDATE SET next_offset = excluded.next_offset";

static const char heads_next[] =
    "INSERT INTO catalog_heads (area, search_key, favorite, version, live) "
    "SELECT n.area, n.search_key, n.favorite, "
    "(SELECT first_version FROM catalog_schema WHERE only_row = 1), 0 "
    "FROM unnest($1::smallint[], $2::text[], $3::text[]) AS n(area, search_key, favorite) "
    "ON CONFLICT (area, search_key) DO UPDATE SET version = catalog_heads.version + 1";

static const char items_put[] =
    "WITH input AS (SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], "
    "$4::smallint[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bytea[], "
    "$10::bigint[], $11::text[], $12::text[]) "
    "AS n(area, search_key, name, " CATALOG_ITEM_COLUMNS ", control)), "
    "put AS (INSERT INTO catalog_items (area, search_key, name, " CATALOG_ITEM_COLUMNS
    ", control) SELECT * FROM input ON CONFLICT (area, search_key, name) DO UPDATE SET "
    "state = excluded.state, orientation = excluded.orientation, width = excluded.width, "
    "height = excluded.height, size_bytes = excluded.size_bytes, sha256 = excluded.sha256, "
    "event_ms = excluded.event_ms, sequencer = excluded.sequencer, "
    "control = excluded.control), "
    "change AS (SELECT n.area, n.search_key, "
    "sum(CASE WHEN n.state = 0 THEN 1 ELSE 0 END - CASE WHEN old.state = 0 THEN 1 ELSE 0 END) "
    "AS live FROM input n LEFT JOIN catalog_items old ON old.area = n.area "
    "AND old.search_key = n.search_key AND old.name = n.name GROUP BY n.area, n.search_key) "
    "UPDATE catalog_heads SET live = catalog_heads.live + change.live FROM change "
    "WHERE catalog_heads.area = change.area AND catalog_heads.search_key = change.search_key "
    "AND change.live <> 0";

static const char items_get[] =
    "SELECT " CATALOG_ITEM_COLUMNS ", n.place FROM "
    "unnest($1::smallint[], $2::text[], $3::text[]) "
    "WITH ORDINALITY AS n(area, search_key, name, place) "
    "JOIN catalog_items i ON i.area = n.area AND i.search_key = n.search_key "
    "AND i.name = n.name";

enum { COLUMNS = 12, HEAD_COLUMNS = 3, REF_COLUMNS = 3, STEPS = 6 };

/* The types of the columns of items_put; those of a ref come first. */
static const enum catalog_pg_type item_types[COLUMNS] = {
    CATALOG_PG_INT2,  CATALOG_PG_TEXT, CATALOG_PG_TEXT, CATALOG_PG_INT2,
    CATALOG_PG_TEXT,  CATALOG_PG_INT8, CATALOG_PG_INT8, CATALOG_PG_INT8,
    CATALOG_PG_BYTEA, CATALOG_PG_INT8, CATALOG_PG_TEXT, CATALOG_PG_TEXT};

/* Columns as parameters. */
struct columns {
    struct buf arrays[COLUMNS];
    struct catalog_value params[COLUMNS];
    Oid types[COLUMNS];
    size_t count;
};

static void columns_begin(struct columns *columns, size_t count, size_t rows)
{
    *columns = (struct columns){.count = count};
    for (size_t i = 0; i < count; i++) {
        columns->types[i] = catalog_pg_array_type(item_types[i]);
        catalog_pg_array_begin(&columns->arrays[i], item_types[i], rows);
    }
}

static int columns_end(struct columns *columns, struct err *err)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (!buf_ok(&columns->arrays[i]))
            return err_set_nomem(err, "a batch of items");
        columns->params[i] = catalog_blob(columns->arrays[i].data, columns->arrays[i].size);
    }
    return 0;
}

static void columns_done(struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++)
        buf_done(&columns->arrays[i]);
}

static void put_text(struct buf *array, const char *text)
{
    catalog_pg_array_bytes(array, text, strlen(text));
}

static void put_ref(struct columns *columns, const struct catalog_ref *ref)
{
    catalog_pg_array_int2(&columns->arrays[0], ref->area);
    put_text(&columns->arrays[1], ref->search_key);
    put_text(&columns->arrays[2], ref->name);
}

static void put_item(struct columns *columns, const struct catalog_item *item)
{
    struct buf *next = &columns->arrays[REF_COLUMNS];
    unsigned char digest[CATALOG_DIGEST];
    size_t digest_size = catalog_digest(item->sha256, digest);

    put_ref(columns, &item->ref);
    catalog_pg_array_int2(next++, item->state);
    catalog_pg_array_bytes(next++, &item->orientation, 1);
    catalog_pg_array_int8(next++, item->width);
    catalog_pg_array_int8(next++, item->height);
    catalog_pg_array_int8(next++, (int64_t)item->size_bytes);
    catalog_pg_array_bytes(next++, digest, digest_size);
    catalog_pg_array_int8(next++, item->event_time_ms);
    put_text(next++, item->sequencer);
    if (item->control)
        put_text(next, item->control);
    else
        catalog_pg_array_null(next);
}

static int fill_items(struct columns *columns, const struct catalog_work *work, struct err *err)
{
    columns_begin(columns, COLUMNS, work->batch->item_count);
    for (size_t i = 0; i < work->batch->item_count; i++)
        put_item(columns, work->items[i]);
    return columns_end(columns, err);
}

/* One row for each search key: area, search key, favourite. */
static int fill_heads(struct columns *columns, const struct catalog_work *work, struct err *err)
{
    size_t groups = 0, count = work->batch->item_count;

    for (size_t i = 0; i < count; i = catalog_work_group(work, i))
        groups++;
    columns_begin(columns, HEAD_COLUMNS, groups);
    for (size_t i = 0; i < count; i = catalog_work_group(work, i)) {
        const struct catalog_ref *ref = &work->items[i]->ref;
        const char *slash = strchr(ref->search_key, '/');

        catalog_pg_array_int2(&columns->arrays[0], ref->area);
        put_text(&columns->arrays[1], ref->search_key);
        put_text(&columns->arrays[2], slash ? slash + 1 : "");
    }
    return columns_end(columns, err);
}

/* Everything that is sent for a batch. */
struct transaction {
    const struct catalog_offset *offset;
    int offset_step; /* which command moves the offset; -1: none */
    size_t count;
    struct catalog_pg_command commands[STEPS];
    struct catalog_value offset_params[5], outbox_params[4];
    struct columns heads, items;
};

static void add(struct transaction *t, struct catalog_pg_command command)
{
    t->commands[t->count++] = command;
}

static void add_offset(struct transaction *t, const struct catalog_batch *batch)
{
    const struct catalog_offset *offset = batch->offset;
    bool first = offset->expected < 0;

    t->offset_params[0] = catalog_text(offset->group);
    t->offset_params[1] = catalog_text(offset->topic);
    t->offset_params[2] = catalog_int(offset->partition);
    t->offset_params[3] = catalog_int(offset->next);
    t->offset_params[4] = catalog_int(offset->expected);
    t->offset_step = (int)t->count;
    add(t, (struct catalog_pg_command){.text = first ? offset_first : offset_next,
                                       .params = t->offset_params,
                                       .param_count = first ? 4 : 5});
    if (!batch->outbox)
        return;
    t->outbox_params[0] = catalog_text(offset->topic);
    t->outbox_params[1] = catalog_int(offset->partition);
    t->outbox_params[2] = catalog_int(offset->next);
    t->outbox_params[3] = catalog_blob(batch->outbox, batch->outbox_size);
    add(t, (struct catalog_pg_command){.text = catalog_sql_text(CATALOG_SQL_OUTBOX_ADD),
                                       .params = t->outbox_params,
                                       .param_count = 4});
}

static int fill(struct transaction *t, const struct catalog_work *work, struct err *err)
{
    int r;

    add(t, (struct catalog_pg_command){.text = "BEGIN ISOLATION LEVEL READ COMMITTED"});
    t->offset_step = -1;
    if (work->batch->offset)
        add_offset(t, work->batch);
    if (work->batch->item_count > 0) {
        if ((r = fill_heads(&t->heads, work, err)) < 0 ||
            (r = fill_items(&t->items, work, err)) < 0)
            return r;
        add(t, (struct catalog_pg_command){heads_next, t->heads.params, HEAD_COLUMNS,
                                           t->heads.types, NULL, NULL});
        add(t, (struct catalog_pg_command){items_put, t->items.params, COLUMNS, t->items.types,
                                           NULL, NULL});
    }
    add(t, (struct catalog_pg_command){.text = "COMMIT"});
    return 0;
}

static int run_transaction(struct catalog_pg *pg, const struct transaction *t, struct err *err)
{
    static const char not_null[] = "23502", unique[] = "23505";
    int r, tries = 0;

    catalog_pg_start(pg);
    do {
        char state[CATALOG_PG_STATE];

        r = catalog_pg_connect(pg, err);
        if (r < 0)
            return r;
        r = catalog_pg_exec(pg, t->commands, t->count, err);
        if (r >= 0)
            return 0;
        if (t->offset_step >= 0 && pg->failed == t->offset_step &&
            (strcmp(pg->state, not_null) == 0 || strcmp(pg->state, unique) == 0)) {
            err_clear(err);
            r = ERR_CONFLICT;
        }
        (void)snprintf(state, sizeof state, "%s", pg->state);
        catalog_pg_rollback(pg);
        (void)snprintf(pg->state, sizeof pg->state, "%s", state);
    } while (r != ERR_CONFLICT && catalog_pg_again(pg, tries++, err));
    return r == ERR_CONFLICT ? catalog_offset_conflict(t->offset, err) : r;
}

int catalog_pg_apply(struct catalog *catalog, const struct catalog_work *work, struct err *err)
{
    struct transaction t = {.offset = work->batch->offset};
    int r = fill(&t, work, err);

    if (r == 0)
        r = run_transaction((struct catalog_pg *)catalog, &t, err);
    columns_done(&t.heads);
    columns_done(&t.items);
    return r;
}

struct getting {
    struct catalog_item *items;
    bool *found;
    size_t count;
};

static int on_item(void *ctx, const struct catalog_value *row, struct err *err)
{
    const struct getting *getting = ctx;
    size_t place = (size_t)row[CATALOG_COL_COUNT].number - 1; /* they count from 1 */

    if (place >= getting->count)
        return err_set(err, ERR_REMOTE, "PostgreSQL answered for an item that was not asked");
    catalog_item_from_row(row, &getting->items[place]);
    getting->found[place] = true;
    return 0;
}

int catalog_pg_get(struct catalog *catalog, const struct catalog_ref *refs, size_t count,
                   struct catalog_item *ret_items, bool *ret_found, struct err *err)
{
    struct getting getting = {ret_items, ret_found, count};
    struct columns columns;
    int r;

    columns_begin(&columns, REF_COLUMNS, count);
    for (size_t i = 0; i < count; i++) {
        put_ref(&columns, &refs[i]);
        ret_items[i].ref = refs[i];
        ret_found[i] = false;
    }
    r = columns_end(&columns, err);
    if (r == 0) {
        const struct catalog_pg_command command = {items_get,     columns.params, REF_COLUMNS,
                                                   columns.types, on_item,        &getting};
        struct catalog_pg *pg = (struct catalog_pg *)catalog;

        catalog_pg_start(pg);
        r = catalog_pg_connect(pg, err);
        if (r == 0)
            r = catalog_pg_exec(pg, &command, 1, err);
    }
    columns_done(&columns);
    return r < 0 ? r : 0;
}
