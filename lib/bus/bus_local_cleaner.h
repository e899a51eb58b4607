/* bus_local_cleaner.h - compaction: of the records of one key only the last stays.
 *
 * As Kafka's log cleaner does it: the part of a partition that was never cleaned (the dirty
 * part) is read into a map from key to last offset; then the partition is swept from its start,
 * dropping each record that the map knows a later one for. A tombstone stays for a day, so that
 * slow readers learn of it. The map holds a bounded number of keys; where the dirty part has
 * more, the rest is left for the next time.
 *
 * Keys are told apart by a 64-bit hash with a secret seed in the map (16 bytes a key), and by
 * their bytes before anything is dropped. */
#ifndef LIB_BUS_BUS_LOCAL_CLEANER_H
#define LIB_BUS_BUS_LOCAL_CLEANER_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/bus/bus_local_db.h"

enum {
    LOCAL_CLEAN_KEYS = 3 << 17, /* 393216: 8 MiB */
    LOCAL_CLEAN_MIN = 1000,     /* dirty records that make it worth while */
    LOCAL_TOMBSTONE_MS = 24 * 3600 * 1000,
};

/* A compaction under way, possibly over several calls. Zeroed: none. */
struct local_cleaner {
    char *topic;
    int32_t partition;
    bool sweeping;
    int64_t position, end, kept;
    uint64_t seed[2];
    struct clean_slot *slots;
    size_t capacity, used;
};

/* Works on the topic until deadline_ns: begins where half of a partition is dirty, goes on with
 * what it began. Returns how many records it dropped. db is the topic's. */
int local_cleaner_run(struct local_cleaner *cleaner, const char *topic, struct local_db *db,
                      int64_t deadline_ns, struct err *err);

/* True while it is at work on another topic than this. */
bool local_cleaner_busy(const struct local_cleaner *cleaner, const char *topic);

void local_cleaner_done(struct local_cleaner *cleaner);

#endif
