/* bus_kafka_share.c - see bus_kafka_share.h. */
#include "lib/bus/bus_kafka_share.h"

#include <stdlib.h>
#include <string.h>

enum { UNKNOWN = -1 /* a position or target that is not known yet */ };

const char *kafka_share_topic(const struct kafka_share *share, const char *name)
{
    for (size_t i = 0; i < share->conf->topic_count; i++)
        if (strcmp(share->conf->topics[i], name) == 0)
            return share->conf->topics[i];
    return NULL;
}

struct kafka_part *kafka_share_part(struct kafka_share *share, const char *topic,
                                    int32_t partition)
{
    for (size_t i = 0; i < share->count; i++)
        if (share->parts[i].partition == partition && strcmp(share->parts[i].topic, topic) == 0)
            return &share->parts[i];
    return NULL;
}

/* Without memory nothing is given; librdkafka waits, and the next rebalance tries again. */
static bool make_room(struct kafka_share *share, int count)
{
    free(share->parts);
    share->parts = calloc((size_t)count + 1, sizeof *share->parts);
    share->count = 0;
    share->assigned = share->paused = false;
    share->given = share->parts != NULL;
    return share->given;
}

static void add_part(struct kafka_share *share, const char *topic, int32_t partition)
{
    share->parts[share->count++] = (struct kafka_part){
        .topic = topic, .partition = partition, .position = UNKNOWN, .target = UNKNOWN};
}

void kafka_share_give(struct kafka_share *share,
                      const rd_kafka_topic_partition_list_t *partitions)
{
    const char *topic;

    if (!make_room(share, partitions->cnt))
        return;
    for (int i = 0; i < partitions->cnt; i++) {
        topic = kafka_share_topic(share, partitions->elems[i].topic);
        if (topic)
            add_part(share, topic, partitions->elems[i].partition);
    }
}

void kafka_share_take(struct kafka_share *share, bool tell)
{
    for (size_t i = 0; i < share->count && tell && share->conf->on_revoked; i++)
        if (share->parts[i].asked) /* the owner was told that it had it */
            share->conf->on_revoked(share->conf->ctx, share->parts[i].topic,
                                    share->parts[i].partition);
    free(share->parts);
    share->parts = NULL;
    share->count = 0;
    share->given = share->assigned = share->paused = false;
}

static int give_all(struct kafka_share *share, struct err *err)
{
    const char *topic = share->conf->topics[0];
    const int count = kafka_partition_count(share->bus, share->rk, topic, share->ask_ms, err);

    if (count < 0)
        return err->code;
    if (!make_room(share, count))
        return err_set_nomem(err, "a view");
    for (int32_t p = 0; p < count; p++)
        add_part(share, topic, p);
    return 0;
}

/* The group's offset, asked with the client that belongs to the group. */
static int stored_start(struct kafka_share *share, const struct kafka_part *part, int64_t *ret,
                        struct err *err)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_resp_err_t rc;

    (void)rd_kafka_topic_partition_list_add(list, part->topic, part->partition);
    rc = rd_kafka_committed(share->rk, list, share->ask_ms);
    if (!rc)
        *ret = list->elems[0].offset < 0 ? RD_KAFKA_OFFSET_BEGINNING : list->elems[0].offset;
    rd_kafka_topic_partition_list_destroy(list);
    return rc ? kafka_fail(share->bus, err, rc, part->topic) : 0;
}

/* What the end is now: "latest" must not depend on when librdkafka gets to it. */
static int end_of(struct kafka_share *share, const struct kafka_part *part, int64_t *ret,
                  struct err *err)
{
    int64_t low, high;
    const rd_kafka_resp_err_t rc = rd_kafka_query_watermark_offsets(
        share->rk, part->topic, part->partition, &low, &high, share->ask_ms);

    if (rc)
        return kafka_fail(share->bus, err, rc, part->topic);
    *ret = high;
    return 0;
}

static int ask_start(struct kafka_share *share, struct kafka_part *part, struct err *err)
{
    int64_t start = bus_consumer_start(share->conf, part->topic, part->partition, err);

    if (err->code)
        return err->code;
    if (start == BUS_START_STORED)
        (void)stored_start(share, part, &start, err);
    else if (start == BUS_START_LATEST)
        (void)end_of(share, part, &start, err);
    else if (start < 0)
        start = RD_KAFKA_OFFSET_BEGINNING;
    if (err->code)
        return err->code;
    part->start = start;
    part->asked = true;
    return 0;
}

/* All of them, with where each starts. To be destroyed. */
static rd_kafka_topic_partition_list_t *list_of(const struct kafka_share *share)
{
    rd_kafka_topic_partition_list_t *list =
        rd_kafka_topic_partition_list_new((int)share->count);

    for (size_t i = 0; i < share->count; i++)
        rd_kafka_topic_partition_list_add(list, share->parts[i].topic,
                                          share->parts[i].partition)
            ->offset = share->parts[i].start;
    return list;
}

static int set_paused(struct kafka_share *share, bool pause, struct err *err)
{
    rd_kafka_topic_partition_list_t *list = list_of(share);
    const rd_kafka_resp_err_t rc = pause ? rd_kafka_pause_partitions(share->rk, list)
                                         : rd_kafka_resume_partitions(share->rk, list);

    rd_kafka_topic_partition_list_destroy(list);
    if (rc)
        return kafka_fail(share->bus, err, rc, pause ? "pause" : "resume");
    share->paused = pause;
    return 0;
}

/* librdkafka keeps a partition paused while it is away: what comes back is resumed. */
static int assign(struct kafka_share *share, struct err *err)
{
    rd_kafka_topic_partition_list_t *list = list_of(share);
    const rd_kafka_resp_err_t rc = rd_kafka_assign(share->rk, list);

    rd_kafka_topic_partition_list_destroy(list);
    if (rc)
        return kafka_fail(share->bus, err, rc, "assign");
    if (set_paused(share, false, err) < 0)
        return err->code;
    share->assigned = true;
    return 0;
}

int kafka_share_settle(struct kafka_share *share, struct err *err)
{
    if (!share->conf->group && !share->given && give_all(share, err) < 0)
        return err->code;
    if (!share->given || share->assigned)
        return 0;
    for (size_t i = 0; i < share->count; i++)
        if (!share->parts[i].asked && ask_start(share, &share->parts[i], err) < 0)
            return err_wrap(err, "start at %s/%d", share->parts[i].topic,
                            share->parts[i].partition);
    return assign(share, err);
}

int kafka_share_pause(struct kafka_share *share, bool pause, struct err *err)
{
    if (!share->assigned || share->paused == pause)
        return 0;
    return set_paused(share, pause, err);
}

/* The end that was seen when it was first asked is kept until it is reached: under a steady
 * stream the newest end never is. */
static bool part_caught_up(struct kafka_share *share, struct kafka_part *part)
{
    struct err ignored = {0};

    if (part->target == UNKNOWN && end_of(share, part, &part->target, &ignored) < 0)
        return false;
    return part->position >= part->target;
}

bool kafka_share_caught_up(struct kafka_share *share)
{
    if (!share->assigned)
        return false;
    for (size_t i = 0; i < share->count; i++)
        if (!part_caught_up(share, &share->parts[i]))
            return false;
    for (size_t i = 0; i < share->count; i++)
        share->parts[i].target = UNKNOWN;
    return true;
}
