/* args.h - a command's arguments: options by a table, the rest are its words.
 *
 * "--name" is a flag, "--name VALUE" and "--name=VALUE" have a value, "--" ends the options.
 * Options and words may come in any order. */
#ifndef GARDENCTL_ARGS_H
#define GARDENCTL_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/err.h"

struct args_option {
    const char *name;    /* with its dashes */
    const char *value;   /* what to call its value in --help; NULL: a flag */
    const char *meaning; /* one line */
};

enum { ARGS_OPTIONS = 16 };

struct args {
    const struct args_option *options;
    size_t option_count;
    const char *values[ARGS_OPTIONS]; /* NULL: not given; "" for a flag that is */
    char **words;                     /* borrowed from argv */
    size_t word_count;
};

/* Reads argv[0..argc), whose words are moved to its front. ERR_INVALID. */
int args_parse(struct args *ret_args, const struct args_option *options, size_t option_count,
               int argc, char **argv, struct err *err);

/* The value of an option of the table, or NULL where it was not given. */
const char *args_get(const struct args *args, const char *name);

bool args_has(const struct args *args, const char *name);

#endif
