/* Items, offset and outbox move together or not at all: conflicts, crashes, two writers. */
#include "tests/contract/catalog_backends.h"

#include <signal.h>

#include "lib/base/buf.h"

enum { BATCH = 7 };

static const char *const group = "item-ingest", *const topic = "garden.objects";

/* Applies the batch of events [next - BATCH, next) as item-ingest would. */
static int apply_batch(struct catalog *catalog, int64_t expected, int64_t next, struct err *err)
{
    struct catalog_item items[BATCH];
    char names[BATCH][32], events[32];
    const struct catalog_offset offset = {group, topic, 3, expected, next};
    struct catalog_batch batch = {.items = items,
                                  .item_count = BATCH,
                                  .offset = &offset,
                                  .outbox = events,
                                  .outbox_size = sizeof events};

    for (int i = 0; i < BATCH; i++) {
        long long number = (long long)next - BATCH + i;

        (void)snprintf(names[i], sizeof names[i], "img_%08lld.jpeg", number);
        items[i] = item_make(i % 2 ? "happy" : "happy/spring,sunny,day", names[i]);
    }
    batch.outbox_size = (size_t)snprintf(events, sizeof events, "to %lld", (long long)next);
    return catalog_apply(catalog, &batch, err);
}

static int64_t offset_of(struct catalog *catalog)
{
    struct err err = {0};
    int64_t next = -2;

    CHECK_OK(catalog_offset_get(catalog, group, topic, 3, &next, &err), err);
    return next;
}

static int list_outbox(void *ctx, int64_t next_offset, const void *bytes, size_t size,
                       struct err *err)
{
    (void)err;
    buf_printf(ctx, "%lld:%.*s ", (long long)next_offset, (int)size, (const char *)bytes);
    return 0;
}

static void check_outbox(struct catalog *catalog, const char *expected)
{
    OWNED_VALUE(buf) list = {0};
    struct err err = {0};

    CHECK_OK(catalog_outbox_each(catalog, topic, 3, list_outbox, &list, &err), err);
    CHECK_STR(buf_text(&list), expected);
}

static int list_offset(void *ctx, const struct catalog_offset *offset, struct err *err)
{
    (void)err;
    buf_printf(ctx, "%s %s/%d=%lld;", offset->group, offset->topic, (int)offset->partition,
               (long long)offset->next);
    return 0;
}

ON_BOTH(an_offset_moves_only_from_what_was_expected)
{
    OWNED(catalog) catalog = backend_open(backend);
    OWNED_VALUE(buf) list = {0};
    struct err err = {0};
    uint64_t before, after;

    CHECK_INT(offset_of(catalog), ==, -1);
    CHECK_OK(apply_batch(catalog, -1, 7, &err), err);
    CHECK_INT(offset_of(catalog), ==, 7);
    check_head(catalog, "happy", 3, &before);

    CHECK_INT(apply_batch(catalog, -1, 14, &err), ==, ERR_CONFLICT);
    CHECK_HAS(err.text, "garden.objects/3");
    err_clear(&err);
    CHECK_INT(apply_batch(catalog, 6, 14, &err), ==, ERR_CONFLICT);
    CHECK_INT(offset_of(catalog), ==, 7);
    check_head(catalog, "happy", 3, &after);
    CHECK_INT(before, ==, after);
    check_outbox(catalog, "7:to 7 ");

    err_clear(&err);
    CHECK_OK(apply_batch(catalog, 7, 14, &err), err);
    CHECK_INT(offset_of(catalog), ==, 14);
    CHECK_OK(catalog_offsets(catalog, list_offset, &list, &err), err);
    CHECK_STR(buf_text(&list), "item-ingest garden.objects/3=14;");
}

ON_BOTH(an_offset_that_is_missing_is_a_conflict_too)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct err err = {0};

    CHECK_INT(apply_batch(catalog, 7, 14, &err), ==, ERR_CONFLICT);
    CHECK_INT(offset_of(catalog), ==, -1);
    check_head(catalog, "happy", 0, NULL);
}

ON_BOTH(the_outbox_keeps_its_order_until_it_is_published)
{
    OWNED(catalog) catalog = backend_open(backend);
    OWNED_VALUE(buf) expected = {0};
    struct err err = {0};

    for (int64_t next = 7; next <= 210; next += 7) {
        CHECK_OK(apply_batch(catalog, next == 7 ? -1 : next - 7, next, &err), err);
        if (next > 14)
            buf_printf(&expected, "%lld:to %lld ", (long long)next, (long long)next);
    }
    CHECK_OK(catalog_outbox_done(catalog, topic, 2, 1000, &err), err);
    CHECK_OK(catalog_outbox_done(catalog, topic, 3, 14, &err), err);
    check_outbox(catalog, buf_text(&expected));
    CHECK_OK(catalog_outbox_done(catalog, topic, 3, 210, &err), err);
    check_outbox(catalog, "");
}

