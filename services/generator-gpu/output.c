/* output.c - see output.h. */
#include "services/generator-gpu/output.h"

#include <stdio.h>

#include "lib/base/clock.h"
#include "lib/base/log.h"
#include "proto/codec.h"
#include "services/common/retry.h"
#include "services/generator-gpu/fit.h"

enum { ENGINE_TRIES = 3 };

/* What is at work. */
struct making {
    const struct output_conf *conf;
    const struct job *job;
    uint32_t i;
    struct engine_size drawn; /* what the engine is asked for */
    int64_t step_ns;          /* when the last step was done; 0: none was */
    struct picture picture;
    char note[CODEC_REASON_MAX / 4]; /* "" or what the asker should know */
    bool stored;                     /* it was found */
    bool elsewhere;                  /* and not under its key */
};

uint32_t output_steps(const struct output_conf *conf, const struct job *job)
{
    return job->request.steps ? job->request.steps : conf->drawer.info.steps;
}

double output_guidance(const struct output_conf *conf, const struct job *job)
{
    return job->request.model_guidance && conf->drawer.info.guidance > 0
               ? conf->drawer.info.guidance
               : job->request.guidance;
}

struct engine_size output_drawn(const struct output_conf *conf, const struct job *job, size_t i)
{
    const struct generation_output *output = &job->request.outputs[i];

    return fit_choose(&conf->drawer.info, (struct engine_size){output->width, output->height});
}

static int halted(struct err *err)
{
    return err_set(err, ERR_UNAVAILABLE, "the job is not to go on");
}

/* -- trying again ---------------------------------------------------------------------------
 */

/* Whether what failed may work later by itself. No right to an object may be one object's own
 * fault, or the store's. */
static bool may_pass(const struct output_conf *conf, const struct err *why)
{
    struct err ping = {0};

    switch (why->code) {
    case ERR_INVALID:
    case ERR_CONFLICT:
    case ERR_TOO_LARGE:
        return false;
    case ERR_DENIED:
        return store_ping(conf->pictures.store, &ping) < 0;
    default:
        return true;
    }
}

/* Repeats what may pass until it works; the job waits meanwhile, and /readyz says for what. */
static int persist(struct making *making, const char *doing,
                   int (*what)(struct making *making, struct err *err), struct err *err)
{
    const struct output_conf *conf = making->conf;
    struct retry retry = {0};

    for (;;) {
        struct err why = {0};
        int r = what(making, &why);

        if (r >= 0) {
            if (retry.attempts)
                trouble_clear(conf->trouble);
            return r;
        }
        if (!may_pass(conf, &why))
            return err_set(err, why.code, "%s %.300s: %s", doing, making->picture.key,
                           why.text);
        metric_add(conf->figures->retries, 1);
        trouble_set(conf->trouble, "%s %.100s: %s", doing, making->picture.key, why.text);
        if (retry_loud(&retry))
            log_warn("%s %s: %s; trying again", doing, making->picture.key, why.text);
        if (!retry_wait(&retry) || control_ask(conf->control) != CONTROL_GO) {
            trouble_clear(conf->trouble);
            return halted(err);
        }
    }
}

/* -- the steps of it ------------------------------------------------------------------------
 */

static int find(struct making *making, struct err *err)
{
    int r = picture_find(&making->conf->pictures, &making->picture, err);

    making->elsewhere = r == 0;
    return r == 0 ? picture_find_elsewhere(&making->conf->pictures, &making->picture, err) : r;
}

static bool on_step(void *ctx, const struct draw_progress *progress)
{
    struct making *making = ctx;
    const struct output_conf *conf = making->conf;
    const int64_t now_ns = clock_mono_ns();
    const double seconds = (double)(now_ns - making->step_ns) / 1e9;

    if (making->step_ns) { /* the first one has the text encoder and cold weights in it */
        pace_note(conf->pace, making->drawn.width, making->drawn.height, seconds);
        metric_observe(conf->figures->step_seconds, seconds);
    }
    making->step_ns = now_ns;
    metric_add(conf->figures->steps, 1);
    metric_set(conf->figures->step, progress->step);
    metric_set(conf->figures->step_of, progress->steps);
    if (control_ask(conf->control) != CONTROL_GO)
        return false;
    step_feed_step(conf->progress, progress);
    return true;
}

static void note_tokens(struct making *making, const struct draw_notes *notes)
{
    if (notes->prompt_chunks > 1)
        (void)snprintf(making->note, sizeof making->note,
                       "the prompt has %u tokens and the model reads 75 at once: it was read "
                       "in %u parts",
                       notes->prompt_tokens, notes->prompt_chunks);
}

