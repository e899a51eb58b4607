/* catalog_offset.c - how far a consumer is, what it still has to publish, and the heads. */
#include "lib/catalog/catalog_internal.h"

/* Rows of the outbox hold the events of a whole batch: a few at a time are in memory. */
enum { OUTBOX_PAGE = 8 };

static int on_number(void *ctx, const struct catalog_value *row, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = row[0].number;
    return 0;
}

int catalog_offset_get(struct catalog *catalog, const char *group, const char *topic,
                       int32_t partition, int64_t *ret_next, struct err *err)
{
    int64_t next = -1;
    const struct catalog_value params[] = {catalog_text(group), catalog_text(topic),
                                           catalog_int(partition)};
    const struct catalog_call call = {.sql = CATALOG_SQL_OFFSET,
                                      .params = params,
                                      .param_count = 3,
                                      .fn = on_number,
                                      .ctx = &next};
    int r = catalog_run(catalog, &call, err);

    if (r < 0)
        return r;
    *ret_next = next;
    return 0;
}

struct offset_visit {
    int (*fn)(void *ctx, const struct catalog_offset *offset, struct err *err);
    void *ctx;
};

static int on_offset(void *ctx, const struct catalog_value *row, struct err *err)
{
    const struct offset_visit *visit = ctx;
    const struct catalog_offset offset = {.group = catalog_value_text(&row[0]),
                                          .topic = catalog_value_text(&row[1]),
                                          .partition = (int32_t)row[2].number,
                                          .expected = row[3].number,
                                          .next = row[3].number};

    return visit->fn(visit->ctx, &offset, err);
}

int catalog_offsets(struct catalog *catalog,
                    int (*fn)(void *ctx, const struct catalog_offset *offset, struct err *err),
                    void *ctx, struct err *err)
{
    struct offset_visit visit = {fn, ctx};
    const struct catalog_call call = {
        .sql = CATALOG_SQL_OFFSETS, .fn = on_offset, .ctx = &visit};
    int r = catalog_run(catalog, &call, err);

    return r < 0 ? r : 0;
}

struct outbox_visit {
    int (*fn)(void *ctx, int64_t next_offset, const void *bytes, size_t size, struct err *err);
    void *ctx;
    int64_t last; /* id of the row before */
};

static int on_outbox(void *ctx, const struct catalog_value *row, struct err *err)
{
    struct outbox_visit *visit = ctx;

    visit->last = row[0].number;
    return visit->fn(visit->ctx, row[1].number, row[2].bytes, row[2].size, err);
}

int catalog_outbox_each(struct catalog *catalog, const char *topic, int32_t partition,
                        int (*fn)(void *ctx, int64_t next_offset, const void *bytes,
                                  size_t size, struct err *err),
                        void *ctx, struct err *err)
{
    struct outbox_visit visit = {.fn = fn, .ctx = ctx, .last = INT64_MIN};
    struct catalog_value params[] = {catalog_text(topic), catalog_int(partition),
                                     catalog_int(INT64_MIN), catalog_int(OUTBOX_PAGE)};
    const struct catalog_call call = {.sql = CATALOG_SQL_OUTBOX,
                                      .params = params,
                                      .param_count = 4,
                                      .fn = on_outbox,
                                      .ctx = &visit};
    int r;

    do {
        params[2] = catalog_int(visit.last);
        r = catalog_run(catalog, &call, err);
    } while (r == OUTBOX_PAGE);
    return r < 0 ? r : 0;
}

int catalog_outbox_done(struct catalog *catalog, const char *topic, int32_t partition,
                        int64_t next_offset, struct err *err)
{
    const struct catalog_value params[] = {catalog_text(topic), catalog_int(partition),
                                           catalog_int(next_offset)};
    const struct catalog_call call = {
        .sql = CATALOG_SQL_OUTBOX_DONE, .params = params, .param_count = 3};
    int r = catalog_run(catalog, &call, err);

    return r < 0 ? r : 0;
}

static int on_head(void *ctx, const struct catalog_value *row, struct err *err)
{
    struct catalog_head *head = ctx;

    (void)err;
    head->version = (uint64_t)row[0].number;
    head->live = (uint64_t)row[1].number;
    return 0;
}

int catalog_head(struct catalog *catalog, enum catalog_area area, const char *search_key,
                 struct catalog_head *ret_head, struct err *err)
{
    struct catalog_head head = {0};
    const struct catalog_value params[] = {catalog_int(area), catalog_text(search_key)};
    const struct catalog_call call = {.sql = CATALOG_SQL_HEAD,
                                      .params = params,
                                      .param_count = 2,
                                      .fn = on_head,
                                      .ctx = &head};
    int r = catalog_check_text(search_key, "search key", err);

    if (r < 0 || (r = catalog_run(catalog, &call, err)) < 0)
        return r;
    *ret_head = head;
    return 0;
}

struct head_visit {
    int (*fn)(void *ctx, enum catalog_area area, const char *search_key,
              const struct catalog_head *head, struct err *err);
    void *ctx;
};

static int on_heads(void *ctx, const struct catalog_value *row, struct err *err)
{
    const struct head_visit *visit = ctx;
    struct catalog_head head;

    (void)on_head(&head, row + 2, err);
    return visit->fn(visit->ctx, (enum catalog_area)row[0].number, catalog_value_text(&row[1]),
                     &head, err);
}

int catalog_heads(struct catalog *catalog,
                  int (*fn)(void *ctx, enum catalog_area area, const char *search_key,
                            const struct catalog_head *head, struct err *err),
                  void *ctx, struct err *err)
{
    struct head_visit visit = {fn, ctx};
    const struct catalog_call call = {.sql = CATALOG_SQL_HEADS, .fn = on_heads, .ctx = &visit};
    int r = catalog_run(catalog, &call, err);

    return r < 0 ? r : 0;
}
