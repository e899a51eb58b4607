/* csv.h - comma-separated values as RFC 4180 has them: read as a stream, and written.
 *
 * Reading takes CRLF and LF, quoted fields with anything in them, and a UTF-8 byte order mark
 * at the start. Empty lines are passed over. What else is not RFC 4180 is refused row by row,
 * with the line and how to mend it: reading then goes on at the next line, so that a quote too
 * many costs one row and not the file. Text has to be UTF-8 without NUL.
 *
 * Memory is bounded by the longest row that is allowed. A reader belongs to one thread. */
#ifndef LIB_CSV_CSV_H
#define LIB_CSV_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"
#include "lib/base/owned.h"

enum { CSV_FIELDS_MAX = 1000 };

struct csv_field {
    const char *text; /* a NUL follows where it was read; writing needs none */
    size_t size;
};

struct csv_row {
    const struct csv_field *fields;
    size_t count;
    uint64_t line; /* where it begins, from 1 */
};

/* Fills at most size bytes. Returns how many, 0 at the end, or < 0. */
typedef long csv_source(void *ctx, char *room, size_t size, struct err *err);

struct csv_reader;

/* max_row_bytes: of a row as it is in the file; at least 1. */
struct csv_reader *csv_reader_new(csv_source *source, void *ctx, size_t max_row_bytes,
                                  struct err *err);
void csv_reader_free(struct csv_reader *reader);
DEFINE_OWNED(csv_reader)

/* 1: a row, borrowed until the next call. 0: the end. ERR_INVALID: a row that is none, whose
 * text starts with "line N: "; the next call goes on with the line after it. Else what the
 * source failed with. */
int csv_read(struct csv_reader *reader, struct csv_row *ret_row, struct err *err);

/* A csv_source over an open file; ctx is an int *, its descriptor. */
long csv_source_fd(void *ctx, char *room, size_t size, struct err *err);

/* Appends a field, in quotes only where it needs them. The commas are the caller's. */
void csv_write_field(struct buf *out, const char *text, size_t size);

/* Appends a row with its LF. A row of one empty field is written "", as an empty line is none.
 */
void csv_write_row(struct buf *out, const struct csv_field *fields, size_t count);

#endif
