/* up_log.h - what a service writes on stderr: kept in a file that is turned over when it grows,
 * and, where it is a warning or worse, shown in a short line. */
#ifndef GARDENCTL_UP_LOG_H
#define GARDENCTL_UP_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

enum { UP_LOG_REASON = 200 };

struct up_log {
    const char *service; /* borrowed */
    char path[512];
    int fd;         /* of the file */
    int64_t size;   /* of the file */
    struct buf cut; /* the start of a line whose end has not come yet */
    bool verbose;   /* show every line */
    int64_t window_ms;
    int shown, held_back;       /* lines in this window */
    char reason[UP_LOG_REASON]; /* the last warning or error */
};

/* Appends to dir/<service>.log, which is made when missing. */
int up_log_open(struct up_log *log, const char *dir, const char *service, bool verbose,
                struct err *err);

/* Takes what was read from the service. A full disk loses the file's lines, not the service. */
void up_log_take(struct up_log *log, const char *bytes, size_t size);

void up_log_done(struct up_log *log);

#endif
