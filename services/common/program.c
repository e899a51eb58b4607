/* program.c - see program.h. */
#include "services/common/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "services/common/garden_conf.h"

static int print_help(const struct program *program, int status)
{
    printf("%s: %s\n\n"
           "  --help               this text\n"
           "  --settings-markdown  its own settings as a section of docs/settings.md\n\n"
           "Settings, by environment variables:\n",
           program->name, program->meaning);
    conf_print_help(garden_fields, garden_field_count);
    conf_print_help(program->fields, program->field_count);
    return status;
}

int program_main(const struct program *program, int argc, char **argv)
{
    struct err err = {0};

    if (argc > 1 && strcmp(argv[1], "--settings-markdown") == 0) {
        conf_print_markdown(program->name, program->fields, program->field_count);
        return EXIT_SUCCESS;
    }
    if (argc > 1)
        return print_help(program, strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : 2);
    log_init(program->name);
    if (program->load(program->conf, &err) < 0)
        return log_fatal(&err, "reading the settings");
    if (stop_on_signals(&err) < 0)
        return log_fatal(&err, "handling signals");
    if (program->run(program->conf, &err) < 0)
        return log_fatal(&err, "starting");
    log_info("stopped");
    return EXIT_SUCCESS;
}
