/* bus_wait.h - how a poll sleeps: until the backend's descriptor becomes readable, until
 * bus_consumer_wake or until the time is up. */
#ifndef LIB_BUS_BUS_WAIT_H
#define LIB_BUS_BUS_WAIT_H

#include <stdbool.h>

#include "lib/base/err.h"

struct bus_wait {
    int wake_fd;  /* eventfd */
    int event_fd; /* the backend's, read by it, closed by bus_wait_done; -1: do without */
};

/* event_fd is -1 at first. */
int bus_wait_init(struct bus_wait *wait, struct err *err);
void bus_wait_done(struct bus_wait *wait);

/* True for a wake, which is used up by this. */
bool bus_wait_until(struct bus_wait *wait, int timeout_ms);

/* From any thread or a signal handler. */
void bus_wait_wake(struct bus_wait *wait);

#endif
