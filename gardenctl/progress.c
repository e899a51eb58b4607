/* progress.c - see progress.h. */
#include "gardenctl/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"

enum {
    QUIET_MS = 1000,         /* shorter jobs show nothing */
    TERMINAL_EVERY_MS = 100, /* between two drawings of the bar */
    LINE_EVERY_MS = 5000,    /* between two lines where there is no terminal */
    BAR = 30,
    LINE = 200,
};

void progress_start(struct progress *progress, const char *doing, const char *unit,
                    uint64_t total)
{
    *progress = (struct progress){
        .doing = doing,
        .unit = unit,
        .total = total,
        .start_ms = clock_mono_ms(),
        .terminal = isatty(STDERR_FILENO) == 1,
    };
    progress->shown_ms = progress->start_ms + QUIET_MS -
                         (progress->terminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS);
}

void progress_format_time(int64_t ms, char out[32])
{
    int64_t s = (ms + 500) / 1000;

    if (ms < 9950)
        (void)snprintf(out, 32, "%" PRId64 ".%" PRId64 " s", (ms + 50) / 1000,
                       (ms + 50) % 1000 / 100);
    else if (s < 60)
        (void)snprintf(out, 32, "%" PRId64 " s", s);
    else if (s < 3600)
        (void)snprintf(out, 32, "%" PRId64 " min %02" PRId64 " s", s / 60, s % 60);
    else
        (void)snprintf(out, 32, "%" PRId64 " h %02" PRId64 " min", s / 3600, s % 3600 / 60);
}

static void format_bar(const struct progress *progress, char bar[BAR + 4])
{
    uint64_t done = progress->done < progress->total ? progress->done : progress->total;
    int filled = (int)(BAR * done / progress->total);

    bar[0] = '[';
    memset(bar + 1, '#', (size_t)filled);
    memset(bar + 1 + filled, '.', (size_t)(BAR - filled));
    memcpy(bar + 1 + BAR, "] ", 3);
}

size_t progress_format(const struct progress *progress, int64_t now_ms, char *out, size_t size)
{
    int64_t took_ms = now_ms - (progress->rate_ms ? progress->rate_ms : progress->start_ms);
    uint64_t counted = progress->done - progress->rate_done;
    double rate = took_ms > 0 ? (double)counted * 1000 / (double)took_ms : 0;
    char bar[BAR + 4] = "", of[32] = "", left[64] = "", left_time[32];
    int n;

    if (progress->total) {
        format_bar(progress, bar);
        (void)snprintf(of, sizeof of, " of %" PRIu64, progress->total);
    }
    if (progress->total > progress->done && rate > 0) {
        progress_format_time(
            (int64_t)((double)(progress->total - progress->done) / rate * 1000), left_time);
        (void)snprintf(left, sizeof left, ", %s left", left_time);
    }
    n = snprintf(out, size, "%s %s%" PRIu64 "%s %s, %.*f/s%s", progress->doing, bar,
                 progress->done, of, progress->unit, rate < 10 ? 1 : 0, rate, left);
    return n < 0 ? 0 : (size_t)n;
}

void progress_rate_from(struct progress *progress, uint64_t done)
{
    progress->rate_done = done;
    progress->rate_ms = clock_mono_ms();
}

void progress_at(struct progress *progress, uint64_t done)
{
    int64_t now_ms = clock_mono_ms();
    char line[LINE];

    progress->done = done;
    if (now_ms - progress->shown_ms < (progress->terminal ? TERMINAL_EVERY_MS : LINE_EVERY_MS))
        return;
    progress->shown_ms = now_ms;
    (void)progress_format(progress, now_ms, line, sizeof line);
    if (progress->terminal)
        (void)fprintf(stderr, "\r%s\033[K", line);
    else
        (void)fprintf(stderr, "%s\n", line);
    progress->drawn = progress->terminal;
}

static void clear(struct progress *progress)
{
    if (progress->drawn)
        (void)fputs("\r\033[K", stderr);
    progress->drawn = false;
}

void progress_say(struct progress *progress, const char *fmt, ...)
{
    va_list args;

    clear(progress);
    va_start(args, fmt);
    (void)vprintf(fmt, args);
    va_end(args);
    (void)putchar('\n');
    (void)fflush(stdout);
}

void progress_end(struct progress *progress)
{
    clear(progress);
}