ON_BOTH(an_offset_may_move_without_items)
{
    OWNED(catalog) catalog = backend_open(backend);
    const struct catalog_offset offset = {group, topic, 3, -1, 5};
    const struct catalog_batch empty = {.offset = &offset};
    const struct catalog_batch lost = {.outbox = "x", .outbox_size = 1};
    struct err err = {0};

    CHECK_OK(catalog_apply(catalog, &empty, &err), err);
    CHECK_INT(offset_of(catalog), ==, 5);
    check_outbox(catalog, "");
    CHECK_INT(catalog_apply(catalog, &lost, &err), ==, ERR_INVALID);
}

static int sum_outbox(void *ctx, int64_t next_offset, const void *bytes, size_t size,
                      struct err *err)
{
    (void)bytes, (void)size, (void)err;
    *(int64_t *)ctx += BATCH;
    CHECK_INT(next_offset, ==, *(int64_t *)ctx);
    return 0;
}

static void check_consistent(struct catalog *catalog)
{
    struct err err = {0};
    struct catalog_head plain, favorite;
    int64_t next, published;

    do {
        published = 0;
        next = offset_of(catalog);
        CHECK_OK(catalog_head(catalog, CATALOG_GARDEN, "happy", &plain, &err), err);
        CHECK_OK(
            catalog_head(catalog, CATALOG_GARDEN, "happy/spring,sunny,day", &favorite, &err),
            err);
        CHECK_OK(catalog_outbox_each(catalog, topic, 3, sum_outbox, &published, &err), err);
    } while (next != offset_of(catalog));
    next = next < 0 ? 0 : next;
    CHECK_INT(plain.live + favorite.live, ==, next);
    CHECK_INT(published, ==, next);
}

/* Applies batches until it is killed; a byte through the pipe for each. */
static void write_for_ever(const struct backend *backend, int out)
{
    struct catalog *catalog = backend_open(backend);

    for (int64_t next = offset_of(catalog);;) {
        int64_t to = next < 0 ? BATCH : next + BATCH;
        struct err err = {0};

        if (apply_batch(catalog, next, to, &err) == 0) {
            next = to;
            CHECK_INT(write(out, "x", 1), ==, 1);
        } else { /* a server may go on with what the one before sent until it was killed */
            CHECK_INT(err.code, ==, ERR_CONFLICT);
            next = offset_of(catalog);
        }
    }
}

ON_BOTH(a_writer_that_is_killed_leaves_whole_batches)
{
    OWNED(catalog) catalog = backend_open(backend);
    unsigned seed = (unsigned)getpid();

    printf("# seed %u\n", seed);
    for (int round = 0; round < 12; round++) {
        int ends[2], status;
        char byte;
        pid_t child;

        CHECK_INT(pipe(ends), ==, 0);
        child = fork();
        if (child == 0)
            write_for_ever(backend, ends[1]);
        (void)close(ends[1]);
        for (int wait = rand_r(&seed) % 20; wait >= 0; wait--)
            CHECK_INT(read(ends[0], &byte, 1), ==, 1);
        (void)usleep((unsigned)rand_r(&seed) % 1000);
        (void)kill(child, SIGKILL);
        CHECK_INT(waitpid(child, &status, 0), ==, child);
        (void)close(ends[0]);
        check_consistent(catalog);
    }
    CHECK_INT(offset_of(catalog), >=, 12 * BATCH);
}

/* Two processes write the same gardens, each with a partition of its own. */
static void write_share(const struct backend *backend, int writer, int rounds)
{
    OWNED(catalog) catalog = backend_open(backend);
    struct err err = {0};

    for (int round = 0; round < rounds; round++) {
        struct catalog_item items[4];
        char names[4][32];
        const struct catalog_batch batch = {.items = items, .item_count = 4};

        for (int i = 0; i < 4; i++) {
            int slot = writer ? 3 - i : i; /* in opposite orders */

            (void)snprintf(names[i], sizeof names[i], "w%d_%d", round % 2, round);
            items[i] =
                item_make((const char *[]){"angry", "calm", "fear", "sad"}[slot], names[i]);
            items[i].state = (round + writer) % 3 ? CATALOG_LIVE : CATALOG_REMOVED;
        }
        CHECK_OK(catalog_apply(catalog, &batch, &err), err);
    }
}

static int count_live(void *ctx, const struct catalog_item *item, struct err *err)
{
    (void)item, (void)err;
    ++*(uint64_t *)ctx;
    return 0;
}

ON_BOTH(two_writers_of_the_same_gardens_neither_fail_nor_miscount)
{
    OWNED(catalog) catalog = backend_open(backend);
    pid_t writers[2];
    struct err err = {0};

    for (int i = 0; i < 2; i++) {
        writers[i] = fork();
        if (writers[i] == 0) {
            write_share(backend, i, 150);
            _exit(0);
        }
    }
    for (int i = 0; i < 2; i++) {
        int status;

        CHECK_INT(waitpid(writers[i], &status, 0), ==, writers[i]);
        CHECK_INT(status, ==, 0);
    }
    for (int i = 0; i < 4; i++) {
        const char *key = (const char *[]){"angry", "calm", "fear", "sad"}[i];
        const struct catalog_query query = {.area = CATALOG_GARDEN, .search_key = key};
        uint64_t live = 0;

        CHECK_OK(catalog_select(catalog, &query, count_live, &live, &err), err);
        CHECK_INT(live, >, 0);
        check_head(catalog, key, live, NULL);
    }
}
