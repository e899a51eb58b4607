/* bus_local.h - the parts of the local backend, and what they know of each other.
 *
 * One SQLite file (WAL) for each topic, dir/topic.db, so that publishers of different topics
 * never wait for each other. Beside it:
 *   topic.bell     written after each commit; consumers wait for that with inotify
 *   topic.members  written when a group changes; members of groups hold locks on bytes of it
 *   maintain.lock  held by the process that drops old records */
#ifndef LIB_BUS_BUS_LOCAL_H
#define LIB_BUS_BUS_LOCAL_H

#include <pthread.h>

#include "lib/base/map.h"
#include "lib/bus/bus_internal.h"

struct local_checkpointer;
struct local_maintainer;

struct local_bus {
    struct bus base;
    char *dir;
    pthread_mutex_t lock; /* for writers */
    struct map *writers;  /* topic -> struct local_writer, opened when first used */
    struct local_checkpointer *checkpointer;
    struct local_maintainer *maintainer;
};

static inline struct local_bus *local_bus_of(struct bus *bus)
{
    return (struct local_bus *)bus;
}

/* The operations that have a file of their own. */
int bus_local_publish(struct bus *bus, const struct bus_record *records, size_t count,
                      int timeout_ms, struct err *err);
int bus_local_ping(struct bus *bus, int timeout_ms, struct err *err);
struct bus_consumer *
bus_local_consumer_new(struct bus *bus, const struct bus_consumer_conf *conf, struct err *err);
int bus_local_maintain(struct bus *bus, struct err *err);

/* Opens dir/topic.suffix for reading and writing, made where missing. < 0: failed. */
int bus_local_open_beside(const char *dir, const char *topic, const char *suffix,
                          struct err *err);

/* Writes a byte to a file that others watch. */
void bus_local_ring(int bell_fd);

#endif
