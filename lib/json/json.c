/* json.c - see json.h. */
#include "lib/json/json.h"
#include "lib/json/json_internal.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The largest whole number up to which every whole number has a double of its own. */
static const double MAX_EXACT = 9007199254740992.0;

const char *json_skip_string(const char *p, const char *end)
{
    for (;;) {
        const char *quote = memchr(p + 1, '"', (size_t)(end - p - 1)), *slash;

        if (!quote)
            return NULL;
        slash = memchr(p + 1, '\\', (size_t)(quote - p - 1));
        if (!slash)
            return quote + 1;
        if (slash + 1 >= end)
            return NULL;
        p = slash + 1; /* the escaped character takes the place of an opening quote */
    }
}

/* Looked at before parsing: jansson goes 2048 deep by recursion, which is more than a thread's
 * stack may have. What is not JSON is left to the parser to find. */
static int check_depth(const char *text, size_t size, struct err *err)
{
    const char *p = text, *end = text + size;
    int depth = 0;

    while (p && p < end) {
        if (*p == '"') {
            p = json_skip_string(p, end);
            continue;
        }
        depth += *p == '[' || *p == '{';
        depth -= *p == ']' || *p == '}';
        if (depth > JSON_MAX_DEPTH_HERE)
            return err_set(err, ERR_INVALID, "JSON is nested more than %d deep at byte %td",
                           JSON_MAX_DEPTH_HERE, p - text);
        p++;
    }
    return 0;
}

json_t *json_parse(const void *text, size_t size, struct err *err)
{
    json_error_t error;
    json_t *value;

    if (size == 0) {
        err_set(err, ERR_INVALID, "there is nothing where JSON is needed");
        return NULL;
    }
    if (memchr(text, '\0', size)) { /* jansson would take it for the end */
        err_set(err, ERR_INVALID, "not valid JSON: there is a NUL byte in it");
        return NULL;
    }
    if (check_depth(text, size, err) < 0)
        return NULL;
    value = json_loadb(text, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (value)
        return value;
    if (json_error_code(&error) == json_error_out_of_memory)
        err_set_nomem(err, "a JSON document");
    else
        err_set(err, ERR_INVALID, "not valid JSON at line %d column %d: %s", error.line,
                error.column, error.text);
    return NULL;
}

static const char *type_name(const json_t *value)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array", [JSON_STRING] = "a string",
        [JSON_INTEGER] = "a number", [JSON_REAL] = "a number",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };

    return names[json_typeof(value)];
}

/* The member; NULL without an error where it may be missing and is. */
static json_t *member(const json_t *object, const char *name, bool needed, struct err *err)
{
    json_t *value;

    if (!json_is_object(object)) {
        err_set(err, ERR_INVALID, "%s is needed in an object, and this is %s", name,
                object ? type_name(object) : "nothing");
        return NULL;
    }
    value = json_object_get(object, name);
    if (needed && !value)
        err_set(err, ERR_INVALID, "%s is missing", name);
    return !needed && json_is_null(value) ? NULL : value;
}

static int wrong_type(const json_t *value, const char *name, const char *wanted,
                      struct err *err)
{
    return err_set(err, ERR_INVALID, "%s is %s, not %s", name, type_name(value), wanted);
}

static int get_str(const json_t *object, const char *name, bool needed, const char **ret,
                   struct err *err)
{
    const json_t *value = member(object, name, needed, err);

    if (!value)
        return err->code;
    if (!json_is_string(value))
        return wrong_type(value, name, "a string", err);
    *ret = json_string_value(value);
    return 0;
}

static int get_int(const json_t *object, const char *name, bool needed, int64_t *ret,
                   struct err *err)
{
    const json_t *value = member(object, name, needed, err);
    double real = json_real_value(value);

    if (!value)
        return err->code;
    if (json_is_integer(value))
        *ret = json_integer_value(value);
    else if (json_is_real(value) && real == floor(real) && fabs(real) <= MAX_EXACT)
        *ret = (int64_t)real;
    else
        return wrong_type(value, name, "a whole number", err);
    return 0;
}

static int get_number(const json_t *object, const char *name, bool needed, double *ret,
                      struct err *err)
{
    const json_t *value = member(object, name, needed, err);

    if (!value)
        return err->code;
    if (!json_is_number(value))
        return wrong_type(value, name, "a number", err);
    *ret = json_number_value(value);
    return 0;
}

static int get_bool(const json_t *object, const char *name, bool needed, bool *ret,
                    struct err *err)
{
    const json_t *value = member(object, name, needed, err);

    if (!value)
        return err->code;
    if (!json_is_boolean(value))
        return wrong_type(value, name, "true or false", err);
    *ret = json_is_true(value);
    return 0;
}

static int get_nested(const json_t *object, const char *name, bool needed, json_type type,
                      json_t **ret, struct err *err)
{
    json_t *value = member(object, name, needed, err);

    if (!value)
        return err->code;
    if (json_typeof(value) != type)
        return wrong_type(value, name, type == JSON_ARRAY ? "an array" : "an object", err);
    *ret = value;
    return 0;
}

int json_get_str(const json_t *object, const char *name, const char **ret, struct err *err)
{
    return get_str(object, name, true, ret, err);
}

int json_opt_str(const json_t *object, const char *name, const char **ret, struct err *err)
{
    return get_str(object, name, false, ret, err);
}

int json_get_int(const json_t *object, const char *name, int64_t *ret, struct err *err)
{
    return get_int(object, name, true, ret, err);
}

int json_opt_int(const json_t *object, const char *name, int64_t *ret, struct err *err)
{
    return get_int(object, name, false, ret, err);
}

int json_get_number(const json_t *object, const char *name, double *ret, struct err *err)
{
    return get_number(object, name, true, ret, err);
}

int json_opt_number(const json_t *object, const char *name, double *ret, struct err *err)
{
    return get_number(object, name, false, ret, err);
}

int json_get_bool(const json_t *object, const char *name, bool *ret, struct err *err)
{
    return get_bool(object, name, true, ret, err);
}

int json_opt_bool(const json_t *object, const char *name, bool *ret, struct err *err)
{
    return get_bool(object, name, false, ret, err);
}

int json_get_array(const json_t *object, const char *name, json_t **ret, struct err *err)
{
    return get_nested(object, name, true, JSON_ARRAY, ret, err);
}

int json_opt_array(const json_t *object, const char *name, json_t **ret, struct err *err)
{
    return get_nested(object, name, false, JSON_ARRAY, ret, err);
}

int json_get_object(const json_t *object, const char *name, json_t **ret, struct err *err)
{
    return get_nested(object, name, true, JSON_OBJECT, ret, err);
}

int json_opt_object(const json_t *object, const char *name, json_t **ret, struct err *err)
{
    return get_nested(object, name, false, JSON_OBJECT, ret, err);
}

int json_err_at(struct err *err, const char *fmt, ...)
{
    struct err whole = {0};
    char place[128];
    va_list args;

    if (err->code != ERR_INVALID)
        return err->code;
    va_start(args, fmt);
    (void)vsnprintf(place, sizeof place, fmt, args);
    va_end(args);
    err_set(&whole, ERR_INVALID, "%s%s%s", place, err->text[0] == '[' ? "" : ".", err->text);
    *err = whole;
    return err->code;
}
