/* command.c - see command.h. */
#include "gardenctl/command.h"

#include <stdarg.h>
#include <stdio.h>

int command_failed(const struct err *err)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "gardenctl: %s\n", err->text);
    return EXIT_FAILED;
}

int command_misused(const char *name, const char *fmt, ...)
{
    va_list args;

    (void)fflush(stdout);
    (void)fputs("gardenctl: ", stderr);
    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fprintf(stderr, "\nSee gardenctl %s%s--help.\n", name ? name : "", name ? " " : "");
    return EXIT_USAGE;
}

char *command_printable(char *text)
{
    for (char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = ' ';
    return text;
}
