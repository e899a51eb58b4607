/* starter.c - gardenctl starter: what a new garden begins with. gardenctl up runs it at every
 * start; where the first run is over it does nothing.
 *
 * A garden without a picture gets the starter garden that ships, through the same uploads as
 * gardenctl import, and then, where there is a generator, a pool of pictures that the model
 * draws, one /bulk job after the other, so that whoever else wants pictures never waits for
 * more than one of them. How far it is is in the store (starter_mark.h): it may be killed at
 * any time, and goes on at the next start. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "gardenctl/command.h"
#include "gardenctl/importer.h"
#include "gardenctl/progress.h"
#include "gardenctl/remote_job.h"
#include "gardenctl/starter_mark.h"
#include "gardenctl/starter_pool.h"
#include "gardenctl/up_model.h"
#include "lib/base/clock.h"
#include "services/common/garden_conf.h"
#include "services/common/shipped.h"

#define PICTURES "models/starter-garden/pictures"

enum {
    AGAIN_MS = 2000,      /* before the garden is asked once more */
    SAY_EVERY_MS = 10000, /* how far the pool is */
    FAILURES_MAX = 3,     /* jobs in a row; then something is wrong with more than a job */
};

struct starter {
    struct remote remote;
    struct store *store; /* owned */
    struct starter_mark mark;
    bool quiet; /* nothing is said where there is nothing to do */
    /* the pool: */
    struct prompts prompts;
    size_t pictures;  /* that are there */
    size_t drawn;     /* of them since start_ms */
    int64_t start_ms; /* 0: none was begun yet */
    int64_t said_ms;
};

static void starter_done(struct starter *starter)
{
    prompts_done(&starter->prompts);
    remote_done(&starter->remote);
    store_free(starter->store);
}

