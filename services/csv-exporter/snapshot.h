/* snapshot.h - the part of the topics that an export is of: each partition from its oldest
 * record up to where it ended when the snapshot was fixed, and no further.
 *
 * The ends of garden.interactions are fixed first, then those of garden.users and garden.items:
 * a visitor or a picture that an act speaks of was published before the act, and so is in the
 * snapshot, unless it was removed. The other way it does not hold: a visitor may be in it whose
 * first act is not.
 *
 * users and items are compacted topics: where a visitor changes after the ends were fixed, and
 * the bus is just then compacting, it may drop the older record before it is read here; that
 * visitor is then in the next export only. So these two are read first, at once. */
#ifndef SERVICES_CSV_EXPORTER_SNAPSHOT_H
#define SERVICES_CSV_EXPORTER_SNAPSHOT_H

#include <stdatomic.h>

#include "lib/bus/bus.h"
#include "proto/export_event.h"

struct snapshot {
    struct export_offset offsets[EXPORT_OFFSETS_MAX]; /* by topic, then by partition */
    size_t count;
};

int snapshot_fix(struct bus *bus, struct snapshot *ret_snapshot, struct err *err);

/* How many records of the topic there are at most. */
uint64_t snapshot_records(const struct snapshot *snapshot, const char *topic);

/* Calls fn for each, in the order of the partitions and of the offsets within. fn ends it by a
 * value < 0, which is returned. Once *stop is true: ERR_CONFLICT. */
int snapshot_read(struct bus *bus, const struct snapshot *snapshot, const char *topic,
                  const atomic_bool *stop,
                  int (*fn)(void *ctx, const struct bus_record *record, struct err *err),
                  void *ctx, struct err *err);

/* The same of one partition of it. Several may be read at a time, each by a
 * thread of its own. */
int snapshot_read_part(struct bus *bus, const struct export_offset *part,
                       const atomic_bool *stop,
                       int (*fn)(void *ctx, const struct bus_record *record, struct err *err),
                       void *ctx, struct err *err);

#endif
