/* envelope.h - the headers that every record carries: CloudEvents 1.0, binary mode, as in its
 * Kafka protocol binding, and W3C traceparent. */
#ifndef PROTO_ENVELOPE_H
#define PROTO_ENVELOPE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/clock.h"
#include "lib/bus/bus.h"
#include "lib/trace/trace.h"

enum { ENVELOPE_HEADERS = 7, ENVELOPE_ID = 80 };

/* What the headers point into; lives as long as the record that uses them. */
struct envelope {
    char id[ENVELOPE_ID];
    char time[CLOCK_TEXT];
    char traceparent[TRACE_PARENT];
    struct bus_header headers[ENVELOPE_HEADERS];
};

/* Fills headers: ce_specversion ce_id ce_type ce_source ce_time content-type traceparent.
 * type and source are borrowed ("garden.item.changed", "/item-ingest"). id NULL: a random UUID;
 * one that is longer than 79 bytes is replaced by its SHA-256. trace NULL: a new one. */
void envelope_fill(struct envelope *envelope, const char *type, const char *source,
                   const char *id, int64_t time_ms, const struct trace *trace);

/* Writes a random UUID (version 4), 36 characters and a NUL. */
void envelope_uuid(char out[37]);

/* Goes on with the record's trace, or starts one where it has none. */
void envelope_trace(const struct bus_record *record, struct trace *ret_trace);

#endif
