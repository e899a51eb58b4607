/* json.h - JSON in by jansson; JSON out is json_write.h, which this includes.
 *
 * Reading refuses what a stranger could use against us: depth over 32, invalid UTF-8, duplicate
 * names, NUL in strings. Limits of size are the caller's. */
#ifndef LIB_JSON_JSON_H
#define LIB_JSON_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/json/json_write.h"

#define OWNED_JSON __attribute__((cleanup(json_ownedp))) json_t *
static inline void json_ownedp(json_t **p)
{
    json_decref(*p);
}

enum { JSON_MAX_DEPTH_HERE = 32 };

/* A new reference, or NULL: ERR_INVALID says what is wrong at which line and column. Any JSON
 * value is accepted at the top. */
json_t *json_parse(const void *text, size_t size, struct err *err);

/* Members of an object, each with an error that names the member: "width is missing", "width is
 * a string, not a whole number". Unknown members are ignored. Borrowed strings live as long as
 * the object, and so do arrays and objects: no reference is added. 3.0 is a whole number, too.
 * The optional forms leave *ret as it was where the member is missing or null. */
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

/* Puts the place of an ERR_INVALID in front of its text, so that "key is missing" becomes
 * "Records[2].s3.object.key is missing". Returns err->code. */
int json_err_at(struct err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
