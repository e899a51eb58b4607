/* engine.c - see engine.h. */
#include "tests/support/engine.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/buf.h"
#include "tests/support/process.h"

enum { ENGINE_MS = 90000, RUNNING_MAX = 8 };

static struct {
    const char *name, *folder;
    pid_t owner;
} running[RUNNING_MAX];
static int running_count;

static int run_script(const char *const *words, struct buf *ret_output)
{
    char script[96];
    const char *argv[8] = {script};

    (void)snprintf(script, sizeof script, "tests/engines/%s.sh", words[0]);
    for (int i = 1; i < 7 && words[i]; i++)
        argv[i] = words[i];
    return process_run(argv, NULL, ret_output, ENGINE_MS);
}

static void stop_engines(void)
{
    while (running_count > 0) {
        running_count--;
        if (running[running_count].owner == getpid()) /* not in a forked child */
            (void)run_script((const char *const[]){running[running_count].name, "stop",
                                                   running[running_count].folder, NULL},
                             NULL);
    }
}

/* Takes the "export NAME=value" lines over. */
static void take_exports(char *output)
{
    char *rest = NULL;

    for (char *line = strtok_r(output, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *name = line + strlen("export "), *value = strchr(line, '=');
        size_t size;

        if (strncmp(line, "export ", strlen("export ")) != 0 || !value)
            continue;
        *value++ = '\0';
        size = strlen(value);
        if (size >= 2 && (*value == '\'' || *value == '"')) {
            value[size - 1] = '\0';
            value++;
        }
        (void)setenv(name, value, 1);
    }
}

const char *engine_start(const char *name, ...)
{
    const char *words[7] = {name, "start", folder_new()};
    OWNED_VALUE(buf) output = {0};
    va_list args;

    va_start(args, name);
    for (int i = 3; i < 6; i++)
        if (!(words[i] = va_arg(args, const char *)))
            break;
    va_end(args);
    if (running_count == 0)
        (void)atexit(stop_engines);
    running[running_count].name = name;
    running[running_count].folder = words[2];
    running[running_count++].owner = getpid();
    if (run_script(words, &output) != 0) {
        printf("# %s did not start: %s\n", name, buf_text(&output));
        exit(1);
    }
    take_exports(output.data);
    return words[2];
}

void engine_do(const char *name, const char *verb, const char *folder)
{
    OWNED_VALUE(buf) output = {0};

    if (run_script((const char *const[]){name, verb, folder, NULL}, &output) == 0)
        return;
    printf("# %s %s: %s\n", name, verb, buf_text(&output));
    exit(1);
}
