/* program.h - the main() of a service: --help, --settings-markdown, settings, signals, run. */
#ifndef SERVICES_COMMON_PROGRAM_H
#define SERVICES_COMMON_PROGRAM_H

#include <stddef.h>

#include "lib/base/conf.h"
#include "lib/base/err.h"

struct program {
    const char *name;    /* "item-ingest" */
    const char *meaning; /* what it does, for --help */
    const struct conf_field *fields;
    size_t field_count; /* its own settings; those of garden_conf.h come before them */
    void *conf;         /* its settings */
    int (*load)(void *conf, struct err *err);
    /* Works until stopping(); what it fails with ends the program. */
    int (*run)(void *conf, struct err *err);
};

/* Returns what main returns. */
int program_main(const struct program *program, int argc, char **argv);

#endif
