/* rate.h - token buckets: how often somebody may ask.
 *
 * A fixed table, so that strangers cannot fill the memory: who has not asked for the longest
 * time gives up the place. Thread-safe. */
#ifndef GATEWAY_RATE_H
#define GATEWAY_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct rate;

/* per_second tokens come back each second, up to burst. */
struct rate *rate_new(double per_second, double burst, struct err *err);
void rate_free(struct rate *rate);
DEFINE_OWNED(rate)

/* Takes a token of who's at the time now_ns (clock_mono_ns). False where there is none, with
 * the seconds until there is one in *ret_wait_s. */
bool rate_take(struct rate *rate, const char *who, int64_t now_ns, double *ret_wait_s);

/* The same without taking it. */
bool rate_peek(struct rate *rate, const char *who, int64_t now_ns, double *ret_wait_s);

#endif
