/* retry.c - see retry.h. */
#include "services/common/retry.h"

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "lib/base/stop.h"

enum { FIRST_MS = 50, LONGEST_MS = 2000 };

bool retry_wait(struct retry *retry)
{
    int doublings = retry->attempts < 6 ? retry->attempts : 6;
    int pause_ms = FIRST_MS << doublings;

    if (pause_ms > LONGEST_MS)
        pause_ms = LONGEST_MS;
    retry->attempts++;
    /* members that failed together must not all come back together */
    pause_ms += (int)(clock_mono_ns() % (pause_ms / 4 + 1));
    return !stop_wait(pause_ms);
}

bool retry_loud(const struct retry *retry)
{
    return retry->attempts % 10 == 0;
}

int retry_until(int (*attempt)(void *ctx, struct err *err), void *ctx, struct err *err)
{
    struct retry retry = {0};

    while (attempt(ctx, err) < 0) {
        if (err->code == ERR_INVALID || err->code == ERR_DENIED)
            return err->code;
        if (retry_loud(&retry))
            log_warn("%s; trying again", err->text);
        if (!retry_wait(&retry))
            return err->code;
        err_clear(err);
    }
    return 0;
}
