/* sample.c - see sample.h. */
#include "services/recommender-proxy/sample.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROWS_AT_ONCE = 10000, /* under one lock: some milliseconds */
    HELD_ONE_IN = 16,
    HELD_FROM = 200, /* visitors who did something; of fewer all are needed to learn from */
};

struct by_hash {
    uint64_t hash;
    uint32_t number;
    bool held; /* those come last */
};

static int compare(const void *a, const void *b)
{
    const struct by_hash *one = a, *other = b;

    if (one->held != other->held)
        return one->held ? 1 : -1;
    if (one->hash != other->hash)
        return one->hash < other->hash ? -1 : 1;
    return one->number < other->number ? -1 : one->number > other->number;
}

/* All numbers of the ids in the order of their hashes; the held ones last. */
static struct by_hash *in_order(const struct intern *ids, uint32_t count, bool hold)
{
    struct by_hash *order = malloc(((size_t)count + 1) * sizeof *order);

    if (!order)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        const uint64_t hash = intern_hash(ids, i);

        order[i] = (struct by_hash){
            .hash = hash, .number = i, .held = hold && (hash >> 17) % HELD_ONE_IN == 0};
    }
    qsort(order, count, sizeof *order, compare);
    return order;
}

void sample_done(struct sample *sample)
{
    free(sample->row);
    free(sample->row_start);
    free(sample->col);
    free(sample->weight);
    free(sample->only_shown);
    free(sample->item);
    free(sample->of);
    free(sample->item_hash);
    *sample = (struct sample){0};
}

static bool take_items(struct sample *sample, const struct facts *facts, uint32_t **ret_column)
{
    const uint32_t count = intern_count(facts->item_ids);
    struct by_hash *order = in_order(facts->item_ids, count, false);

    sample->cols = count;
    sample->item = malloc((count + 1) * sizeof *sample->item);
    sample->of = malloc((count + 1) * sizeof *sample->of);
    sample->item_hash = malloc((count + 1) * sizeof *sample->item_hash);
    *ret_column = malloc((count + 1) * sizeof **ret_column);
    if (!order || !sample->item || !sample->of || !sample->item_hash || !*ret_column) {
        free(order);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        sample->item[i] = order[i].number;
        sample->of[i] = facts->items[order[i].number];
        sample->item_hash[i] = order[i].hash;
        (*ret_column)[order[i].number] = i;
    }
    free(order);
    return true;
}

float sample_weight(const struct mark *mark, const struct sample_conf *conf)
{
    if (mark->verdict)
        return mark->liked ? 1 : -conf->dislike;
    return mark->skipped ? -conf->skip : -conf->shown;
}

static bool make_room(struct sample *sample, size_t more)
{
    size_t room = sample->entry_room ? sample->entry_room : 4096;
    uint32_t *col;
    float *weight;
    bool *only_shown;

    if (sample->entries + more <= sample->entry_room)
        return true;
    while (room < sample->entries + more)
        room += room / 2;
    col = realloc(sample->col, room * sizeof *col);
    sample->col = col ? col : sample->col;
    weight = realloc(sample->weight, room * sizeof *weight);
    sample->weight = weight ? weight : sample->weight;
    only_shown = realloc(sample->only_shown, room * sizeof *only_shown);
    sample->only_shown = only_shown ? only_shown : sample->only_shown;
    if (!col || !weight || !only_shown)
        return false;
    sample->entry_room = room;
    return true;
}

/* Rows are short: by insertion. */
static void put_entry(struct sample *sample, size_t row_start, uint32_t col, float weight,
                      bool only_shown)
{
    size_t at = sample->entries++;

    for (; at > row_start && sample->col[at - 1] > col; at--) {
        sample->col[at] = sample->col[at - 1];
        sample->weight[at] = sample->weight[at - 1];
        sample->only_shown[at] = sample->only_shown[at - 1];
    }
    sample->col[at] = col;
    sample->weight[at] = weight;
    sample->only_shown[at] = only_shown;
}

