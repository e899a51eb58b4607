/* generate.c - gardenctl generate: has pictures drawn, and shows how far they are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "gardenctl/command.h"
#include "gardenctl/progress.h"
#include "gardenctl/remote_job.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/base/stop.h"
#include "lib/base/text.h"
#include "proto/generation_request.h"
#include "proto/key.h"

struct drawn {
    char key[KEY_BYTES];
    int64_t seed;
    uint32_t width, height;
    bool there, stored;
};

struct generate {
    struct remote remote;
    struct progress progress;
    struct drawn pictures[GENERATION_OUTPUTS_MAX];
    size_t count; /* of pictures that were asked for */
};

static void generate_done(struct generate *generate)
{
    remote_done(&generate->remote);
}

/* -- what to ask for -- */

static const struct number_option {
    const char *option, *member;
} number_options[] = {
    {"--width", "width"},       {"--height", "height"}, {"--steps", "steps"},
    {"--guidance", "guidance"}, {"--seed", "seed"},     {"--count", "count"},
};

static int put_number(struct buf *body, const struct number_option *number, const char *text,
                      struct err *err)
{
    struct err ignored = {0};
    OWNED_JSON value = json_parse(text, strlen(text), &ignored);

    if (!json_is_number(value))
        return err_set(err, ERR_INVALID, "%s is '%.40s', not a number", number->option, text);
    json_write_name(body, number->member);
    json_write_raw(body, text, strlen(text));
    return 0;
}

static int write_body(struct buf *body, const struct args *args, struct err *err)
{
    static const char *const texts[][2] = {{"--negative", "negative_prompt"},
                                           {"--scheduler", "scheduler"},
                                           {"--emotion", "emotion"},
                                           {"--favorite", "favorite"}};

    json_write_open(body, '{');
    json_put_str(body, "prompt", args->words[0]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (args_has(args, texts[i][0]))
            json_put_str(body, texts[i][1], args_get(args, texts[i][0]));
    for (size_t i = 0; i < sizeof number_options / sizeof *number_options; i++) {
        const char *text = args_get(args, number_options[i].option);

        if (text && put_number(body, &number_options[i], text, err) < 0)
            return err->code;
    }
    json_write_close(body, '}');
    return buf_ok(body) ? 0 : err_set_nomem(err, "a request");
}

static size_t count_asked(const struct args *args)
{
    const char *text = args_get(args, "--count");
    struct err ignored = {0};
    int64_t count = 1;

    if (text)
        (void)text_parse_int(text, 1, GENERATION_OUTPUTS_MAX, &count, &ignored);
    return (size_t)count;
}

/* -- what is told -- */

static void on_note(void *ctx, const char *note)
{
    struct generate *generate = ctx;
    OWNED_STRING text = strdup(note);

    if (text)
        progress_say(&generate->progress, "%s", command_printable(text));
}

static void on_step(void *ctx, uint32_t output, uint32_t step, uint32_t steps)
{
    struct generate *generate = ctx;
    uint64_t done = (uint64_t)output * steps + step;

    if (!generate->progress.total) /* until here the job waited for its turn */
        progress_rate_from(&generate->progress, done);
    generate->progress.total = (uint64_t)steps * generate->count;
    progress_at(&generate->progress, done);
}

static int on_picture(void *ctx, const struct remote_picture *picture, struct err *err)
{
    struct generate *generate = ctx;
    struct drawn *drawn = &generate->pictures[picture->output % GENERATION_OUTPUTS_MAX];

    if (text_copy(drawn->key, sizeof drawn->key, picture->key) < 0)
        return err_set(err, ERR_REMOTE, "the garden's key is too long");
    drawn->seed = picture->seed;
    drawn->width = picture->width;
    drawn->height = picture->height;
    drawn->stored = picture->stored;
    drawn->there = true;
    return 0;
}

/* -- the end -- */

/* "out.jpeg", and of several "out_0.jpeg", "out_1.jpeg". */
static void name_file(struct buf *out, const char *path, size_t i, size_t count)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    size_t stem = dot ? (size_t)(dot - path) : strlen(path);

    if (count > 1)
        buf_printf(out, "%.*s_%zu%s", (int)stem, path, i, path + stem);
    else
        buf_append_str(out, path);
}

