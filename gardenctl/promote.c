/* promote.c - gardenctl promote, remove and restore-trash: which pictures the garden shows. */
#include <stdio.h>
#include <string.h>

#include "gardenctl/command.h"
#include "gardenctl/progress.h"
#include "gardenctl/remote_items.h"
#include "lib/base/text.h"

enum { AT_ONCE = 200, MOST_WORDS = 10000 };

/* A job on many keys, sent in parts. */
struct job {
    struct remote remote;
    struct progress progress;
    const char *path;                 /* that the keys are posted to */
    const char *good_word;            /* what the answer calls success */
    char waiting[AT_ONCE][KEY_BYTES]; /* not sent yet */
    size_t waiting_count;
    size_t seen, worked, failed;
};

static void job_done(struct job *job)
{
    remote_done(&job->remote);
}

static void on_result(void *ctx, const char *key, const char *result, const char *reason)
{
    struct job *job = ctx;

    if (strcmp(result, job->good_word) == 0) {
        job->worked++;
        return;
    }
    job->failed++;
    progress_say(&job->progress, "FAILED %s: %s%s%s", key, result, *reason ? ", " : "", reason);
}

static int send_waiting(struct job *job, struct err *err)
{
    const char *keys[AT_ONCE];
    const struct remote_keys request = {
        .path = job->path, .keys = keys, .count = job->waiting_count};
    int r = 0;

    for (size_t i = 0; i < job->waiting_count; i++)
        keys[i] = job->waiting[i];
    if (job->waiting_count)
        r = remote_send_keys(&job->remote, &request, on_result, job, err);
    job->waiting_count = 0;
    progress_at(&job->progress, job->seen);
    return r;
}

static int add_key(struct job *job, const char *key, struct err *err)
{
    if (text_copy(job->waiting[job->waiting_count], KEY_BYTES, key) < 0)
        return err_set(err, ERR_INVALID, "the key %.60s... is longer than %d bytes", key,
                       KEY_BYTES - 1);
    job->waiting_count++;
    job->seen++;
    return job->waiting_count == AT_ONCE ? send_waiting(job, err) : 0;
}

static int add_item(void *ctx, const struct remote_item *item, struct err *err)
{
    return add_key(ctx, item->key, err);
}

static int add_words(struct job *job, const struct args *args, struct err *err)
{
    for (size_t i = 0; i < args->word_count; i++)
        if (add_key(job, args->words[i], err) < 0)
            return err->code;
    return 0;
}

static int finish(struct job *job, const char *done_word, const struct err *err)
{
    progress_end(&job->progress);
    printf("%zu %s, %zu failed\n", job->worked, done_word, job->failed);
    if (err->code)
        return command_failed(err);
    return job->failed ? EXIT_FAILED : EXIT_WORKED;
}

/* -- promote -- */

static int read_orientation(const struct args *args, char *ret, struct err *err)
{
    const char *text = args_get(args, "--orientation");

    if (text && strcmp(text, "h") != 0 && strcmp(text, "v") != 0)
        return err_set(err, ERR_INVALID,
                       "promote: --orientation is '%.20s', not h (landscape) or v (portrait)",
                       text);
    *ret = '\0';
    if (text)
        *ret = *text;
    return 0;
}

static int run_promote(const struct args *args)
{
    OWNED_VALUE(job) job = {.path = "/v1/pool/promote", .good_word = "promoted"};
    struct remote_filter filter = {.area = KEY_POOL,
                                   .emotion = args_get(args, "--emotion"),
                                   .favorite = args_get(args, "--favorite")};
    bool filtered = args_has(args, "--all") || filter.emotion || filter.favorite ||
                    args_has(args, "--orientation");
    struct err err = {0};

    if (read_orientation(args, &filter.orientation, &err) < 0 ||
        (filter.emotion && search_key_check(filter.emotion, &err) < 0))
        return command_misused("promote", "%s", err.text);
    if (filtered == (args->word_count > 0))
        return command_misused("promote",
                               "promote: name either pictures, by their keys, or which "
                               "ones by --emotion, --favorite, --orientation or --all");
    if (remote_open(&job.remote, &err) < 0)
        return command_failed(&err);
    progress_start(&job.progress, "promoting", "pictures", filtered ? 0 : args->word_count);
    if ((filtered ? remote_items(&job.remote, &filter, add_item, &job, &err)
                  : add_words(&job, args, &err)) == 0)
        (void)send_waiting(&job, &err);
    return finish(&job, "promoted", &err);
}

