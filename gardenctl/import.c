/* import.c - gardenctl import: a folder of pictures into the pool or the garden. */
#include <stdio.h>
#include <sys/stat.h>

#include "gardenctl/command.h"
#include "gardenctl/importer.h"

static int check_use(const struct args *args, struct err *err)
{
    const char *emotion = args_get(args, "--emotion"), *favorite = args_get(args, "--favorite");
    char search_key[KEY_BYTES * 2];

    if (args_has(args, "--pool") && args_has(args, "--garden"))
        return err_set(err, ERR_INVALID, "import: --pool and --garden at once");
    if (favorite && !emotion)
        return err_set(err, ERR_INVALID, "import: --favorite needs --emotion");
    if (!emotion)
        return 0;
    if (!emotion_is_known(emotion, strlen(emotion)))
        return err_set(
            err, ERR_INVALID,
            "import: '%.40s' is no emotion; there are happy surprised calm angry fear "
            "confused disgusted sad",
            emotion);
    (void)snprintf(search_key, sizeof search_key, "%s/%.1000s", emotion,
                   favorite ? favorite : "any");
    return search_key_check(search_key, err);
}

static int run(const struct args *args)
{
    const struct importer_conf conf = {.dir = args->words[0],
                                       .area =
                                           args_has(args, "--garden") ? KEY_GARDEN : KEY_POOL,
                                       .emotion = args_get(args, "--emotion"),
                                       .favorite = args_get(args, "--favorite")};
    OWNED_VALUE(remote) remote = {0};
    struct importer_count count = {0};
    struct err err = {0};
    struct stat info;

    if (check_use(args, &err) < 0)
        return command_misused("import", "%s", err.text);
    if (stat(conf.dir, &info) < 0 || !S_ISDIR(info.st_mode))
        return command_misused("import", "import: %s is no folder", conf.dir);
    if (remote_open(&remote, &err) < 0)
        return command_failed(&err);
    (void)importer_run(&remote, &conf, &count, &err);
    printf("%zu imported into the %s, %zu there already, %zu refused\n", count.imported,
           conf.area == KEY_POOL ? "pool" : "garden", count.already, count.refused);
    if (err.code)
        return command_failed(&err);
    return count.refused ? EXIT_FAILED : EXIT_WORKED;
}

static const struct args_option options[] = {
    {"--pool", NULL, "into the pool, to be chosen from (the default)"},
    {"--garden", NULL, "straight into the garden"},
    {"--emotion", "E", "all of it belongs to this emotion"},
    {"--favorite", "F", "and to this favorite, e.g. spring,sunny,day"},
};

const struct command command_import = {
    .name = "import",
    .words = "DIR",
    .meaning = "Puts a folder of pictures into the pool or the garden",
    .details =
        "DIR holds <emotion>/<picture> and <emotion>/<favorite>/<picture>, or with\n"
        "--emotion just pictures. JPEG stays as it is, PNG and WebP are converted.\n"
        "Pictures that are there already are skipped; bad ones are named, with the\n"
        "reason, and the rest goes on.\n\n"
        "Example: gardenctl import holidays --emotion happy --favorite summer,sunny,day\n",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
