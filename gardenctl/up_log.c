/* up_log.c - see up_log.h. */
#include "gardenctl/up_log.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gardenctl/command.h"
#include "lib/base/clock.h"
#include "lib/json/json.h"

enum {
    FILE_BYTES = 8 << 20, /* then a new one is begun */
    OLD_FILES = 3,        /* service.log.1 is the youngest */
    LINE_BYTES = 64 << 10,
    WINDOW_MS = 10000, /* at most SHOWN lines are shown in it, so that a flood stays readable */
    SHOWN = 20,
};

static int open_file(struct up_log *log, struct err *err)
{
    struct stat info;

    log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log->fd < 0)
        return err_set_errno(err, "opening the log %s", log->path);
    log->size = fstat(log->fd, &info) == 0 ? info.st_size : 0;
    return 0;
}

int up_log_open(struct up_log *log, const char *dir, const char *service, bool verbose,
                struct err *err)
{
    int n;

    *log = (struct up_log){.service = service, .verbose = verbose, .fd = -1};
    n = snprintf(log->path, sizeof log->path, "%s/%s.log", dir, service);
    if (n < 0 || (size_t)n >= sizeof log->path - 4)
        return err_set(err, ERR_INVALID, "GARDEN_DATA is too long for the path of a log");
    return open_file(log, err);
}

static void turn_over(struct up_log *log)
{
    char from[sizeof log->path + 16], to[sizeof log->path + 16];
    struct err ignored = {0};

    (void)close(log->fd);
    for (int i = OLD_FILES; i >= 1; i--) {
        (void)snprintf(to, sizeof to, "%s.%d", log->path, i);
        if (i > 1)
            (void)snprintf(from, sizeof from, "%s.%d", log->path, i - 1);
        (void)rename(i > 1 ? from : log->path, to);
    }
    (void)open_file(log, &ignored);
}

/* Counts the line; false where there were too many lately. */
static bool may_show(struct up_log *log)
{
    int64_t now_ms = clock_mono_ms();

    if (now_ms - log->window_ms > WINDOW_MS) {
        if (log->held_back)
            printf("  %-14s %d more lines like these are in %s\n", log->service, log->held_back,
                   log->path);
        log->window_ms = now_ms;
        log->shown = log->held_back = 0;
    }
    if (log->shown >= SHOWN)
        log->held_back++;
    else
        log->shown++;
    return log->held_back == 0;
}

static void show(struct up_log *log, const char *level, const char *message)
{
    (void)snprintf(log->reason, sizeof log->reason, "%s", message);
    (void)command_printable(log->reason);
    if (!log->verbose && may_show(log))
        printf("  %-14s %s: %s\n", log->service, level, log->reason);
}

/* A line is a JSON object of lib/base/log.h, or something else that is shown as it is. */
static void on_line(struct up_log *log, const char *line, size_t size)
{
    struct err ignored = {0};
    const char *level = "", *message = "";
    OWNED_JSON object = json_parse(line, size, &ignored);

    if (log->verbose)
        printf("%.*s\n", (int)size, line);
    if (!json_is_object(object)) {
        char text[UP_LOG_REASON];

        (void)snprintf(text, sizeof text, "%.*s", (int)size, line);
        if (*text)
            show(log, "says", text);
        return;
    }
    (void)json_opt_str(object, "level", &level, &ignored);
    (void)json_opt_str(object, "message", &message, &ignored);
    if (strcmp(level, "warn") == 0)
        show(log, "warning", message);
    if (strcmp(level, "error") == 0)
        show(log, "error", message);
}

void up_log_take(struct up_log *log, const char *bytes, size_t size)
{
    const char *start, *end, *stop;

    if (log->fd >= 0 && write(log->fd, bytes, size) > 0)
        log->size += (int64_t)size;
    buf_append(&log->cut, bytes, size);
    if (!buf_ok(&log->cut)) {
        buf_clear(&log->cut);
        return;
    }
    start = log->cut.data;
    stop = start + log->cut.size;
    while ((end = memchr(start, '\n', (size_t)(stop - start)))) {
        on_line(log, start, (size_t)(end - start));
        start = end + 1;
    }
    if (start != log->cut.data) {
        size_t left = (size_t)(stop - start);

        memmove(log->cut.data, start, left);
        log->cut.size = left;
    }
    if (log->cut.size > LINE_BYTES)
        buf_clear(&log->cut);
    if (log->size > FILE_BYTES)
        turn_over(log);
    (void)fflush(stdout);
}

void up_log_done(struct up_log *log)
{
    if (log->service && log->fd >= 0)
        (void)close(log->fd);
    buf_done(&log->cut);
    *log = (struct up_log){.fd = -1};
}