static const struct args_option promote_options[] = {
    {"--emotion", "E", "all of this emotion, or of happy/<favorite>"},
    {"--favorite", "F", "all of this favorite"},
    {"--orientation", "h|v", "only landscape or only portrait ones"},
    {"--all", NULL, "all of the pool"},
};

const struct command command_promote = {
    .name = "promote",
    .words = "[KEY...]",
    .meaning = "Copies chosen pictures from the pool to the garden",
    .details = "The pool keeps its own copy.\n\n"
               "Example: gardenctl promote --emotion happy --orientation v\n"
               "Example: gardenctl promote imgPool/happy/img_20260504-090807_3h.jpeg\n",
    .options = promote_options,
    .option_count = sizeof promote_options / sizeof *promote_options,
    .max_words = MOST_WORDS,
    .run = run_promote,
};

/* -- restore-trash -- */

static int run_restore_trash(const struct args *args)
{
    OWNED_VALUE(job) job = {.path = "/v1/trash/restore", .good_word = "restored"};
    struct err err = {0};

    if (remote_open(&job.remote, &err) < 0)
        return command_failed(&err);
    progress_start(&job.progress, "restoring", "pictures", args->word_count);
    if (add_words(&job, args, &err) == 0)
        (void)send_waiting(&job, &err);
    return finish(&job, "restored", &err);
}

const struct command command_restore_trash = {
    .name = "restore-trash",
    .words = "KEY...",
    .meaning = "Takes removed pictures out of the trash again",
    .details = "Example: gardenctl restore-trash emotions/happy/img_20260504-090807_3h.jpeg\n",
    .min_words = 1,
    .max_words = MOST_WORDS,
    .run = run_restore_trash,
};

/* -- remove -- */

static int remove_one(struct remote *remote, const char *text, struct err *err)
{
    OWNED_VALUE(buf) path = {0};
    struct key key;

    if (key_parse(text, strlen(text), &key, err) < 0)
        return err->code;
    buf_append_str(&path, key.area == KEY_POOL ? "/v1/pool/" : "/v1/items/");
    text_url_encode(&path, text, strlen(text), true);
    return remote_call(remote, "DELETE", buf_text(&path), NULL, NULL, err);
}

static int run_remove(const struct args *args)
{
    OWNED_VALUE(job) job = {.good_word = "removed"};
    struct err err = {0};

    if (remote_open(&job.remote, &err) < 0)
        return command_failed(&err);
    progress_start(&job.progress, "removing", "pictures", args->word_count);
    for (size_t i = 0; i < args->word_count && err.code != ERR_UNAVAILABLE; i++) {
        err_clear(&err);
        if (remove_one(&job.remote, args->words[i], &err) == 0)
            job.worked++;
        else
            on_result(&job, args->words[i], "not removed", err.text);
        progress_at(&job.progress, i + 1);
    }
    err_clear(&err);
    return finish(&job, "moved to the trash", &err);
}

const struct command command_remove = {
    .name = "remove",
    .words = "KEY...",
    .meaning = "Moves pictures of the pool or the garden to the trash",
    .details = "gardenctl restore-trash takes them out again.\n\n"
               "Example: gardenctl remove emotions/happy/img_20260504-090807_3h.jpeg\n",
    .min_words = 1,
    .max_words = MOST_WORDS,
    .run = run_remove,
};
