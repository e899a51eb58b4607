/* ticker.h - a thread that does something again and again. */
#ifndef LIB_BASE_TICKER_H
#define LIB_BASE_TICKER_H

#include "lib/base/err.h"
#include "lib/base/owned.h"

struct ticker;

/* Calls tick(ctx) at once, and again every_ms after each call has ended, on a thread of that
 * name (at most 15 characters, borrowed for ever). NULL where no thread can be had. */
struct ticker *ticker_start(const char *name, int every_ms, void (*tick)(void *ctx), void *ctx,
                            struct err *err);

/* Waits for a call that is under way, not for the next. NULL is fine. */
void ticker_free(struct ticker *ticker);
DEFINE_OWNED(ticker)

#endif
