/* retry.h - growing pauses between attempts, ended early by a stop. */
#ifndef SERVICES_COMMON_RETRY_H
#define SERVICES_COMMON_RETRY_H

#include <stdbool.h>

struct retry { /* zeroed: before the first attempt */
    int attempts;
};

/* Pauses: 50 ms, doubling up to 2 s, with a little jitter. False when stopping: give up. */
bool retry_wait(struct retry *retry);

/* True for the attempts worth a line in the log: the first, and then each tenth. */
bool retry_loud(const struct retry *retry);

#endif
