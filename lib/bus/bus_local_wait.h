/* bus_local_wait.h - sleeps until something happens to a topic, without asking all the time.
 *
 * Publishers write a byte to topic.bell after each commit; inotify tells of it in some 50 us.
 * Where inotify is not to be had (its instances are limited) or a bell is lost, the caller
 * looks again after LOCAL_RECHECK_MS. */
#ifndef LIB_BUS_BUS_LOCAL_WAIT_H
#define LIB_BUS_BUS_LOCAL_WAIT_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

enum { LOCAL_RECHECK_MS = 200 };

struct local_wait {
    int wake_fd;    /* eventfd */
    int inotify_fd; /* -1: do without */
};

int local_wait_init(struct local_wait *wait, struct err *err);
void local_wait_done(struct local_wait *wait);

/* Watches dir/topic.suffix. Returns what local_wait_heard is to be asked for, or -1 where the
 * file cannot be watched; < 0 with err set where it cannot be opened. */
int local_wait_watch(struct local_wait *wait, const char *dir, const char *topic,
                     const char *suffix, struct err *err);

/* Empties the queue of bells without waiting. True where the watch (-1: any) has rung. */
bool local_wait_heard(struct local_wait *wait, const int *watches, size_t count);

/* Waits for a bell, a wake or the time. True for a wake, which is used up by this. */
bool local_wait_until(struct local_wait *wait, int timeout_ms);

/* From any thread or a signal handler. */
void local_wait_wake(struct local_wait *wait);

#endif
