/* log.h - one JSON object per line on stderr.
 *
 *   {"time":"...","level":"info","service":"gateway","trace":"4bf9...","message":"..."}
 *
 * The level comes from LOG_LEVEL (debug, info, warn, error; default info). Only main.c and the
 * loops that drop and count may log; library code fills a struct err instead. Thread-safe: a
 * line is written by one write(2). */
#ifndef LIB_BASE_LOG_H
#define LIB_BASE_LOG_H

#include "lib/base/err.h"

/* Names the service in every line and reads LOG_LEVEL. Once, at the start of main. */
void log_init(const char *service);

void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Logs "doing: reason" and returns EXIT_FAILURE, for main to return. */
int log_fatal(const struct err *err, const char *doing);

/* This thread's lines carry this trace id (32 hex digits) until it is set to NULL. Borrowed. */
void log_set_trace(const char *trace_id);

#endif
