/* decide.c - see decide.h. */
#include "services/item-ingest/decide.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "services/item-ingest/hashset.h"

enum { FIRST_CAPACITY = 64 };

void decision_done(struct decision *decision)
{
    free(decision->verdicts);
    free(decision->refs);
    free(decision->rows);
    free(decision->found);
    free(decision->picture_of);
    free(decision->slots);
    memset(decision, 0, sizeof *decision);
}

static int grow(struct decision *decision, size_t count, struct err *err)
{
    size_t capacity = FIRST_CAPACITY;

    while (capacity < count)
        capacity *= 2;
    decision_done(decision);
    decision->verdicts = calloc(capacity, sizeof *decision->verdicts);
    decision->refs = calloc(capacity, sizeof *decision->refs);
    decision->rows = calloc(capacity, sizeof *decision->rows);
    decision->found = calloc(capacity, sizeof *decision->found);
    decision->picture_of = calloc(capacity, sizeof *decision->picture_of);
    decision->slots = calloc(2 * capacity, sizeof *decision->slots);
    if (!decision->verdicts || !decision->refs || !decision->rows || !decision->found ||
        !decision->picture_of || !decision->slots) {
        decision_done(decision);
        err_set_nomem(err, "deciding about a batch");
        return ERR_NOMEM;
    }
    decision->capacity = capacity;
    decision->slot_count = 2 * capacity;
    return 0;
}

/* Room for count changes; what was in it is gone. */
static int make_room(struct decision *decision, size_t count, struct err *err)
{
    if (count > decision->capacity && grow(decision, count, err) < 0)
        return err->code;
    decision->count = 0;
    if (decision->slots)
        memset(decision->slots, 0, decision->slot_count * sizeof *decision->slots);
    return 0;
}

/* The number of the picture's verdict; a new one where it is met for the first time. */
static uint32_t picture_of(struct decision *decision, const struct batch *batch, uint32_t i)
{
    const struct change *change = &batch->changes[i];
    size_t mask = decision->slot_count - 1;
    size_t slot = hash_text(change->key, strlen(change->key)) & mask;
    uint32_t number = (uint32_t)decision->count;
    struct verdict *verdict = &decision->verdicts[number];

    for (; decision->slots[slot]; slot = (slot + 1) & mask) {
        uint32_t first = decision->slots[slot] - 1;

        if (strcmp(batch->changes[first].key, change->key) == 0)
            return decision->picture_of[first];
    }
    decision->count++;
    decision->slots[slot] = i + 1;
    decision->refs[number] = change->ref;
    verdict->state = VERDICT_NONE;
    verdict->undecided = false;
    verdict->refused = false;
    verdict->applied = false;
    verdict->change = NULL;
    verdict->row = NULL;
    return number;
}

int decide_pictures(struct decision *decision, const struct batch *batch, struct err *err)
{
    if (make_room(decision, batch->count, err) < 0)
        return err->code;
    for (uint32_t i = 0; i < batch->count; i++)
        decision->picture_of[i] = picture_of(decision, batch, i);
    return 0;
}

static enum catalog_state state_of(enum object_change what)
{
    if (what == OBJECT_CREATED)
        return CATALOG_LIVE;
    return what == OBJECT_REMOVED ? CATALOG_REMOVED : CATALOG_HIDDEN;
}

/* What is known of the picture so far: the newest change of this batch, else the row. */
struct known {
    enum catalog_state state;
    const char *sequencer, *sha256;
    int64_t time_ms;
    uint64_t size_bytes;
};

static bool known_of(const struct verdict *verdict, struct known *ret_known)
{
    const struct change *change = verdict->change;
    const struct catalog_item *row = verdict->row;

    if (change)
        *ret_known = (struct known){state_of(change->what), change->sequencer, change->sha256,
                                    change->time_ms, change->size_bytes};
    else if (row)
        *ret_known = (struct known){row->state, row->sequencer, row->sha256, row->event_time_ms,
                                    row->size_bytes};
    return change || row;
}

/* Both would leave the picture as it is known. */
static bool says_the_same(const struct known *known, const struct change *change)
{
    if (known->state != state_of(change->what))
        return false;
    if (change->what != OBJECT_CREATED)
        return true;
    return known->size_bytes == change->size_bytes &&
           (!*known->sha256 || !*change->sha256 || strcmp(known->sha256, change->sha256) == 0);
}

enum order { OLDER, SAME, NEWER, UNKNOWN };

