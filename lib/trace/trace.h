/* trace.h - W3C Trace Context: one id follows a visitor's tap through HTTP, topics and logs.
 *
 * https://www.w3.org/TR/trace-context/ version 00. */
#ifndef LIB_TRACE_TRACE_H
#define LIB_TRACE_TRACE_H

#include <stdbool.h>
#include <stddef.h>

enum { TRACE_PARENT = 56 }; /* a traceparent with its NUL */

struct trace {
    char trace_id[33]; /* lower-case hex */
    char span_id[17];  /* of this service's own step */
    bool sampled;
};

/* A new trace with random ids. */
void trace_start(struct trace *ret_trace);

/* Goes on with the caller's trace under a span id of our own. Starts a new trace where the text
 * (not NUL-terminated; NULL allowed) is no valid traceparent, as the standard asks. */
void trace_continue(struct trace *ret_trace, const char *traceparent, size_t size);

/* "00-<trace id>-<span id>-01", or -00 where the trace is not sampled. */
void trace_format(const struct trace *trace, char text[TRACE_PARENT]);

#endif