/* Calls the engine. What was drawn is encoded at once: pixels are 20 times as large. */
static int draw(struct making *making, struct err *err)
{
    const struct output_conf *conf = making->conf;
    const struct recipe *recipe = &making->picture.recipe;
    const struct draw draw = {.prompt = recipe->prompt,
                              .negative = recipe->negative,
                              .width = recipe->width,
                              .height = recipe->height,
                              .steps = recipe->steps,
                              .guidance = recipe->guidance,
                              .seed = recipe->seed,
                              .scheduler = recipe->scheduler,
                              .images = 1};
    const struct fit_draw fit = {.drawer = &conf->drawer,
                                 .draw = &draw,
                                 .drawn = making->drawn,
                                 .on_step = on_step,
                                 .ctx = making};
    OWNED_VALUE(image) image = {0};
    struct draw_notes notes = {0};
    const int64_t start_ns = clock_mono_ns();
    int drawn;

    making->step_ns = 0;
    step_feed_begin(conf->progress, making->job, making->i);
    control_enter(conf->control);
    drawn = fit_draw(&fit, &image, &notes, err);
    step_feed_end(conf->progress);
    metric_set(conf->figures->step, 0);
    metric_set(conf->figures->step_of, 0);
    if (!control_leave(conf->control) || drawn == 0)
        return halted(err);
    if (drawn < 0)
        return drawn;
    metric_observe(conf->figures->draw_seconds, (double)(clock_mono_ns() - start_ns) / 1e9);
    metric_observe(conf->figures->decode_seconds, notes.decode_s);
    note_tokens(making, &notes);
    return picture_encode(&conf->pictures, &making->picture, &image, err);
}

/* What is wrong with the job fails it at once; of memory or a disk there may be more later. */
static int draw_surely(struct making *making, struct err *err)
{
    struct retry retry = {0};

    for (;;) {
        struct err why = {0};

        if (draw(making, &why) == 0)
            return 0;
        if (control_ask(making->conf->control) != CONTROL_GO)
            return halted(err);
        if (why.code == ERR_INVALID || retry.attempts + 1 >= ENGINE_TRIES)
            return err_set(err, why.code == ERR_UNAVAILABLE ? ERR_IO : why.code, "%s",
                           why.text);
        metric_add(making->conf->figures->retries, 1);
        log_warn("drawing %s: %s; trying again", making->picture.key, why.text);
        if (!retry_wait(&retry))
            return halted(err);
    }
}

static int put(struct making *making, struct err *err)
{
    return picture_put(&making->conf->pictures, &making->picture, &making->job->trace, err);
}

static int tell_image(const struct making *making, struct err *err)
{
    const struct picture *picture = &making->picture;
    struct generation_event event = {.type = GENERATION_IMAGE,
                                     .output = making->i,
                                     .note = making->note,
                                     .recipe = picture->id,
                                     .seed = picture->recipe.seed,
                                     .stored = making->stored,
                                     .key = picture->key,
                                     .width = picture->recipe.width,
                                     .height = picture->recipe.height,
                                     .drawn_width = picture->recipe.drawn_width,
                                     .drawn_height = picture->recipe.drawn_height,
                                     .sha256 = picture->sha256};

    return tell_surely(making->conf->teller, making->job, &event, 1, err);
}

/* -- all of it ------------------------------------------------------------------------------
 */

static int describe(struct making *making, struct err *err)
{
    const struct generation_request *request = &making->job->request;
    const struct engine_info *info = &making->conf->drawer.info;
    struct picture *picture = &making->picture;

    picture->key = request->outputs[making->i].key;
    picture->recipe = (struct recipe){
        .model_id = info->model_id,
        .model = info->name,
        .prompt = request->prompt,
        .negative = request->negative_prompt,
        .guidance = output_guidance(making->conf, making->job),
        .seed = (request->seed + making->i) & CODEC_EXACT_MAX,
        .width = request->outputs[making->i].width,
        .height = request->outputs[making->i].height,
        .steps = output_steps(making->conf, making->job),
        .scheduler =
            request->scheduler == GENERATION_AUTO ? info->scheduler : request->scheduler,
    };
    making->drawn = output_drawn(making->conf, making->job, making->i);
    if (making->drawn.width != picture->recipe.width ||
        making->drawn.height != picture->recipe.height) {
        picture->recipe.drawn_width = making->drawn.width;
        picture->recipe.drawn_height = making->drawn.height;
    }
    return recipe_id(&picture->recipe, picture->id, err);
}

static int make(struct making *making, bool again, struct err *err)
{
    const struct output_conf *conf = making->conf;
    struct history_job history = {.images = 0};
    int found = 0;

    if (describe(making, err) < 0)
        return err->code;
    if (!making->job->request.fresh)
        found = persist(making, "looking for", find, err);
    if (found < 0)
        return found;
    making->stored = found > 0;
    if (!found && draw_surely(making, err) < 0)
        return err->code;
    /* Also what was found under its key already: the attempt that put it may have died before
     * it told garden.objects. */
    if ((!found || again || making->elsewhere) && persist(making, "storing", put, err) < 0)
        return err->code;
    if (again && !event_watch_ask(conf->watch, making->job->request.job_id, &history))
        return halted(err);
    if (control_ask(conf->control) != CONTROL_GO)
        return halted(err);
    if (history.images & (UINT32_C(1) << making->i))
        return 0; /* the worker of an earlier attempt told it meanwhile */
    if (tell_image(making, err) < 0)
        return err->code;
    metric_add(making->stored ? conf->figures->stored : conf->figures->drawn, 1);
    return 0;
}

int output_make(const struct output_conf *conf, const struct job *job, uint32_t i, bool again,
                struct err *err)
{
    struct making making = {.conf = conf, .job = job, .i = i};
    int r = make(&making, again, err);

    picture_done(&making.picture);
    return r;
}
