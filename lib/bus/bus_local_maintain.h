/* bus_local_maintain.h - drops what a topic need not keep: records past their time, and in
 * compacted topics those that a later record of the same key replaced.
 *
 * It works in transactions of a few ms, for half a second a call; a compaction that takes
 * longer goes on where it was in the next call. */
#ifndef LIB_BUS_BUS_LOCAL_MAINTAIN_H
#define LIB_BUS_BUS_LOCAL_MAINTAIN_H

struct local_maintainer;

struct local_maintainer *local_maintainer_new(void);
void local_maintainer_free(struct local_maintainer *maintainer);

#endif
