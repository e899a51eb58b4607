/* bus_local_writer.h - appends to one topic's log.
 *
 * Each commit costs a sync of the disk, so calls that meet share one: the first becomes the
 * leader and commits for everybody who waits, the rest sleep until it has. Thread-safe. */
#ifndef LIB_BUS_BUS_LOCAL_WRITER_H
#define LIB_BUS_BUS_LOCAL_WRITER_H

#include "lib/bus/bus.h"

struct local_checkpointer;
struct local_writer;

/* The checkpointer is borrowed and outlives the writer's last append. */
struct local_writer *local_writer_new(const char *dir, const char *topic,
                                      struct local_checkpointer *checkpointer, struct err *err);
void local_writer_free(struct local_writer *writer);
DEFINE_OWNED(local_writer)

/* Appends those of the records that are for this writer's topic: all or none. ERR_UNAVAILABLE:
 * the file stayed locked until timeout_ms had passed. With count 0 it only tries whether the
 * file can be written. */
int local_writer_append(struct local_writer *writer, const struct bus_record *records,
                        size_t count, int timeout_ms, struct err *err);

#endif
