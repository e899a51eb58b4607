/* conf.h - a service's settings: one table says name, type, default and meaning.
 *
 * The table is all there is: it fills the struct, it prints --help, and the tables in docs/
 * are made from it. A variable that is set but empty counts as unset. */
#ifndef LIB_BASE_CONF_H
#define LIB_BASE_CONF_H

#include <stddef.h>

#include "lib/base/err.h"

enum conf_type {
    CONF_STRING, /* const char *: the environment's own or the fallback, never freed */
    CONF_INT,    /* int64_t: decimal, min..max */
    CONF_BOOL,   /* bool: 1 true yes on / 0 false no off */
};

struct conf_field {
    const char *env; /* the environment variable */
    enum conf_type type;
    const char *fallback; /* NULL: it has to be set; "" is allowed for a string */
    size_t offset;        /* of the member in the service's struct */
    const char *meaning;  /* one line, units included */
    long long min, max;   /* CONF_INT only; both 0: any */
};

/* Fills conf from the environment. ERR_INVALID names the variable and what it takes. */
int conf_load(void *conf, const struct conf_field *fields, size_t count, struct err *err);

/* One line for each field, on stdout. */
void conf_print_help(const struct conf_field *fields, size_t count);

/* The same as a section of a Markdown page: a heading and a table. */
void conf_print_markdown(const char *heading, const struct conf_field *fields, size_t count);

#endif
