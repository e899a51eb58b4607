/* recover.c - see recover.h. */
#include "services/item-ingest/recover.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/map.h"
#include "proto/topics.h"
#include "services/item-ingest/sent.h"

struct row {
    int64_t next;
    struct buf bytes;
};

/* The rows of one partition. There are no more of them than batches can be under way. */
struct rows {
    struct row *list;
    size_t count;
};

struct walk {
    const struct recovery *recovery;
    struct hashset sent;
    struct map *last_sent; /* key -> number of the last of its events that is on the topics */
    size_t *numbers;       /* numbers[i] is i: what the map's values point to */
    struct outbox_marks marks;
    size_t number; /* of the event */
};

static void rows_free(struct rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        buf_done(&rows->list[i].bytes);
    free(rows->list);
}

static int on_row(void *ctx, int64_t next_offset, const void *bytes, size_t size,
                  struct err *err)
{
    struct rows *rows = ctx;
    struct row *list = realloc(rows->list, (rows->count + 1) * sizeof *list);

    if (!list)
        return err_set_nomem(err, "the outbox");
    rows->list = list;
    list[rows->count] = (struct row){.next = next_offset};
    buf_append(&list[rows->count].bytes, bytes, size);
    return buf_ok(&list[rows->count++].bytes) ? 0 : err_set_nomem(err, "the outbox");
}

static int each_event(struct walk *walk, const struct rows *rows,
                      int (*fn)(void *ctx, const struct outbox_event *event, struct err *err),
                      struct err *err)
{
    walk->number = 0;
    for (size_t i = 0; i < rows->count; i++) {
        int r = outbox_each(rows->list[i].bytes.data, rows->list[i].bytes.size, fn, walk, err);

        if (r < 0)
            return r;
    }
    return 0;
}

static int count_event(void *ctx, const struct outbox_event *event, struct err *err)
{
    struct walk *walk = ctx;

    (void)event;
    (void)err;
    walk->number++;
    return 0;
}

static int note_sent(void *ctx, const struct outbox_event *event, struct err *err)
{
    struct walk *walk = ctx;
    size_t number = walk->number++;

    walk->numbers[number] = number;
    if (event->topic != OUTBOX_ITEMS || !hashset_has(&walk->sent, sent_hash(event)))
        return 0;
    if (map_put(walk->last_sent, event->key, event->key_size, &walk->numbers[number]) < 0)
        return err_set_nomem(err, "the outbox");
    return 0;
}

/* A later event of the same picture is on the topic. */
static bool is_overtaken(const struct walk *walk, const struct outbox_event *event)
{
    const size_t *last;

    if (event->topic != OUTBOX_ITEMS)
        return false;
    last = map_get(walk->last_sent, event->key, event->key_size);
    return last && *last > walk->number;
}

static int add_missing(void *ctx, const struct outbox_event *event, struct err *err)
{
    struct walk *walk = ctx;
    bool leave_out = hashset_has(&walk->sent, sent_hash(event)) || is_overtaken(walk, event);

    walk->number++;
    if (leave_out) {
        metric_add(walk->recovery->figures->republish_skipped, 1);
        return 0;
    }
    return pack_add(walk->recovery->pack, event, &walk->marks, err);
}

static int publish_missing(struct walk *walk, const struct rows *rows, struct err *err)
{
    const struct recovery *recovery = walk->recovery;
    const struct row *first = &rows->list[0];

    /* later rows have later marks: the first row's cover them all */
    if (outbox_marks_read(first->bytes.data, first->bytes.size, &walk->marks, err) < 0 ||
        sent_scan(recovery->bus, &walk->marks, &walk->sent, err) < 0 ||
        each_event(walk, rows, count_event, err) < 0)
        return err->code;
    walk->numbers = calloc(walk->number + 1, sizeof *walk->numbers);
    if (!walk->numbers)
        return err_set_nomem(err, "the outbox");
    if (each_event(walk, rows, note_sent, err) < 0 ||
        each_event(walk, rows, add_missing, err) < 0)
        return err->code;
    return pack_send(recovery->pack, &walk->marks, err);
}

static int publish_rows(const struct recovery *recovery, int32_t partition,
                        const struct rows *rows, struct err *err)
{
    struct walk walk = {.recovery = recovery, .last_sent = map_new()};
    int r =
        walk.last_sent ? publish_missing(&walk, rows, err) : err_set_nomem(err, "the outbox");

    pack_clear(recovery->pack);
    hashset_done(&walk.sent);
    free(walk.numbers);
    map_free(walk.last_sent);
    if (r == 0)
        r = catalog_outbox_done(recovery->catalog, TOPIC_OBJECTS, partition,
                                rows->list[rows->count - 1].next, err);
    return r;
}

int recover_outbox(const struct recovery *recovery, int32_t partition, struct err *err)
{
    struct rows rows = {0};
    int r =
        catalog_outbox_each(recovery->catalog, TOPIC_OBJECTS, partition, on_row, &rows, err);

    if (r == 0 && rows.count)
        r = publish_rows(recovery, partition, &rows, err);
    rows_free(&rows);
    return r;
}
