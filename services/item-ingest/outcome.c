/* outcome.c - see outcome.h. */
#include "services/item-ingest/outcome.h"

#include <stdlib.h>
#include <string.h>

#include "proto/item_event.h"
#include "proto/topics.h"
#include "services/item-ingest/decode.h"

void outcome_done(struct outcome *outcome)
{
    free(outcome->items);
    buf_done(&outcome->outbox);
    memset(outcome, 0, sizeof *outcome);
}

static int make_room(struct outcome *outcome, size_t count, struct err *err)
{
    struct catalog_item *items;

    outcome->item_count = 0;
    buf_clear(&outcome->outbox);
    if (count <= outcome->capacity)
        return 0;
    items = realloc(outcome->items, count * sizeof *items);
    if (!items)
        return err_set_nomem(err, "the rows of a batch");
    outcome->items = items;
    outcome->capacity = count;
    return 0;
}

static bool was_live(const struct verdict *verdict)
{
    return verdict->row && verdict->row->state == CATALOG_LIVE;
}

static int encode_item(struct buf *value, const struct verdict *verdict, struct err *err)
{
    const struct catalog_item *item = &verdict->item;
    const struct item_event event = {
        .item_id = verdict->change->key,
        .timestamp_ms = item->event_time_ms,
        .emotion = item->ref.search_key,
        .orientation = item->orientation,
        .width = item->width,
        .height = item->height,
        .size_bytes = item->size_bytes,
        .sha256 = item->sha256,
    };

    return item_event_encode(value, &event, err);
}

/* garden.items is about what is served: a pool picture becomes one by being promoted. */
static int add_item_event(struct buf *out, int32_t partition, const struct verdict *verdict,
                          struct err *err)
{
    const struct change *change = verdict->change;
    bool live = verdict->item.state == CATALOG_LIVE;
    OWNED_VALUE(buf) value = {0};
    struct outbox_event event = {
        .topic = OUTBOX_ITEMS,
        .partition = partition,
        .offset = change->offset,
        .index = change->index,
        .time_ms = change->time_ms,
        .trace = change->trace,
        .key = change->key,
        .key_size = strlen(change->key),
    };

    if (verdict->item.ref.area != CATALOG_GARDEN || (!live && !was_live(verdict)))
        return 0;
    if (live) {
        if (encode_item(&value, verdict, err) < 0)
            return err->code;
        event.value = value.data;
        event.value_size = value.size;
    }
    outbox_add(out, &event);
    return 0;
}

static int add_dead_letter(struct buf *out, int32_t partition, const struct verdict *verdict,
                           struct err *err)
{
    const struct change *change = verdict->change;
    /* what is left to say of an event that was trusted when it was read */
    const struct bus_record reference = {
        .topic = TOPIC_OBJECTS,
        .partition = partition,
        .offset = change->offset,
        .key = change->key,
        .key_size = strlen(change->key),
        .value = "",
    };

    return decode_dead_letter(out, change->original ? change->original : &reference,
                              change->index, verdict->job.reason, err);
}

static void count(const struct verdict *verdict, const struct figures *figures)
{
    enum figure_outcome outcome = FIGURE_CATALOGUED;

    if (verdict->refused) {
        outcome = FIGURE_REFUSED;
        metric_add(figures->dead[verdict->job.kind], 1);
    } else if (verdict->item.state == CATALOG_REMOVED) {
        outcome = FIGURE_REMOVED;
    } else if (verdict->item.state == CATALOG_HIDDEN) {
        outcome = FIGURE_HIDDEN;
    }
    metric_add(figures->outcomes[outcome], 1);
}

static int collect(struct outcome *outcome, int32_t partition, struct verdict *verdict,
                   const struct figures *figures, struct err *err)
{
    if (verdict->refused && add_dead_letter(&outcome->outbox, partition, verdict, err) < 0)
        return err->code;
    if (add_item_event(&outcome->outbox, partition, verdict, err) < 0)
        return err->code;
    outcome->items[outcome->item_count++] = verdict->item;
    verdict->applied = true;
    count(verdict, figures);
    return 0;
}

int outcome_collect(struct outcome *outcome, const struct batch *batch,
                    struct decision *decision, const struct outbox_marks *marks,
                    const struct figures *figures, struct err *err)
{
    if (make_room(outcome, decision->count, err) < 0)
        return err->code;
    outbox_begin(&outcome->outbox, marks);
    for (size_t i = 0; i < decision->count; i++) {
        struct verdict *verdict = &decision->verdicts[i];

        if (verdict->state == VERDICT_APPLY && !verdict->applied &&
            collect(outcome, batch->partition, verdict, figures, err) < 0)
            return err->code;
    }
    return buf_ok(&outcome->outbox) ? 0 : err_set_nomem(err, "the events of a batch");
}
