/* progress.h - how far a long job is: a bar on a terminal, else a line every few seconds.
 *
 * It goes to stderr, so that what a command prints can be piped. Nothing is shown of a job that
 * takes less than a second. */
#ifndef GARDENCTL_PROGRESS_H
#define GARDENCTL_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    const char *doing, *unit; /* borrowed: "importing", "pictures" */
    uint64_t total;           /* 0: not known */
    uint64_t done;
    int64_t start_ms, shown_ms;
    uint64_t rate_done; /* the rate counts what came after these, */
    int64_t rate_ms;    /* since then; 0: since the start */
    bool terminal;
    bool drawn; /* a bar is on the screen */
};

void progress_start(struct progress *progress, const char *doing, const char *unit,
                    uint64_t total);

/* done of total are done now. Cheap: call it for each. */
void progress_at(struct progress *progress, uint64_t done);

/* The rate, and what it says is left, count from now on: what was before was waiting. */
void progress_rate_from(struct progress *progress, uint64_t done);

/* Prints a line on stdout without the bar getting into it. */
void progress_say(struct progress *progress, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Takes the bar away. */
void progress_end(struct progress *progress);

/* Writes what is shown, without line end; for tests. */
size_t progress_format(const struct progress *progress, int64_t now_ms, char *out, size_t size);

/* "1.5 s", "2 min 05 s", "3 h 10 min". */
void progress_format_time(int64_t ms, char out[32]);

#endif