/* Neither sequencer nor time tells which is the newer. */
static enum order order_of_tied(const struct known *known, const struct change *change)
{
    if (says_the_same(known, change))
        return SAME;
    /* What is cleared was there before, so clearing comes after creating. */
    if (change->what == OBJECT_CLEARED && known->state == CATALOG_LIVE)
        return NEWER;
    /* The row of a refused object is hidden, too, and has no hash: only another object under
     * the key is worth a second look. */
    if (change->what == OBJECT_CREATED && known->state == CATALOG_HIDDEN &&
        (*known->sha256 || known->size_bytes == change->size_bytes))
        return SAME;
    return UNKNOWN;
}

static enum order order_of(const struct verdict *verdict, const struct change *change)
{
    struct known known;
    int order;

    if (!known_of(verdict, &known))
        return NEWER;
    order =
        object_event_order(change->sequencer, change->time_ms, known.sequencer, known.time_ms);
    if (order)
        return order > 0 ? NEWER : OLDER;
    return order_of_tied(&known, change);
}

static void fold(struct verdict *verdict, const struct change *change,
                 const struct figures *figures)
{
    enum order order = order_of(verdict, change);

    if (order == OLDER || order == SAME) {
        metric_add(figures->outcomes[order == SAME ? FIGURE_DUPLICATE : FIGURE_STALE], 1);
        return;
    }
    if (verdict->change)
        metric_add(figures->outcomes[FIGURE_COALESCED], 1);
    verdict->change = change;
    verdict->undecided = order == UNKNOWN;
}

/* The row that the change makes, but for what only the picture itself tells. */
static void begin_item(struct verdict *verdict, enum catalog_state state)
{
    const struct change *change = verdict->change;
    struct catalog_item *item = &verdict->item;

    if (verdict->row)
        *item = *verdict->row;
    else
        memset(item, 0, sizeof *item);
    item->ref = change->ref;
    item->state = state;
    item->orientation = change->orientation;
    item->event_time_ms = change->time_ms;
    item->control = change->control;
    (void)text_copy(item->sequencer, sizeof item->sequencer, change->sequencer);
}

static void set_content(struct catalog_item *item, const char *sha256, uint32_t width,
                        uint32_t height, uint64_t size_bytes)
{
    (void)text_copy(item->sha256, sizeof item->sha256, sha256);
    item->width = width;
    item->height = height;
    item->size_bytes = size_bytes;
}

static void settle(struct verdict *verdict)
{
    const struct change *change = verdict->change;

    if (!change)
        return;
    if (verdict->undecided || (change->what == OBJECT_CREATED && !change->vouched)) {
        verdict->state = VERDICT_FETCH;
        verdict->job.key = change->key;
        return;
    }
    begin_item(verdict, state_of(change->what));
    if (change->what == OBJECT_CREATED)
        set_content(&verdict->item, change->sha256, change->width, change->height,
                    change->size_bytes);
    verdict->state = VERDICT_APPLY;
}

void decide_batch(struct decision *decision, const struct batch *batch,
                  const struct figures *figures)
{
    for (size_t i = 0; i < decision->count; i++)
        decision->verdicts[i].row = decision->found[i] ? &decision->rows[i] : NULL;
    for (size_t i = 0; i < batch->count; i++)
        fold(&decision->verdicts[decision->picture_of[i]], &batch->changes[i], figures);
    for (size_t i = 0; i < decision->count; i++)
        settle(&decision->verdicts[i]);
}

static bool is_as_before(const struct verdict *verdict)
{
    const struct catalog_item *row = verdict->row, *item = &verdict->item;

    return row && row->state == item->state && row->size_bytes == item->size_bytes &&
           row->event_time_ms == item->event_time_ms &&
           strcmp(row->sequencer, item->sequencer) == 0 &&
           strcmp(row->sha256, item->sha256) == 0;
}

void decide_fetched(struct verdict *verdict, const struct figures *figures)
{
    const struct fetch_job *job = &verdict->job;

    verdict->state = VERDICT_APPLY;
    switch (job->outcome) {
    case FETCH_OK:
        begin_item(verdict, CATALOG_LIVE);
        set_content(&verdict->item, job->sha256, job->width, job->height, job->size_bytes);
        break;
    case FETCH_REFUSED:
        begin_item(verdict, CATALOG_HIDDEN);
        set_content(&verdict->item, "", 0, 0, job->size_bytes);
        verdict->refused = true;
        break;
    case FETCH_GONE:
        if (verdict->undecided) {
            begin_item(verdict, CATALOG_REMOVED);
            break;
        }
        metric_add(figures->outcomes[FIGURE_GONE], 1); /* the event of its removal follows */
        verdict->state = VERDICT_NONE;
        return;
    case FETCH_STOPPED:
        verdict->state = VERDICT_NONE;
        return;
    }
    if (is_as_before(verdict)) {
        metric_add(figures->outcomes[FIGURE_DUPLICATE], 1);
        verdict->state = VERDICT_NONE;
        verdict->refused = false;
    }
}
