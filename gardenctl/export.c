/* export.c - gardenctl export: asks for an export, follows it, and fetches its files. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "gardenctl/command.h"
#include "gardenctl/dataset_fetch.h"
#include "gardenctl/progress.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/stop.h"
#include "lib/base/text.h"
#include "proto/dataset.h"

enum { FIRST_MS = 50, LONGEST_MS = 1000, ID_BYTES = 129, FILES = DATASET_KINDS };

struct run {
    struct remote remote;
    char id[ID_BYTES];
    json_t *answer; /* owned: of the export's end */
    int64_t start_ms;
};

static void run_done(struct run *run)
{
    json_decref(run->answer);
    remote_done(&run->remote);
}

/* -- asked for, and followed -- */

static int ask(struct run *run, struct err *err)
{
    OWNED_JSON answer = NULL;
    const char *id = "";

    if (remote_call(&run->remote, "POST", "/v1/exports", NULL, &answer, err) < 0 ||
        json_get_str(answer, "id", &id, err) < 0)
        return err->code;
    return text_copy(run->id, sizeof run->id, id) < 0
               ? err_set(err, ERR_REMOTE, "the export's id is too long")
               : 0;
}

/* 1: it has ended, and answer is there. */
static int look(struct run *run, struct err *err)
{
    OWNED_JSON answer = NULL;
    char path[ID_BYTES + 32];
    const char *state = "", *reason = "";

    (void)snprintf(path, sizeof path, "/v1/exports/%s", run->id);
    if (remote_call(&run->remote, "GET", path, NULL, &answer, err) < 0 ||
        json_get_str(answer, "state", &state, err) < 0 ||
        json_opt_str(answer, "reason", &reason, err) < 0)
        return err->code;
    if (strcmp(state, "failed") == 0)
        return err_set(err, ERR_REMOTE, "the export failed: %s", reason);
    if (strcmp(state, "done") != 0)
        return 0;
    run->answer = json_incref(answer);
    return 1;
}

static int follow(struct run *run, struct err *err)
{
    int pause_ms = FIRST_MS, r;

    while ((r = look(run, err)) == 0) {
        if (stop_wait(pause_ms))
            return err_set(err, ERR_UNAVAILABLE,
                           "stopped; the export goes on: GET /v1/exports/%s", run->id);
        pause_ms = 2 * pause_ms < LONGEST_MS ? 2 * pause_ms : LONGEST_MS;
    }
    return r < 0 ? r : 0;
}

/* -- its files -- */

static int read_file(const json_t *file, const char **ret_key, const char **ret_sha256,
                     int64_t ret_numbers[2], struct err *err)
{
    if (json_get_str(file, "key", ret_key, err) < 0 ||
        json_get_str(file, "sha256", ret_sha256, err) < 0 ||
        json_get_int(file, "rows", &ret_numbers[0], err) < 0)
        return err->code;
    return json_get_int(file, "size_bytes", &ret_numbers[1], err);
}

/* The name of one of ours; NULL: another key, which is left alone. */
static const char *name_of(const char *key)
{
    for (int i = 0; i < FILES; i++)
        if (strcmp(dataset_key((enum dataset_kind)i), key) == 0)
            return dataset_file((enum dataset_kind)i);
    return NULL;
}

static int save(struct run *run, const json_t *file, const char *dir, struct err *err)
{
    const char *key = "", *sha256 = "", *name;
    int64_t numbers[2] = {0};
    char path[PATH_MAX];

    if (read_file(file, &key, &sha256, numbers, err) < 0)
        return err->code;
    name = name_of(key);
    printf("%-18s %10" PRId64 " rows %12" PRId64 " bytes  %.12s...\n", name ? name : "?",
           numbers[0], numbers[1], sha256);
    if (!dir || !name)
        return 0;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return dataset_fetch(&run->remote, key, sha256, path, err);
}

/* What import-dataset knows the export by; written last. */
static int save_manifest(const struct run *run, const char *dir, struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    char path[PATH_MAX];
    static const char *const kept[] = {"files", "offsets", "unreadable", "repeated"};

    json_write_open(&text, '{');
    json_put_str(&text, "export_id", run->id);
    json_write_name(&text, "time");
    json_write_tree(&text, json_object_get(run->answer, "ended_at"));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const json_t *value = json_object_get(run->answer, kept[i]);

        if (!value)
            continue;
        json_write_name(&text, kept[i]);
        json_write_tree(&text, value);
    }
    json_write_close(&text, '}');
    buf_append_char(&text, '\n');
    (void)snprintf(path, sizeof path, "%s/manifest.json", dir);
    return buf_ok(&text) ? file_write(path, text.data, text.size, err)
                         : err_set_nomem(err, "the manifest");
}

static int finish(struct run *run, const char *dir, struct err *err)
{
    int64_t unreadable = 0, repeated = 0;
    char took[32];
    json_t *files;

    if (json_get_array(run->answer, "files", &files, err) < 0 ||
        json_opt_int(run->answer, "unreadable", &unreadable, err) < 0 ||
        json_opt_int(run->answer, "repeated", &repeated, err) < 0)
        return err->code;
    for (size_t i = 0; i < json_array_size(files); i++)
        if (save(run, json_array_get(files, i), dir, err) < 0)
            return err->code;
    if (dir && save_manifest(run, dir, err) < 0)
        return err->code;
    if (unreadable)
        printf("%" PRId64
               " records could not be read and are left out; csv-exporter's log names "
               "the first\n",
               unreadable);
    if (repeated)
        printf("%" PRId64 " acts had been sent again and are there once\n", repeated);
    progress_format_time(clock_mono_ms() - run->start_ms, took);
    printf("Exported %s in %s\n", dir ? dir : "to dataset/", took);
    return 0;
}

static int run_export(const struct args *args)
{
    const char *dir = args->word_count ? args->words[0] : NULL;
    OWNED_VALUE(run) run = {.start_ms = clock_mono_ms()};
    struct err err = {0};

    if (dir && mkdir(dir, 0700) < 0 && errno != EEXIST) {
        (void)err_set_errno(&err, "making the folder %.200s", dir);
        return command_failed(&err);
    }
    if (stop_on_signals(&err) < 0 || remote_open(&run.remote, &err) < 0 ||
        ask(&run, &err) < 0 || follow(&run, &err) < 0 || finish(&run, dir, &err) < 0)
        return command_failed(&err);
    return EXIT_WORKED;
}

const struct command command_export = {
    .name = "export",
    .words = "[DIR]",
    .meaning = "Writes users, items and interactions as CSV files",
    .details =
        "The garden writes them to dataset/ in its store, as one snapshot. With DIR they are\n"
        "fetched into it, each only once it was found to be whole, and manifest.json last.\n"
        "The format is that of Amazon Personalize's bulk import. Interactions name visitors "
        "by\n"
        "their ids: keep the files as you keep the keys.\n\n"
        "Example: gardenctl export dataset-today\n",
    .max_words = 1,
    .run = run_export,
};