/* As gardenctl up says things of its services. */
static void say(const char *state, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(const char *state, const char *fmt, ...)
{
    char rest[300];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(rest, sizeof rest, fmt, args);
    va_end(args);
    printf("  %-14s %-9s %s\n", "starter", state, rest);
    (void)fflush(stdout);
}

static int reach(struct starter *starter, enum starter_stage stage, struct err *err)
{
    starter->mark.stage = stage;
    if (starter_mark_write(starter->store, &starter->mark, err) < 0)
        return err_wrap(err, "remembering how far the first run is");
    return 0;
}

/* -- the starter garden -- */

static int import(struct starter *starter, struct err *err)
{
    const char *share = getenv("GARDEN_SHARE");
    char folder[PATH_MAX], dir[PATH_MAX + sizeof PICTURES];
    const struct importer_conf conf = {.dir = dir, .area = KEY_GARDEN, .quiet = true};
    const int64_t start_ms = clock_mono_ms();
    struct importer_count count = {0};
    char took[32];

    if (shipped_find(share ? share : "", PICTURES, folder, err) < 0)
        return err_wrap(err, "the starter garden");
    (void)snprintf(dir, sizeof dir, "%s/" PICTURES, folder);
    if (importer_run(&starter->remote, &conf, &count, err) < 0)
        return err->code;
    if (count.refused)
        return err_set(err, ERR_REMOTE, "%zu pictures of the starter garden were refused",
                       count.refused);
    progress_format_time(clock_mono_ms() - start_ms, took);
    say("garden", "%zu painted pictures to begin with, in %s", count.imported + count.already,
        took);
    return reach(starter, STARTER_POOL, err);
}

/* -- the starter pool -- */

static bool has_generator(void)
{
    const char *url = getenv("GARDEN_GENERATOR_URL");

    return (url && *url) || up_model_is_there();
}

static void say_pool(struct starter *starter)
{
    const size_t left = STARTER_POOL_PICTURES - starter->pictures;
    const int64_t took_ms = clock_mono_ms() - starter->start_ms;
    char time[32];

    if (clock_mono_ms() - starter->said_ms < SAY_EVERY_MS || left == 0)
        return;
    starter->said_ms = clock_mono_ms();
    progress_format_time(took_ms * (int64_t)left / (int64_t)starter->drawn, time);
    say("pool", "%zu of %d drawn, about %s left", starter->pictures, STARTER_POOL_PICTURES,
        time);
}

static int on_picture(void *ctx, const struct remote_picture *picture, struct err *err)
{
    struct starter *starter = ctx;

    (void)picture;
    (void)err;
    starter->drawn++;
    if (starter->pictures < STARTER_POOL_PICTURES)
        starter->pictures++;
    say_pool(starter);
    return 0;
}

static bool may_pass(const struct err *err)
{
    return err->code == ERR_UNAVAILABLE || err->code == ERR_TIMEOUT || err->code == ERR_IO;
}

/* Asks until somebody takes the job. */
static int ask(struct starter *starter, const struct buf *body, char ret_id[REMOTE_JOB_ID],
               struct err *err)
{
    bool said = false;

    while (remote_job_bulk(&starter->remote, body, ret_id, err) < 0) {
        if (!may_pass(err))
            return err->code;
        if (!said)
            say("waits", "%s", err->text);
        said = true;
        err_clear(err);
        (void)usleep(AGAIN_MS * 1000);
    }
    return 0;
}

/* One job to its end, however often the garden is away meanwhile. */
static int draw(struct starter *starter, size_t i, struct err *err)
{
    const struct remote_job_events events = {.on_picture = on_picture, .ctx = starter};
    OWNED_VALUE(buf) body = {0};
    char id[REMOTE_JOB_ID];

    if (starter_pool_body(&starter->prompts, starter->mark.since_ms, i, &body, err) < 0 ||
        ask(starter, &body, id, err) < 0)
        return err->code;
    if (!starter->start_ms)
        starter->start_ms = starter->said_ms = clock_mono_ms();
    while (remote_job_follow(&starter->remote, id, &events, err) < 0 && may_pass(err))
        err_clear(err);
    return err->code;
}

static int draw_pool(struct starter *starter, struct err *err)
{
    int failures = 0;

    if (prompts_load(&starter->prompts, err) < 0)
        return err->code;
    starter->pictures = 2 * (size_t)starter->mark.jobs;
    say("pool", "%s pictures are drawn in the background, to choose from",
        starter->mark.jobs ? "more" : "64");
    while (starter->mark.jobs < STARTER_POOL_JOBS) {
        const size_t i = starter->mark.jobs;

        if (draw(starter, i, err) < 0) {
            if ((err->code != ERR_REMOTE && err->code != ERR_CONFLICT) ||
                ++failures == FAILURES_MAX)
                return err_wrap(err, "the starter pool");
            say("pool", "picture %zu: %s", 2 * i + 1, err->text);
            err_clear(err);
        } else {
            failures = 0;
        }
        starter->mark.jobs++;
        starter->pictures = 2 * (size_t)starter->mark.jobs;
        if (reach(starter, STARTER_POOL, err) < 0)
            return err->code;
    }
    say("pool", "%d pictures are drawn and wait in the pool", STARTER_POOL_PICTURES);
    return 0;
}

/* -- all of it -- */

static int begin(struct starter *starter, struct err *err)
{
    bool found = false, empty = false;

    if (starter_mark_read(starter->store, &starter->mark, &found, err) < 0)
        return err->code;
    if (found)
        return 0;
    if (starter_store_is_empty(starter->store, &empty, err) < 0)
        return err->code;
    starter->mark = (struct starter_mark){.since_ms = clock_wall_ms()};
    return reach(starter, empty ? STARTER_IMPORT : STARTER_DONE, err);
}

static int go_on(struct starter *starter, struct err *err)
{
    if (begin(starter, err) < 0)
        return err->code;
    if (starter->mark.stage == STARTER_DONE) {
        if (!starter->quiet)
            printf("There is nothing to do: this garden has had its first run, or had "
                   "pictures before.\n");
        return 0;
    }
    if (remote_open(&starter->remote, err) < 0)
        return err->code;
    if (starter->mark.stage == STARTER_IMPORT && import(starter, err) < 0)
        return err->code;
    if (has_generator() && draw_pool(starter, err) < 0)
        return err->code;
    return reach(starter, STARTER_DONE, err);
}

static int run(const struct args *args)
{
    OWNED_VALUE(starter) starter = {.quiet = args_has(args, "--quiet")};
    struct garden_conf conf;
    struct err err = {0};

    (void)signal(SIGPIPE, SIG_IGN);
    if (garden_conf_load(&conf, &err) < 0)
        return command_failed(&err);
    starter.store = garden_open_store(&conf, &err);
    if (!starter.store || go_on(&starter, &err) < 0)
        return command_failed(&err);
    return EXIT_WORKED;
}

static const struct args_option options[] = {
    {"--quiet", NULL, "say nothing where there is nothing to do"},
};

const struct command command_starter = {
    .name = "starter",
    .words = "",
    .meaning = "Gives a new garden its first pictures",
    .details =
        "Where the store has no picture yet, the starter garden is imported, and then 64\n"
        "pictures are drawn into the pool. Once only; what was interrupted goes on. gardenctl\n"
        "up does it at its start, unless GARDEN_STARTER is 0.\n\n"
        "Example: gardenctl starter\n",
    .options = options,
    .option_count = 1,
    .max_words = 0,
    .run = run,
};
