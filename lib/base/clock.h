/* clock.h - time: wall clock for what is recorded, monotonic for what is waited for. */
#ifndef LIB_BASE_CLOCK_H
#define LIB_BASE_CLOCK_H

#include <stdint.h>

#include "lib/base/err.h"

/* Since the epoch, UTC. */
int64_t clock_wall_ms(void);
int64_t clock_wall_ns(void);

/* Since an unspecified start; never goes back. */
int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);

enum { CLOCK_TEXT = 40 }; /* a buffer for either text below */

/* RFC 3339 in UTC with milliseconds: 2026-05-04T09:08:07.123Z. */
void clock_format_rfc3339(int64_t wall_ms, char text[CLOCK_TEXT]);

/* IMF-fixdate of RFC 9110: Mon, 04 May 2026 09:08:07 GMT. */
void clock_format_http(int64_t wall_ms, char text[CLOCK_TEXT]);

/* Reads RFC 3339 (any offset, any number of fraction digits) to milliseconds. */
int clock_parse_rfc3339(const char *text, int64_t *ret_wall_ms, struct err *err);

/* Reads IMF-fixdate; ERR_INVALID for the obsolete forms. */
int clock_parse_http(const char *text, int64_t *ret_wall_ms, struct err *err);

#endif
