/* log.c - see log.h. */
#include "lib/base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "lib/base/clock.h"

enum level { DEBUG, INFO, WARN, ERROR };

enum { LINE_BYTES = 2048 }; /* longer messages are cut */

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static enum level least = INFO;
static const char *service_name = "garden";
static __thread const char *trace_of_thread;

void log_init(const char *service)
{
    const char *wanted = getenv("LOG_LEVEL");

    service_name = service;
    for (int i = DEBUG; wanted && i <= ERROR; i++)
        if (strcasecmp(wanted, level_names[i]) == 0)
            least = (enum level)i;
}

void log_set_trace(const char *trace_id)
{
    trace_of_thread = trace_id;
}

/* Appends text as the inside of a JSON string; what does not fit is left out. */
static size_t append_escaped(char *line, size_t used, size_t limit, const char *text)
{
    for (; *text && used + 7 < limit; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\') {
            line[used++] = '\\';
            line[used++] = (char)c;
        } else if (c < 0x20) {
            used += (size_t)snprintf(line + used, limit - used, "\\u%04x", c);
        } else {
            line[used++] = (char)c;
        }
    }
    return used;
}

static void write_line(enum level level, const char *fmt, va_list args)
{
    char message[LINE_BYTES - 256], line[LINE_BYTES], now[CLOCK_TEXT];
    size_t used;

    if (level < least)
        return;
    (void)vsnprintf(message, sizeof message, fmt, args);
    clock_format_rfc3339(clock_wall_ms(), now);
    used = (size_t)snprintf(line, sizeof line,
                            "{\"time\":\"%s\",\"level\":\"%s\",\"service\":\"%s\"", now,
                            level_names[level], service_name);
    if (trace_of_thread)
        used += (size_t)snprintf(line + used, sizeof line - used, ",\"trace\":\"%.32s\"",
                                 trace_of_thread);
    used += (size_t)snprintf(line + used, sizeof line - used, ",\"message\":\"");
    used = append_escaped(line, used, sizeof line - 4, message);
    used += (size_t)snprintf(line + used, sizeof line - used, "\"}\n");
    (void)!write(STDERR_FILENO, line, used);
}

#define DEFINE_LOG(name, level)       \
    void name(const char *fmt, ...)   \
    {                                 \
        va_list args;                 \
                                      \
        va_start(args, fmt);          \
        write_line(level, fmt, args); \
        va_end(args);                 \
    }

DEFINE_LOG(log_debug, DEBUG)
DEFINE_LOG(log_info, INFO)
DEFINE_LOG(log_warn, WARN)
DEFINE_LOG(log_error, ERROR)

int log_fatal(const struct err *err, const char *doing)
{
    log_error("%s: %s", doing, err->text);
    return EXIT_FAILURE;
}
