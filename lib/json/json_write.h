/* json_write.h - JSON out by appending to a struct buf, because building a tree to print it
 * costs more than the rest of handling an event. Memory that runs out shows in buf_ok. */
#ifndef LIB_JSON_JSON_WRITE_H
#define LIB_JSON_JSON_WRITE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"

/* Commas are put by the writer: before a value or name there goes one unless the buffer is
 * empty or ends in '{', '[', ':' or white space (so the lines of a feed need no care).
 *
 *   json_write_open(b, '{');
 *   json_write_name(b, "emotion"); json_write_str(b, "happy");
 *   json_put_int(b, "width", 1280);
 *   json_write_close(b, '}'); */
void json_write_open(struct buf *out, char bracket);
void json_write_close(struct buf *out, char bracket);
void json_write_name(struct buf *out, const char *name);
void json_write_str(struct buf *out, const char *text);
void json_write_str_n(struct buf *out, const char *text,
                      size_t size); /* invalid UTF-8 becomes U+FFFD */
void json_write_int(struct buf *out, int64_t number);
void json_write_number(struct buf *out,
                       double number); /* shortest form that reads back the same */
void json_write_bool(struct buf *out, bool value);
void json_write_null(struct buf *out);
void json_write_raw(struct buf *out, const char *text,
                    size_t size);                           /* a JSON value already written */
void json_write_tree(struct buf *out, const json_t *value); /* compact, keys in order */

/* json_write_name and the value in one. */
void json_put_str(struct buf *out, const char *name, const char *text); /* NULL: null */
void json_put_int(struct buf *out, const char *name, int64_t number);
void json_put_bool(struct buf *out, const char *name, bool value);

#endif
