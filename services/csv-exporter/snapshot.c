/* snapshot.c - see snapshot.h. */
#include "services/csv-exporter/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "proto/topics.h"

enum { PARTITIONS = 256, ASK_MS = 10000, AT_END = -1000 };

static int fix_topic(struct bus *bus, const char *topic, struct snapshot *snapshot,
                     struct err *err)
{
    struct bus_partition_info infos[PARTITIONS];
    int count = bus_topic_info(bus, topic, infos, PARTITIONS, ASK_MS, err);

    if (count < 0)
        return err_wrap(err, "asking where %s ends", topic);
    if (count > PARTITIONS)
        return err_set(err, ERR_INVALID, "%s has %d partitions: %d can be exported", topic,
                       count, PARTITIONS);
    for (int i = 0; i < count; i++)
        snapshot->offsets[snapshot->count++] =
            (struct export_offset){topic, (uint32_t)infos[i].partition, (uint64_t)infos[i].low,
                                   (uint64_t)infos[i].high};
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct export_offset *x = a, *y = b;
    const int order = strcmp(x->topic, y->topic);

    return order ? order : (x->partition > y->partition) - (x->partition < y->partition);
}

int snapshot_fix(struct bus *bus, struct snapshot *ret_snapshot, struct err *err)
{
    static const char *const topics[] = {TOPIC_INTERACTIONS, TOPIC_USERS, TOPIC_ITEMS};

    ret_snapshot->count = 0;
    for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
        if (fix_topic(bus, topics[i], ret_snapshot, err) < 0)
            return err->code;
    qsort(ret_snapshot->offsets, ret_snapshot->count, sizeof *ret_snapshot->offsets, by_place);
    return 0;
}

uint64_t snapshot_records(const struct snapshot *snapshot, const char *topic)
{
    uint64_t records = 0;

    for (size_t i = 0; i < snapshot->count; i++)
        if (strcmp(snapshot->offsets[i].topic, topic) == 0)
            records += snapshot->offsets[i].to - snapshot->offsets[i].from;
    return records;
}

struct reading {
    uint64_t to;
    const atomic_bool *stop;
    int (*fn)(void *ctx, const struct bus_record *record, struct err *err);
    void *ctx;
};

static int take(void *ctx, const struct bus_record *record, struct err *err)
{
    const struct reading *reading = ctx;

    if ((uint64_t)record->offset >= reading->to)
        return AT_END;
    if (atomic_load_explicit(reading->stop, memory_order_relaxed))
        return err_set(err, ERR_CONFLICT, "the export is no longer ours");
    return reading->fn(reading->ctx, record, err);
}

/* The shape is that of bus_read. */
/* NOLINTNEXTLINE(readability-function-size) */
int snapshot_read_part(struct bus *bus, const struct export_offset *part,
                       const atomic_bool *stop,
                       int (*fn)(void *ctx, const struct bus_record *record, struct err *err),
                       void *ctx, struct err *err)
{
    struct reading reading = {part->to, stop, fn, ctx};
    int r;

    if (part->from == part->to)
        return 0;
    r = bus_read(bus, part->topic, (int32_t)part->partition, (int64_t)part->from,
                 (size_t)(part->to - part->from), take, &reading, err);
    if (r >= 0 || r == AT_END)
        return 0;
    return err->code ? err_wrap(err, "reading %s", part->topic) : r;
}

/* NOLINTNEXTLINE(readability-function-size) */
int snapshot_read(struct bus *bus, const struct snapshot *snapshot, const char *topic,
                  const atomic_bool *stop,
                  int (*fn)(void *ctx, const struct bus_record *record, struct err *err),
                  void *ctx, struct err *err)
{
    int r = 0;

    for (size_t i = 0; i < snapshot->count && r == 0; i++)
        if (strcmp(snapshot->offsets[i].topic, topic) == 0)
            r = snapshot_read_part(bus, &snapshot->offsets[i], stop, fn, ctx, err);
    return r;
}