static bool take_row(struct sample *sample, const struct facts_visitor *visitor,
                     const struct by_hash *of, const uint32_t *column,
                     const struct sample_conf *conf)
{
    const size_t start = sample->entries;

    if (visitor->marks.count == 0)
        return true;
    if (!make_room(sample, visitor->marks.count))
        return false;
    for (uint32_t i = 0; i < visitor->marks.count; i++) {
        const struct mark *mark = &visitor->marks.marks[i];

        if (mark->item < sample->cols)
            put_entry(sample, start, column[mark->item], sample_weight(mark, conf),
                      !mark->verdict && !mark->skipped);
    }
    sample->row[sample->rows] = (struct sample_row){.generation = visitor->generation,
                                                    .gender = visitor->gender,
                                                    .asked = visitor->asked,
                                                    .hash = of->hash};
    sample->learnt += !of->held;
    sample->row_start[++sample->rows] = sample->entries;
    return true;
}

/* Which visitors, in which order, and where their pictures are in the matrix. */
struct plan {
    struct by_hash *visitors;
    uint32_t count, *column;
};

static bool take_rows(struct sample *sample, const struct facts *facts, pthread_rwlock_t *lock,
                      const struct plan *plan, const struct sample_conf *conf)
{
    const uint32_t count = plan->count;
    bool ok = true;

    sample->row = malloc(((size_t)count + 1) * sizeof *sample->row);
    sample->row_start = calloc((size_t)count + 1, sizeof *sample->row_start);
    if (!sample->row || !sample->row_start)
        return false;
    for (uint32_t i = 0; i < count && ok;) {
        (void)pthread_rwlock_rdlock(lock);
        for (uint32_t end = i + ROWS_AT_ONCE; i < end && i < count && ok; i++)
            ok = take_row(sample, &facts->visitors[plan->visitors[i].number],
                          &plan->visitors[i], plan->column, conf);
        (void)pthread_rwlock_unlock(lock);
    }
    return ok;
}

/* Pictures that are gone and that nobody has met teach nothing, and who reads the topics later
 * may never hear of them: compaction drops them. */
static bool drop_unknown(struct sample *sample)
{
    uint32_t *kept = calloc((size_t)sample->cols + 1, sizeof *kept), cols = 0;

    if (!kept)
        return false;
    for (size_t e = 0; e < sample->entries; e++)
        kept[sample->col[e]] = 1;
    for (uint32_t i = 0; i < sample->cols; i++) {
        if (!kept[i] && !sample->of[i].live)
            continue;
        kept[i] = cols;
        sample->item[cols] = sample->item[i];
        sample->of[cols] = sample->of[i];
        sample->item_hash[cols++] = sample->item_hash[i];
    }
    for (size_t e = 0; e < sample->entries; e++)
        sample->col[e] = kept[sample->col[e]];
    sample->cols = cols;
    free(kept);
    return true;
}

static bool has_from(const struct facts *facts, uint32_t count, uint32_t from)
{
    for (uint32_t i = 0; i < count && from > 0; i++)
        from -= facts->visitors[i].marks.count > 0;
    return from == 0;
}

bool sample_take(struct sample *sample, const struct facts *facts, pthread_rwlock_t *lock,
                 const struct sample_conf *conf)
{
    struct plan plan = {0};
    bool ok;

    *sample = (struct sample){0};
    (void)pthread_rwlock_rdlock(lock);
    plan.count = intern_count(facts->visitor_ids);
    plan.visitors =
        in_order(facts->visitor_ids, plan.count, has_from(facts, plan.count, HELD_FROM));
    ok = plan.visitors && take_items(sample, facts, &plan.column);
    (void)pthread_rwlock_unlock(lock);
    ok = ok && take_rows(sample, facts, lock, &plan, conf) && drop_unknown(sample);
    free(plan.visitors);
    free(plan.column);
    if (!ok)
        sample_done(sample);
    return ok;
}
