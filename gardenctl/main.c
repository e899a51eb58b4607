/* main.c - gardenctl, the operator's command: finds the command in the table and runs it. */
#include <stdio.h>
#include <string.h>

#include "gardenctl/command.h"
#include "lib/base/conf.h"
#include "services/common/garden_conf.h"

static const struct command *const commands[] = {
    &command_up,         &command_starter,        &command_import,
    &command_promote,    &command_remove,         &command_restore_trash,
    &command_backup,     &command_restore,        &command_reconcile,
    &command_export,     &command_import_dataset, &command_evaluate,
    &command_topics,     &command_dead_letters,   &command_generate,
    &command_regenerate, &command_doctor,         NULL,
};

/* Those of gardenctl itself; the engines' are in garden_fields. */
static const struct conf_field own_fields[] = {
    {"GARDEN_URL", CONF_STRING, "http://127.0.0.1:8080", 0, "where the running garden answers",
     0, 0},
    {"GARDEN_STARTER", CONF_BOOL, "1", 0,
     "up: 0: a new garden gets no starter garden and no starter pool", 0, 0},
    {"GARDEN_OPERATOR_KEY", CONF_STRING, "", 0,
     "the operator's key; unset: the one in GARDEN_DATA/operator.key", 0, 0},
    {"GARDEN_LISTEN", CONF_STRING, "127.0.0.1:8080", 0, "up: where the garden is served", 0, 0},
};

static void print_help(void)
{
    printf("gardenctl - runs a garden and looks after it\n\n"
           "Usage: gardenctl COMMAND [ARGUMENTS]\n\nCommands:\n");
    for (size_t i = 0; commands[i]; i++)
        printf("  %-14s %s\n", commands[i]->name, commands[i]->meaning);
    printf("\ngardenctl COMMAND --help says more, with an example.\n"
           "gardenctl --settings-markdown prints its settings, and those that all programs\n"
           "share, as sections of docs/settings.md.\n\n"
           "Settings, by environment variables:\n");
    conf_print_help(own_fields, sizeof own_fields / sizeof *own_fields);
    conf_print_help(garden_fields, garden_field_count);
    printf("\nExit status: 0 it worked; 1 it did not, or not wholly; 2 wrong use.\n");
}

static void print_settings(void)
{
    conf_print_markdown("Every program", garden_fields, garden_field_count);
    conf_print_markdown("gardenctl", own_fields, sizeof own_fields / sizeof *own_fields);
}

static void print_command_help(const struct command *command)
{
    printf("Usage: gardenctl %s%s%s%s\n\n%s.\n", command->name, *command->words ? " " : "",
           command->words, command->option_count ? " [OPTIONS]" : "", command->meaning);
    if (command->option_count)
        printf("\n");
    for (size_t i = 0; i < command->option_count; i++) {
        const struct args_option *option = &command->options[i];
        char name[64];

        (void)snprintf(name, sizeof name, "%s%s%s", option->name, option->value ? " " : "",
                       option->value ? option->value : "");
        printf("  %-24s %s\n", name, option->meaning);
    }
    printf("\n%s", command->details);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct err err = {0};
    struct args args;

    if (asks_for_help(argc, argv)) {
        print_command_help(command);
        return EXIT_WORKED;
    }
    if (args_parse(&args, command->options, command->option_count, argc, argv, &err) < 0)
        return command_misused(command->name, "%s", err.text);
    if (args.word_count < command->min_words || args.word_count > command->max_words)
        return command_misused(command->name, "%s: wrong number of arguments, it is %s %s",
                               command->name, command->name,
                               *command->words ? command->words : "and no more");
    return command->run(&args);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help();
        return EXIT_USAGE;
    }
    if (asks_for_help(1, argv + 1) || strcmp(argv[1], "help") == 0) {
        print_help();
        return EXIT_WORKED;
    }
    if (strcmp(argv[1], "--settings-markdown") == 0) {
        print_settings();
        return EXIT_WORKED;
    }
    for (size_t i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, argv[1]) == 0)
            return run(commands[i], argc - 2, argv + 2);
    return command_misused(NULL, "there is no command '%.60s'", argv[1]);
}
