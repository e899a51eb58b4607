/* args.c - see args.h. */
#include "gardenctl/args.h"

#include <string.h>

/* The option that word names, as a whole or up to '='; -1 where there is none. */
static int find(const struct args *args, const char *word, size_t size)
{
    for (size_t i = 0; i < args->option_count; i++) {
        const char *name = args->options[i].name;

        if (strlen(name) == size && memcmp(name, word, size) == 0)
            return (int)i;
    }
    return -1;
}

/* Takes one option and its value; returns how many arguments that were. */
static int take_option(struct args *args, int left, char **argv, struct err *err)
{
    const char *word = argv[0], *equals = strchr(word, '=');
    size_t size = equals ? (size_t)(equals - word) : strlen(word);
    int i = find(args, word, size);
    bool flag;

    if (i < 0)
        return err_set(err, ERR_INVALID, "there is no option %.*s", (int)size, word);
    flag = !args->options[i].value;
    if (args->values[i])
        return err_set(err, ERR_INVALID, "%s is given twice", args->options[i].name);
    if (flag && equals)
        return err_set(err, ERR_INVALID, "%s takes no value", args->options[i].name);
    if (flag) {
        args->values[i] = "";
        return 1;
    }
    if (equals) {
        args->values[i] = equals + 1;
        return 1;
    }
    if (left < 2)
        return err_set(err, ERR_INVALID, "%s needs a value: %s", args->options[i].name,
                       args->options[i].value);
    args->values[i] = argv[1];
    return 2;
}

int args_parse(struct args *ret_args, const struct args_option *options, size_t option_count,
               int argc, char **argv, struct err *err)
{
    struct args args = {.options = options, .option_count = option_count, .words = argv};
    bool only_words = false;
    int at = 0;

    while (at < argc) {
        char *word = argv[at];
        int taken;

        if (only_words || word[0] != '-' || word[1] == '\0') {
            argv[args.word_count++] = word;
            at++;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_words = true;
            at++;
            continue;
        }
        taken = take_option(&args, argc - at, argv + at, err);
        if (taken < 0)
            return taken;
        at += taken;
    }
    *ret_args = args;
    return 0;
}

const char *args_get(const struct args *args, const char *name)
{
    int i = find(args, name, strlen(name));

    return i < 0 ? NULL : args->values[i];
}

bool args_has(const struct args *args, const char *name)
{
    return args_get(args, name) != NULL;
}
