/* event_watch_from.c - see event_watch_from.h. */
#include "services/generator-gpu/event_watch_from.h"

#include "lib/base/clock.h"
#include "proto/topics.h"

enum {
    ASK_MS = 5000,
    FEW_EVENTS = 50000,     /* read in less time than looking takes */
    NEAR_EVENTS = 5000,     /* the same for a step of the halving */
    MARGIN_MS = 600 * 1000, /* writers' clocks may differ, and accepted may come first */
};

static int take_time(void *ctx, const struct bus_record *record, struct err *err)
{
    int64_t *time_ms = ctx;

    (void)err;
    *time_ms = record->timestamp_ms;
    return 0;
}

/* When the first record from offset on was written; INT64_MAX where there is none. */
static int time_at(struct bus *bus, const char *topic, int32_t partition, int64_t offset,
                   int64_t *ret_ms, struct err *err)
{
    int r;

    *ret_ms = INT64_MAX;
    r = bus_read(bus, topic, partition, offset, 1, take_time, ret_ms, err);
    return r < 0 ? r : 0;
}

/* When the oldest request was written that the group has not finished; now, where all are. */
static int oldest_request(const struct event_watch_from *start, int64_t *ret_ms,
                          struct err *err)
{
    struct bus_partition_info infos[WATCH_PARTITIONS];
    int count = bus_topic_info(start->bus, TOPIC_GENERATION_REQUESTS, infos, WATCH_PARTITIONS,
                               ASK_MS, err);
    int64_t oldest_ms = clock_wall_ms();

    for (int i = 0; i < count && i < WATCH_PARTITIONS; i++) {
        int64_t offset = -1, time_ms;

        if (bus_group_offset(start->bus, start->group, TOPIC_GENERATION_REQUESTS,
                             infos[i].partition, &offset, err) < 0)
            return err->code;
        if (offset < infos[i].low)
            offset = infos[i].low;
        if (offset >= infos[i].high)
            continue;
        if (time_at(start->bus, TOPIC_GENERATION_REQUESTS, infos[i].partition, offset, &time_ms,
                    err) < 0)
            return err->code;
        if (time_ms < oldest_ms)
            oldest_ms = time_ms;
    }
    *ret_ms = oldest_ms;
    return count < 0 ? count : 0;
}

/* An offset whose record is older than since_ms, not far before the first that is not. */
static int halve(const struct event_watch_from *start, const struct bus_partition_info *info,
                 int64_t since_ms, int64_t *ret, struct err *err)
{
    int64_t low = info->low, high = info->high;

    while (high - low > NEAR_EVENTS) {
        int64_t middle = low + (high - low) / 2, time_ms;

        if (time_at(start->bus, TOPIC_GENERATION_EVENTS, info->partition, middle, &time_ms,
                    err) < 0)
            return err->code;
        if (time_ms < since_ms)
            low = middle;
        else
            high = middle;
    }
    *ret = low;
    return 0;
}

int event_watch_from_find(struct event_watch_from *start, struct err *err)
{
    struct bus_partition_info infos[WATCH_PARTITIONS];
    int64_t events = 0, since_ms = 0;
    int count = bus_topic_info(start->bus, TOPIC_GENERATION_EVENTS, infos, WATCH_PARTITIONS,
                               ASK_MS, err);

    if (count > WATCH_PARTITIONS)
        return err_set(err, ERR_INVALID, "%s has %d partitions: at most %d are followed",
                       TOPIC_GENERATION_EVENTS, count, WATCH_PARTITIONS);
    for (int i = 0; i < count; i++) {
        start->offsets[infos[i].partition] = infos[i].low;
        events += infos[i].high - infos[i].low;
    }
    if (count < 0 || events <= FEW_EVENTS)
        return count < 0 ? count : 0;
    if (oldest_request(start, &since_ms, err) < 0)
        return err->code;
    since_ms -= MARGIN_MS;
    for (int i = 0; i < count; i++)
        if (halve(start, &infos[i], since_ms, &start->offsets[infos[i].partition], err) < 0)
            return err->code;
    return 0;
}

int64_t event_watch_from_offset(void *ctx, const char *topic, int32_t partition,
                                struct err *err)
{
    const struct event_watch_from *start = ctx;

    (void)topic;
    (void)err;
    return partition < WATCH_PARTITIONS ? start->offsets[partition] : BUS_START_EARLIEST;
}
