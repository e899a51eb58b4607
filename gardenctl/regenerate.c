/* regenerate.c - gardenctl regenerate: draws a picture once more from what is written in it,
 * and says how much alike the two are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gardenctl/command.h"
#include "gardenctl/likeness.h"
#include "gardenctl/progress.h"
#include "gardenctl/remote_job.h"
#include "lib/base/file.h"
#include "lib/base/stop.h"
#include "lib/base/text.h"
#include "lib/image/image.h"
#include "proto/key.h"
#include "proto/recipe.h"

enum { MAX_PICTURE = 64 << 20 };

/* A picture and what it says of itself. */
struct told {
    struct buf bytes;
    struct buf storage;
    struct recipe recipe; /* points into storage */
    struct recipe_origin origin;
};

static void told_done(struct told *told)
{
    buf_done(&told->bytes);
    buf_done(&told->storage);
}

struct regenerate {
    struct remote remote;
    struct progress progress;
    struct told old, new;
    char key[KEY_BYTES]; /* where the new one is; "": not drawn yet */
    bool stored;
};

static void regenerate_done(struct regenerate *regenerate)
{
    told_done(&regenerate->old);
    told_done(&regenerate->new);
    remote_done(&regenerate->remote);
}

static int read_recipe(struct told *told, struct err *err)
{
    OWNED_VALUE(image_metadata_read) metadata = {0};

    if (image_read_metadata(told->bytes.data, told->bytes.size, &metadata, err) < 0)
        return err->code;
    if (!metadata.parameters)
        return err_set(
            err, ERR_INVALID,
            "nothing is written in the picture of how it was drawn: it was not drawn "
            "by this garden, or another program took that out");
    return recipe_parse(metadata.parameters, &told->recipe, &told->origin, &told->storage, err);
}

/* A file, where there is one; else the object of this key. */
static int load(struct regenerate *regenerate, const char *name, struct err *err)
{
    if (access(name, F_OK) == 0) {
        if (file_read(name, MAX_PICTURE, &regenerate->old.bytes, err) < 0)
            return err->code;
    } else if (remote_fetch(&regenerate->remote, name, &regenerate->old.bytes, err) < 0) {
        return err_wrap(err, "there is no file %.60s, and no such object", name);
    }
    if (read_recipe(&regenerate->old, err) < 0)
        return err_wrap(err, "%.100s", name);
    return 0;
}

static int write_body(const struct recipe *recipe, struct buf *body, struct err *err)
{
    json_write_open(body, '{');
    json_put_str(body, "prompt", recipe->prompt);
    json_put_str(body, "negative_prompt", recipe->negative);
    json_put_int(body, "width", recipe->width);
    json_put_int(body, "height", recipe->height);
    json_put_int(body, "steps", recipe->steps);
    json_write_name(body, "guidance");
    json_write_number(body, recipe->guidance);
    json_put_int(body, "seed", recipe->seed);
    json_put_str(body, "scheduler", generation_scheduler_names[recipe->scheduler]);
    json_put_bool(body, "fresh", true);
    json_write_close(body, '}');
    return buf_ok(body) ? 0 : err_set_nomem(err, "a request");
}

static void on_step(void *ctx, uint32_t output, uint32_t step, uint32_t steps)
{
    struct regenerate *regenerate = ctx;

    (void)output;
    regenerate->progress.total = steps;
    progress_at(&regenerate->progress, step);
}

static int on_picture(void *ctx, const struct remote_picture *picture, struct err *err)
{
    struct regenerate *regenerate = ctx;

    regenerate->stored = picture->stored;
    return text_copy(regenerate->key, sizeof regenerate->key, picture->key) < 0
               ? err_set(err, ERR_REMOTE, "the garden's key is too long")
               : 0;
}

static int draw(struct regenerate *regenerate, struct err *err)
{
    const struct remote_job_events events = {
        .on_step = on_step, .on_picture = on_picture, .ctx = regenerate};
    char id[REMOTE_JOB_ID];
    OWNED_VALUE(buf) body = {0};

    if (write_body(&regenerate->old.recipe, &body, err) < 0)
        return err->code;
    progress_start(&regenerate->progress, "drawing", "steps", regenerate->old.recipe.steps);
    if (remote_job_ask(&regenerate->remote, &body, id, err) == 0)
        (void)remote_job_follow(&regenerate->remote, id, &events, err);
    progress_end(&regenerate->progress);
    if (err->code == 0 && !*regenerate->key)
        (void)err_set(err, ERR_REMOTE, "the job is done, but there is no picture");
    return err->code;
}

