/* lag.h - how many records a topic has, and how far its consumers are behind. */
#ifndef GARDENCTL_LAG_H
#define GARDENCTL_LAG_H

#include "lib/bus/bus.h"
#include "lib/catalog/catalog.h"

enum { LAG_PARTITIONS = 256, LAG_GROUPS = 32, LAG_NAME = 96 };

struct lag_topic {
    const char *name;
    struct bus_partition_info partitions[LAG_PARTITIONS];
    int partition_count;
    int64_t records; /* between the oldest and the newest; fewer where it is compacted */
};

/* ERR_NOT_FOUND: there is no such topic. */
int lag_topic_read(struct bus *bus, const char *name, struct lag_topic *ret_topic,
                   struct err *err);

/* A group that keeps its offsets in the catalogue. */
struct lag_group {
    char group[LAG_NAME], topic[LAG_NAME];
    int64_t next[LAG_PARTITIONS]; /* -1 where it has none */
};

/* Fills at most LAG_GROUPS groups; returns how many. */
int lag_groups_read(struct catalog *catalog, struct lag_group *ret_groups, struct err *err);

/* How many records the group has before it. */
int64_t lag_behind(const struct lag_topic *topic, const struct lag_group *group);

#endif
