/* json.h - JSON in by jansson, JSON out by appending.
 *
 * Reading refuses what a stranger could use against us: depth over 32, sizes over the caller's
 * limit, invalid UTF-8, duplicate names, NUL in strings. Writing goes straight into a struct
 * buf, because building a tree to print it costs more than the rest of handling an event. */
#ifndef LIB_JSON_JSON_H
#define LIB_JSON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/buf.h"
#include "lib/base/err.h"

#define OWNED_JSON __attribute__((cleanup(json_ownedp))) json_t *
static inline void json_ownedp(json_t **p)
{
    json_decref(*p);
}

enum { JSON_MAX_DEPTH_HERE = 32 };

/* A new reference, or NULL: ERR_INVALID says what is wrong at which line and column. Any JSON
 * value is accepted at the top. */
json_t *json_parse(const void *text, size_t size, struct err *err);

/* Members of an object, each with an error that names the member. Unknown members are ignored.
 * Borrowed strings live as long as the object. The optional forms leave *ret as it was where
 * the member is missing or null. */
int json_get_str(const json_t *object, const char *name, const char **ret, struct err *err);
int json_get_int(const json_t *object, const char *name, int64_t *ret, struct err *err);
int json_get_number(const json_t *object, const char *name, double *ret, struct err *err);
int json_get_bool(const json_t *object, const char *name, bool *ret, struct err *err);
int json_get_array(const json_t *object, const char *name, json_t **ret, struct err *err);
int json_get_object(const json_t *object, const char *name, json_t **ret, struct err *err);
int json_opt_str(const json_t *object, const char *name, const char **ret, struct err *err);
int json_opt_int(const json_t *object, const char *name, int64_t *ret, struct err *err);
int json_opt_number(const json_t *object, const char *name, double *ret, struct err *err);
int json_opt_bool(const json_t *object, const char *name, bool *ret, struct err *err);
int json_opt_array(const json_t *object, const char *name, json_t **ret, struct err *err);
int json_opt_object(const json_t *object, const char *name, json_t **ret, struct err *err);

/* Appending. Commas are put by the writer: after '{' , '[' or ':' none is needed.
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