/* The new picture was only to be compared: it is taken away, also after a failure. */
static int take_away(struct regenerate *regenerate, struct err *err)
{
    OWNED_VALUE(buf) path = {0};
    struct err failure = {0};

    if (!text_starts_with(regenerate->key, "text2image/"))
        return err->code;
    buf_append_char(&path, '/');
    text_url_encode(&path, regenerate->key, strlen(regenerate->key), true);
    if (remote_call(&regenerate->remote, "DELETE", buf_text(&path), NULL, NULL, &failure) < 0)
        (void)err_set(err, failure.code, "taking %.80s away again: %s", regenerate->key,
                      failure.text);
    return err->code;
}

static void say_recipe(const struct regenerate *regenerate)
{
    const struct recipe *recipe = &regenerate->old.recipe;
    OWNED_STRING prompt = strndup(recipe->prompt, 100);

    printf("%" PRIu32 "x%" PRIu32 ", ", recipe->width, recipe->height);
    if (recipe_is_resampled(recipe))
        printf("drawn at %" PRIu32 "x%" PRIu32 ", ", recipe->drawn_width, recipe->drawn_height);
    printf("%" PRIu32 " steps, seed %" PRId64 ", %s: %s\n", recipe->steps, recipe->seed,
           generation_scheduler_names[recipe->scheduler],
           prompt ? command_printable(prompt) : "");
}

static uint32_t drawn_width(const struct recipe *recipe)
{
    return recipe_is_resampled(recipe) ? recipe->drawn_width : recipe->width;
}

/* What was asked for is the same: it is the model that is not. */
static void say_difference(const struct recipe *old, const struct recipe *new)
{
    printf("the recipe is another one: it was drawn by the model %.60s", old->model);
    if (strcmp(old->model, new->model) != 0)
        printf(", now by %.60s", new->model);
    else if (drawn_width(old) != drawn_width(new))
        printf(" %" PRIu32 " pixels wide, now %" PRIu32, drawn_width(old), drawn_width(new));
    else
        printf(", now by another one of that name");
    printf("\n");
}

static int say_result(const struct regenerate *regenerate, const struct likeness *likeness)
{
    const char *old_id = regenerate->old.origin.id, *new_id = regenerate->new.origin.id;

    if (*old_id && *new_id && strcmp(old_id, new_id) != 0)
        say_difference(&regenerate->old.recipe, &regenerate->new.recipe);
    if (likeness->same_pixels) {
        printf("identical: every value of every pixel%s\n",
               likeness->same_bytes ? ", and the files to the byte" : "");
        return EXIT_WORKED;
    }
    printf("different: %.4f %% of the values are equal, the largest difference is %d of 255, "
           "PSNR %.1f dB\n",
           100 * likeness->equal_share, likeness->largest, likeness->psnr);
    return EXIT_FAILED;
}

static int compare(struct regenerate *regenerate, struct likeness *ret_likeness,
                   struct err *err)
{
    if (remote_fetch(&regenerate->remote, regenerate->key, &regenerate->new.bytes, err) < 0 ||
        read_recipe(&regenerate->new, err) < 0)
        return err->code;
    return likeness_measure(&regenerate->old.bytes, &regenerate->new.bytes, ret_likeness, err);
}

static int run_regenerate(const struct args *args)
{
    OWNED_VALUE(regenerate) regenerate = {.key = ""};
    struct likeness likeness = {0};
    struct err err = {0};

    if (stop_on_signals(&err) < 0 || remote_open(&regenerate.remote, &err) < 0 ||
        load(&regenerate, args->words[0], &err) < 0)
        return command_failed(&err);
    say_recipe(&regenerate);
    if (draw(&regenerate, &err) == 0)
        (void)compare(&regenerate, &likeness, &err);
    if (take_away(&regenerate, &err) < 0)
        return command_failed(&err);
    return say_result(&regenerate, &likeness);
}

const struct command command_regenerate = {
    .name = "regenerate",
    .words = "KEY|FILE",
    .meaning = "Draws a picture again from what is written in it, and compares",
    .details =
        "The new picture is not kept. The exit status is 0 where every pixel is the same.\n\n"
        "Example: gardenctl regenerate imgPool/happy/img_20260504-090807_3h.jpeg\n",
    .min_words = 1,
    .max_words = 1,
    .run = run_regenerate,
};
