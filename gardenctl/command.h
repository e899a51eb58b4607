/* command.h - what a command of gardenctl is; each is one file, and one line of the table in
 * main.c. */
#ifndef GARDENCTL_COMMAND_H
#define GARDENCTL_COMMAND_H

#include "gardenctl/args.h"
#include "lib/base/err.h"

/* What gardenctl exits with. */
enum {
    EXIT_WORKED = 0,
    EXIT_FAILED = 1, /* it was tried and did not work, wholly or in part */
    EXIT_USAGE = 2,  /* it was asked for wrongly; nothing was done */
};

struct command {
    const char *name;
    const char *words;   /* what follows the name, for --help: "DIR", or "" */
    const char *meaning; /* one line */
    const char *details; /* more lines, with an example */
    const struct args_option *options;
    size_t option_count;
    size_t min_words, max_words;
    int (*run)(const struct args *args); /* returns one of the above */
};

extern const struct command command_up, command_import, command_promote, command_remove,
    command_restore_trash, command_backup, command_restore, command_reconcile, command_topics,
    command_dead_letters, command_export, command_import_dataset, command_doctor,
    command_generate, command_regenerate, command_starter, command_evaluate;

/* Prints "gardenctl: reason" on stderr and returns EXIT_FAILED, for run to return. */
int command_failed(const struct err *err);

/* The same for a wrong use: points to --help, returns EXIT_USAGE. */
int command_misused(const char *name, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Replaces control characters in place: what a stranger wrote must not steer the terminal. */
char *command_printable(char *text);

#endif
