/* record_line.h - a record of a topic as one line of JSON, for backups and for people.
 *
 * {"partition":0,"offset":12,"time_ms":...,"key":"...","headers":[{"name":"...","value":"..."}],
 *  "value":"..."}. Bytes that are no UTF-8 text are under "key_base64" or "value_base64"; a
 * tombstone has "value":null, no key is "key":null. */
#ifndef GARDENCTL_RECORD_LINE_H
#define GARDENCTL_RECORD_LINE_H

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/bus/bus.h"

enum { RECORD_LINE_HEADERS = 64 };

/* Appends the line, with its line end. */
void record_line_write(struct buf *out, const struct bus_record *record);

/* What was read; the record points into it. */
struct record_line {
    struct bus_record record; /* topic is NULL */
    struct bus_header headers[RECORD_LINE_HEADERS];
    struct buf storage; /* owned */
};

/* End it with record_line_done, also after a failure. */
int record_line_read(struct record_line *ret_line, const char *text, size_t size,
                     struct err *err);
void record_line_done(struct record_line *line);

#endif
