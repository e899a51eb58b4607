/* decode.c - see decode.h. */
#include "services/item-ingest/decode.h"

#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "proto/dead_letter.h"
#include "proto/envelope.h"
#include "proto/key.h"
#include "proto/object_event.h"
#include "services/item-ingest/ingest_conf.h"
#include "services/item-ingest/outbox.h"

enum { SIDE_MAX = 1 << 20 }; /* of a vouched picture; a larger claim is looked into */

/* What a dead letter can hold besides what is added to it: the bus takes 1 MiB. */
enum { DEAD_BYTES = 1024 * 1024 - 16 * 1024, DEAD_HEADERS = OUTBOX_HEADERS - 8 };

struct decoding {
    struct batch *batch;
    const struct bus_record *record;
    const struct figures *figures;
    const struct bus_record *original; /* the copy, made when first needed */
    struct trace trace;
    uint32_t index; /* of the event that is decoded now */
};

/* The original in a size that a dead letter can have. Returns whether something was cut. */
static bool cut_to_fit(struct bus_record *original)
{
    size_t size = original->key_size;

    for (size_t i = 0; i < original->header_count; i++) {
        size += strlen(original->headers[i].name) + original->headers[i].value_size;
        if (size > DEAD_BYTES / 2 ||
            i == DEAD_HEADERS) { /* who sends that many loses the rest */
            original->header_count = i;
            original->value_size = 0;
            return true;
        }
    }
    if (size + original->value_size <= DEAD_BYTES)
        return false;
    original->value_size = DEAD_BYTES - size;
    return true;
}

int decode_dead_letter(struct buf *out, const struct bus_record *original, uint32_t index,
                       const char *reason, struct err *err)
{
    OWNED_VALUE(dead_letter) letter = {.headers = NULL};
    struct bus_record kept = *original, dead;
    char told[256];
    struct outbox_event event;

    (void)snprintf(told, sizeof told, "%.230s%s", reason,
                   cut_to_fit(&kept) ? " (the record is cut)" : "");
    if (dead_letter_fill(&letter, &kept, INGEST_SERVICE, told, &dead, err) < 0)
        return err->code;
    event = (struct outbox_event){
        .topic = OUTBOX_DEAD,
        .partition = kept.partition,
        .offset = kept.offset,
        .index = index,
        .time_ms = clock_wall_ms(),
        .key = dead.key,
        .key_size = dead.key_size,
        .value = dead.value,
        .value_size = dead.value_size,
        .headers = dead.headers,
        .header_count = dead.header_count,
    };
    outbox_add(out, &event);
    return buf_ok(out) ? 0 : err_set_nomem(err, "a dead letter");
}

static int bury(struct decoding *d, enum figure_dead kind, const char *reason, struct err *err)
{
    metric_add(d->figures->dead[kind], 1);
    return decode_dead_letter(&d->batch->dead, d->record, d->index, reason, err);
}

static bool is_vouched(const struct object_event *event)
{
    return *event->sha256 && event->width && event->height && event->width <= SIDE_MAX &&
           event->height <= SIDE_MAX;
}

static int copy_texts(struct decoding *d, const struct object_event *event,
                      const struct key *key, struct change *change, struct err *err)
{
    struct scratch *scratch = &d->batch->scratch;

    change->key = scratch_copy(scratch, event->key, strlen(event->key));
    change->ref.area = key->area == KEY_POOL ? CATALOG_POOL : CATALOG_GARDEN;
    change->ref.search_key = scratch_copy(scratch, key->search_key, strlen(key->search_key));
    change->ref.name = scratch_copy(scratch, key->name, strlen(key->name));
    change->sequencer = scratch_copy(scratch, event->sequencer, strlen(event->sequencer));
    change->sha256 =
        change->vouched ? scratch_copy(scratch, event->sha256, strlen(event->sha256)) : "";
    if (*event->control && key->area == KEY_POOL) {
        struct err unsafe = {0};

        if (key_check(event->control, strlen(event->control), &unsafe) == 0)
            change->control = scratch_copy(scratch, event->control, strlen(event->control));
    }
    if (!change->key || !change->ref.search_key || !change->ref.name || !change->sequencer ||
        !change->sha256)
        return err_set_nomem(err, "an event");
    return 0;
}

static int add_change(struct decoding *d, const struct object_event *event,
                      const struct key *key, struct err *err)
{
    struct change *change = batch_next_change(d->batch);

    if (!change)
        return err_set_nomem(err, "an event");
    change->what = event->change;
    change->vouched = event->change == OBJECT_CREATED && is_vouched(event);
    if (event->change == OBJECT_CREATED && !change->vouched && !d->original) {
        d->original = batch_copy_record(d->batch, d->record);
        if (!d->original)
            return err_set_nomem(err, "a record");
    }
    change->original = d->original;
    change->orientation = key->orientation;
    change->width = change->vouched ? event->width : 0;
    change->height = change->vouched ? event->height : 0;
    change->size_bytes = event->size_bytes;
    /* without a time of its own it is as old as its record */
    change->time_ms = event->event_time_ms > 0 ? event->event_time_ms : d->record->timestamp_ms;
    change->offset = d->record->offset;
    change->index = d->index;
    change->trace = d->trace;
    if (copy_texts(d, event, key, change, err) < 0)
        return err->code;
    d->batch->count++;
    return 0;
}

static int on_event(void *ctx, const struct object_event *event, struct err *err)
{
    struct decoding *d = ctx;
    struct err why = {0};
    struct key key;
    int r = 0;

    if (event->change == OBJECT_OTHER)
        metric_add(d->figures->outcomes[FIGURE_OTHER], 1);
    else if (!key_is_picture(event->key))
        metric_add(d->figures->outcomes[FIGURE_OUTSIDE], 1);
    else if (key_parse(event->key, strlen(event->key), &key, &why) < 0)
        r = bury(d, FIGURE_DEAD_KEY, why.text, err);
    else
        r = add_change(d, event, &key, err);
    d->index++;
    return r;
}

int decode_record(struct batch *batch, const struct bus_record *record,
                  const struct figures *figures, struct err *err)
{
    struct decoding d = {.batch = batch, .record = record, .figures = figures};
    size_t count = batch->count, dead = batch->dead.size;
    struct err why = {0};
    int r;

    envelope_trace(record, &d.trace);
    batch->records++;
    if (record->value) {
        r = object_event_decode(record->value, record->value_size, on_event, &d, &why);
    } else {
        r = err_set(&why, ERR_INVALID, "the record has no value");
    }
    if (r == ERR_NOMEM)
        return err_set(err, ERR_NOMEM, "%s", why.text);
    if (r < 0) { /* all of the record or nothing of it */
        batch->count = count;
        batch->dead.size = dead;
        d.index = 0;
        return bury(&d, FIGURE_DEAD_UNREADABLE, why.text, err);
    }
    return 0;
}