static int save(struct generate *generate, const char *path, size_t i, struct err *err)
{
    struct drawn *drawn = &generate->pictures[i];
    OWNED_VALUE(buf) name = {0}, picture = {0};

    if (path) {
        name_file(&name, path, i, generate->count);
        if (remote_fetch(&generate->remote, drawn->key, &picture, err) < 0 ||
            file_write(buf_text(&name), picture.data, picture.size, err) < 0)
            return err->code;
    }
    printf("%s  seed %" PRId64 "  %" PRIu32 "x%" PRIu32 "%s%s%s\n",
           command_printable(drawn->key), drawn->seed, drawn->width, drawn->height,
           drawn->stored ? "  (was there already)" : "", path ? "  -> " : "", buf_text(&name));
    return 0;
}

static int finish(struct generate *generate, const char *path, struct err *err)
{
    size_t found = 0;
    char took[32];

    progress_format_time(clock_mono_ms() - generate->progress.start_ms, took);
    for (size_t i = 0; i < GENERATION_OUTPUTS_MAX; i++) {
        if (!generate->pictures[i].there)
            continue;
        if (save(generate, path, i, err) < 0)
            return command_failed(err);
        found++;
    }
    printf("%zu %s in %s\n", found, found == 1 ? "picture" : "pictures", took);
    return found == generate->count ? EXIT_WORKED : EXIT_FAILED;
}

static int run_generate(const struct args *args)
{
    OWNED_VALUE(generate) generate = {.count = count_asked(args)};
    const struct remote_job_events events = {
        .on_note = on_note, .on_step = on_step, .on_picture = on_picture, .ctx = &generate};
    char id[REMOTE_JOB_ID];
    OWNED_VALUE(buf) body = {0};
    struct err err = {0};

    if (write_body(&body, args, &err) < 0)
        return command_misused("generate", "generate: %s", err.text);
    if (stop_on_signals(&err) < 0 || remote_open(&generate.remote, &err) < 0)
        return command_failed(&err);
    progress_start(&generate.progress, "drawing", "steps", 0);
    if (remote_job_ask(&generate.remote, &body, id, &err) == 0)
        (void)remote_job_follow(&generate.remote, id, &events, &err);
    progress_end(&generate.progress);
    if (err.code)
        return command_failed(&err);
    return finish(&generate, args_get(args, "-o"), &err);
}

static const struct args_option generate_options[] = {
    {"-o", "FILE", "keep the picture in this file, too; of several, FILE with _0, _1, ..."},
    {"--negative", "TEXT", "what the picture should not have"},
    {"--width", "N", "pixels, a multiple of 8; 768 where it is not given"},
    {"--height", "N", "pixels, a multiple of 8; 512"},
    {"--steps", "N", "more take longer; 0: as many as the model needs"},
    {"--guidance", "X",
     "how closely it follows the prompt, 0 to 30; the model's own, for most 7.5"},
    {"--seed", "N", "the same seed is the same picture; a random one"},
    {"--scheduler", "NAME", "auto, ddim, pndm, euler, euler-a, dpmpp-2m, dpmpp-2m-karras"},
    {"--count", "N", "so many pictures, up to 16, from one seed after the other"},
    {"--emotion", "E", "into the pool of this emotion, for the garden"},
    {"--favorite", "F", "and of this favorite"},
};

const struct command command_generate = {
    .name = "generate",
    .words = "PROMPT",
    .meaning = "Has a picture drawn",
    .details =
        "Ctrl-C cancels it.\n\n"
        "Example: gardenctl generate \"a calm lake, flowers\" -o lake.jpeg\n"
        "Example: gardenctl generate \"a calm lake\" --emotion calm --count 4 --seed 42\n",
    .options = generate_options,
    .option_count = sizeof generate_options / sizeof *generate_options,
    .min_words = 1,
    .max_words = 1,
    .run = run_generate,
};
