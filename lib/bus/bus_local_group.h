/* bus_local_group.h - the members of a group share the partitions of one topic.
 *
 * Who belongs to the group and who works on which partition is written in the topic's file.
 * That a member lives is shown by a lock (fcntl, open file description) that it holds on a byte
 * of topic.members: the kernel lets go of it the moment the process is gone, however it died
 * and in whatever container, so nothing has to be written or compared with a clock while all
 * is well. Members look at each other's locks twice a second, and a clean change rings at once.
 *
 * The members, oldest first, take partitions in turn. A member gives back what is not its
 * share any more before another one takes it: no partition ever has two owners. */
#ifndef LIB_BUS_BUS_LOCAL_GROUP_H
#define LIB_BUS_BUS_LOCAL_GROUP_H

#include "lib/bus/bus.h"
#include "lib/bus/bus_local_db.h"

enum { LOCAL_GROUP_CHECK_MS = 500 };

struct local_group;

/* Joins. Everything is borrowed; db serves the group's own statements. */
struct local_group *local_group_join(const char *dir, const char *topic, const char *name,
                                     struct local_db *db, int32_t partitions, struct err *err);

/* Looks who is there, gives back and takes partitions. owned (by partition) is changed to what
 * this member has now; on_revoked (may be NULL) is called before a partition is given back. */
int local_group_sync(struct local_group *group, bool *owned, bus_revoked *on_revoked, void *ctx,
                     struct err *err);

/* Stores the offset of a partition that this member owns. */
int local_group_commit(struct local_group *group, int32_t partition, int64_t next_offset,
                       struct err *err);

/* Borrowed. */
const char *local_group_name(const struct local_group *group);

/* Leaves, at once for the others. NULL is allowed. */
void local_group_free(struct local_group *group);

#endif
