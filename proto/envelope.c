/* envelope.c - see envelope.h. */
#include "proto/envelope.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/crypto/crypto.h"

void envelope_uuid(char out[37])
{
    unsigned char bytes[16];
    char hex[33];

    random_bytes(bytes, sizeof bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40; /* version 4 */
    bytes[8] = (bytes[8] & 0x3f) | 0x80; /* variant of RFC 9562 */
    text_hex(bytes, sizeof bytes, hex);
    (void)snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16,
                   hex + 20);
}

static struct bus_header header(const char *name, const char *value)
{
    return (struct bus_header){name, value, strlen(value)};
}

void envelope_fill(struct envelope *envelope, const char *type, const char *source,
                   const char *id, int64_t time_ms, const struct trace *trace)
{
    struct trace fresh;

    if (!trace) {
        trace_start(&fresh);
        trace = &fresh;
    }
    if (!id)
        envelope_uuid(envelope->id);
    else if (text_copy(envelope->id, sizeof envelope->id, id) < 0)
        sha256_hex(id, strlen(id), envelope->id);
    clock_format_rfc3339(time_ms, envelope->time);
    trace_format(trace, envelope->traceparent);
    envelope->headers[0] = header("ce_specversion", "1.0");
    envelope->headers[1] = header("ce_id", envelope->id);
    envelope->headers[2] = header("ce_type", type);
    envelope->headers[3] = header("ce_source", source);
    envelope->headers[4] = header("ce_time", envelope->time);
    envelope->headers[5] = header("content-type", "application/json");
    envelope->headers[6] = header("traceparent", envelope->traceparent);
}

void envelope_trace(const struct bus_record *record, struct trace *ret_trace)
{
    size_t size = 0;
    const char *parent = bus_record_header(record, "traceparent", &size);

    trace_continue(ret_trace, parent, size);
}
