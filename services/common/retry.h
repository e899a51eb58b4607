/* retry.h - growing pauses between attempts, ended early by a stop. */
#ifndef SERVICES_COMMON_RETRY_H
#define SERVICES_COMMON_RETRY_H

#include <stdbool.h>

#include "lib/base/err.h"

struct retry { /* zeroed: before the first attempt */
    int attempts;
};

/* Pauses: 50 ms, doubling up to 2 s, with a little jitter. False when stopping: give up. */
bool retry_wait(struct retry *retry);

/* True for the attempts worth a line in the log: the first, and then each tenth. */
bool retry_loud(const struct retry *retry);

/* Calls attempt(ctx) until it succeeds, and logs what is wrong meanwhile: for engines that are
 * away. Ends with attempt's error when stopping, and at once where waiting does not help:
 * ERR_INVALID, ERR_DENIED. */
int retry_until(int (*attempt)(void *ctx, struct err *err), void *ctx, struct err *err);

#endif
