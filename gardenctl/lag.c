/* lag.c - see lag.h. */
#include "gardenctl/lag.h"

#include <string.h>

#include "lib/base/text.h"

enum { ASK_MS = 5000 };

int lag_topic_read(struct bus *bus, const char *name, struct lag_topic *ret_topic,
                   struct err *err)
{
    struct lag_topic topic = {.name = name};
    int count = bus_topic_info(bus, name, topic.partitions, LAG_PARTITIONS, ASK_MS, err);

    if (count < 0)
        return count;
    topic.partition_count = count < LAG_PARTITIONS ? count : LAG_PARTITIONS;
    for (int i = 0; i < topic.partition_count; i++)
        topic.records += topic.partitions[i].high - topic.partitions[i].low;
    *ret_topic = topic;
    return 0;
}

struct reading {
    struct lag_group *groups;
    int count;
};

static struct lag_group *find_group(struct reading *reading,
                                    const struct catalog_offset *offset)
{
    struct lag_group *group;

    for (int i = 0; i < reading->count; i++)
        if (strcmp(reading->groups[i].group, offset->group) == 0 &&
            strcmp(reading->groups[i].topic, offset->topic) == 0)
            return &reading->groups[i];
    if (reading->count == LAG_GROUPS)
        return NULL;
    group = &reading->groups[reading->count];
    if (text_copy(group->group, LAG_NAME, offset->group) < 0 ||
        text_copy(group->topic, LAG_NAME, offset->topic) < 0)
        return NULL;
    for (int i = 0; i < LAG_PARTITIONS; i++)
        group->next[i] = -1;
    reading->count++;
    return group;
}

static int note_offset(void *ctx, const struct catalog_offset *offset, struct err *err)
{
    struct lag_group *group = find_group(ctx, offset);

    (void)err;
    if (group && offset->partition >= 0 && offset->partition < LAG_PARTITIONS)
        group->next[offset->partition] = offset->next;
    return 0;
}

int lag_groups_read(struct catalog *catalog, struct lag_group *ret_groups, struct err *err)
{
    struct reading reading = {.groups = ret_groups};
    int r = catalog_offsets(catalog, note_offset, &reading, err);

    return r < 0 ? r : reading.count;
}

int64_t lag_behind(const struct lag_topic *topic, const struct lag_group *group)
{
    int64_t behind = 0;

    for (int i = 0; i < topic->partition_count; i++) {
        const struct bus_partition_info *info = &topic->partitions[i];
        int64_t next = info->partition < LAG_PARTITIONS ? group->next[info->partition] : -1;

        if (next < info->low) /* also where it has none: it starts at the oldest */
            next = info->low;
        if (next < info->high)
            behind += info->high - next;
    }
    return behind;
}
