/* engine_draw.c - see engine.h: a draw from its words to its pixels.
 *
 * All memory of a draw is taken before its first step. */
#include <math.h>

#include "lib/base/clock.h"
#include "services/generator-gpu/engine_local.h"
#include "services/generator-gpu/torch_random.h"

enum { IMAGES_MAX = 16, PATCH = 16 };

struct drawing {
    struct engine *engine;
    const struct draw *draw;
    draw_on_step *on_step;
    void *on_step_ctx;
    struct scheduler *scheduler;
    struct torch_random *random; /* one for each picture */
    uint32_t h, w;               /* of the latents */
    uint32_t steps;
    bool guided;
    size_t each, count; /* floats of a picture's latents, of all of them */
    float *latents, *input, *output, *noise, *denoised;
    struct draw_notes notes;
};

static double seconds_since(int64_t start_ns)
{
    return (double)(clock_mono_ns() - start_ns) / 1e9;
}

/* -- what is asked for ------------------------------------------------------------------------
 */

static int check_side(const char *what, uint32_t side, uint32_t scale, struct err *err)
{
    if (side < GENERATION_SIDE_MIN || side > GENERATION_SIDE_MAX || side % 8)
        return err_set(err, ERR_INVALID, "%s is %u, not a multiple of 8 from %d to %d", what,
                       side, GENERATION_SIDE_MIN, GENERATION_SIDE_MAX);
    if (side % scale)
        return err_set(err, ERR_INVALID, "%s is %u; this model draws multiples of %u", what,
                       side, scale);
    return 0;
}

static int check_draw(const struct engine *engine, const struct draw *draw, struct err *err)
{
    uint32_t scale = vae_scale(engine->vae);

    if (check_side("width", draw->width, scale, err) < 0 ||
        check_side("height", draw->height, scale, err) < 0)
        return err->code;
    if (draw->steps > GENERATION_STEPS_MAX)
        return err_set(err, ERR_INVALID, "steps is %u, not 1..%d", draw->steps,
                       GENERATION_STEPS_MAX);
    if (!(draw->guidance >= 0 && draw->guidance <= GENERATION_GUIDANCE_MAX))
        return err_set(err, ERR_INVALID, "guidance is %g, not 0..%d", draw->guidance,
                       GENERATION_GUIDANCE_MAX);
    if (draw->images < 1 || draw->images > IMAGES_MAX)
        return err_set(err, ERR_INVALID, "images is %u, not 1..%d", draw->images, IMAGES_MAX);
    return 0;
}

/* -- before the first step --------------------------------------------------------------------
 */

static uint32_t batch_of(const struct drawing *drawing)
{
    return drawing->draw->images * (drawing->guided ? 2 : 1);
}

static float *floats_new(size_t count)
{
    return calloc(count, sizeof(float));
}

static int begin(struct drawing *drawing, struct err *err)
{
    const struct engine *engine = drawing->engine;
    const struct draw *draw = drawing->draw;
    uint32_t scale = vae_scale(engine->vae);
    enum generation_scheduler kind =
        draw->scheduler == GENERATION_AUTO ? engine->info.scheduler : draw->scheduler;

    drawing->h = draw->height / scale;
    drawing->w = draw->width / scale;
    drawing->guided = draw->guidance > 1;
    drawing->steps = draw->steps ? draw->steps : engine->info.steps;
    drawing->each = (size_t)drawing->h * drawing->w * unet_channels(engine->unet);
    drawing->count = drawing->each * draw->images;
    drawing->scheduler = scheduler_new(&engine->scheduler, kind, drawing->steps, err);
    if (!drawing->scheduler)
        return err->code;
    drawing->random = calloc(draw->images, sizeof(drawing->random[0]));
    drawing->latents = floats_new(drawing->count);
    drawing->input = floats_new(2 * drawing->count);
    drawing->output = floats_new(2 * drawing->count);
    drawing->noise = floats_new(drawing->count);
    drawing->denoised = floats_new(drawing->count);
    if (!drawing->random || !drawing->latents || !drawing->input || !drawing->output ||
        !drawing->noise || !drawing->denoised)
        return err_set_nomem(err, "a draw");
    return 0;
}

static void end(struct drawing *drawing)
{
    scheduler_free(drawing->scheduler);
    free(drawing->random);
    free(drawing->latents);
    free(drawing->input);
    free(drawing->output);
    free(drawing->noise);
    free(drawing->denoised);
}

/* Each picture's own numbers, so that it is the same drawn alone and with others. */
static void draw_noise(struct drawing *drawing, float *out)
{
    for (uint32_t i = 0; i < drawing->draw->images; i++)
        torch_random_normal(&drawing->random[i], out + i * drawing->each, drawing->each);
}

static void start_latents(struct drawing *drawing)
{
    float sigma = scheduler_initial_sigma(drawing->scheduler);

    for (uint32_t i = 0; i < drawing->draw->images; i++)
        torch_random_seed(&drawing->random[i], (uint64_t)drawing->draw->seed + i);
    draw_noise(drawing, drawing->latents);
    for (size_t i = 0; i < drawing->count; i++)
        drawing->latents[i] *= sigma;
}

/* The embedding of every picture of the batch: without prompt first. */
static float *batch_text(const struct drawing *drawing, const struct conditioned *text)
{
    size_t each = (size_t)text->tokens * conditioning_dim(drawing->engine->conditioning);
    uint32_t images = drawing->draw->images;
    float *batch = malloc(each * batch_of(drawing) * sizeof(*batch));

    for (uint32_t i = 0; batch && i < batch_of(drawing); i++) {
        bool without = drawing->guided && i < images;

        memcpy(batch + i * each, without ? text->negative : text->prompt,
               each * sizeof(*batch));
    }
    return batch;
}

static int prepare_unet(struct drawing *drawing, const struct conditioned *text,
                        struct err *err)
{
    struct unet_shape shape = {
        .n = batch_of(drawing), .h = drawing->h, .w = drawing->w, .tokens = text->tokens};
    float *batch = batch_text(drawing, text);

    if (!batch)
        return err_set_nomem(err, "a prompt's embedding");
    (void)unet_prepare(drawing->engine->unet, &shape, batch, err);
    free(batch);
    return err->code;
}

static int read_words(struct drawing *drawing, struct err *err)
{
    const struct draw *draw = drawing->draw;
    int64_t start_ns = clock_mono_ns();
    OWNED_VALUE(conditioned) text = {0};

    if (conditioning_run(drawing->engine->conditioning, draw->prompt,
                         drawing->guided ? draw->negative : NULL, &text, err) < 0)
        return err->code;
    drawing->notes.prompt_tokens = text.prompt_tokens;
    drawing->notes.prompt_chunks = text.prompt_chunks;
    drawing->notes.negative_tokens = text.negative_tokens;
    (void)prepare_unet(drawing, &text, err);
    drawing->notes.text_s = seconds_since(start_ns);
    return err->code;
}

/* -- steps ------------------------------------------------------------------------------------
 */

/* negative + guidance * (prompt - negative), into the first half of the output. */
static void guide(struct drawing *drawing)
{
    float *without = drawing->output;
    const float *with = drawing->output + drawing->count;
    float guidance = (float)drawing->draw->guidance;

    for (size_t i = 0; i < drawing->count; i++)
        without[i] += guidance * (with[i] - without[i]);
}

static int step(struct drawing *drawing, size_t i, struct err *err)
{
    struct scheduler *scheduler = drawing->scheduler;
    struct scheduler_step call = {.i = i,
                                  .predicted = drawing->output,
                                  .noise = drawing->noise,
                                  .latents = drawing->latents,
                                  .denoised = drawing->on_step ? drawing->denoised : NULL,
                                  .count = drawing->count};

    scheduler_scale_input(scheduler, i, drawing->latents, drawing->input, drawing->count);
    if (drawing->guided)
        memcpy(drawing->input + drawing->count, drawing->input, drawing->count * sizeof(float));
    if (unet_run(drawing->engine->unet, drawing->input, scheduler_timestep(scheduler, i),
                 drawing->output, err) < 0)
        return err->code;
    drawing->notes.unet_calls++;
    if (drawing->guided)
        guide(drawing);
    if (scheduler_takes_noise(scheduler))
        draw_noise(drawing, drawing->noise);
    return scheduler_step(scheduler, &call, err);
}

/* Before the first picture there is nothing to know the decoder by but a patch made up. */
static int learn_patch(struct engine *engine, struct err *err)
{
    float *latents = floats_new((size_t)PATCH * PATCH * vae_channels(engine->vae));
    OWNED_VALUE(image) decoded = {0};

    if (!latents)
        return err_set_nomem(err, "a preview");
    preview_patch(vae_channels(engine->vae), PATCH, PATCH, latents);
    if (engine_decode(engine, latents, PATCH, PATCH, &decoded, err) == 0)
        preview_learn(engine->preview, latents, PATCH, PATCH, &decoded);
    free(latents);
    return err->code;
}

static int preview(const struct draw_progress *progress, uint32_t i, struct image *ret_image,
                   struct err *err)
{
    const struct drawing *drawing = progress->ctx;
    struct engine *engine = drawing->engine;

    if (i >= drawing->draw->images)
        return err_set(err, ERR_INVALID, "a preview of picture %u of %u", i,
                       drawing->draw->images);
    if (!preview_ready(engine->preview) && learn_patch(engine, err) < 0)
        return err->code;
    return preview_make(engine->preview, drawing->denoised + i * drawing->each, drawing->h,
                        drawing->w, ret_image, err);
}

/* True: go on. */
static bool tell(struct drawing *drawing, size_t calls)
{
    struct draw_progress progress = {.step = calls < drawing->steps ? (uint32_t)calls
                                                                    : drawing->steps,
                                     .steps = drawing->steps,
                                     .latents = drawing->latents,
                                     .preview = preview,
                                     .ctx = drawing};

    return !drawing->on_step || drawing->on_step(drawing->on_step_ctx, &progress);
}

/* 1: all steps are made; 0: on_step said to stop. */
static int make_steps(struct drawing *drawing, struct err *err)
{
    size_t calls = scheduler_calls(drawing->scheduler);
    int64_t start_ns = clock_mono_ns();
    int going = 1;

    start_latents(drawing);
    for (size_t i = 0; i < calls && going == 1; i++) {
        if (step(drawing, i, err) < 0)
            going = err_wrap(err, "step %zu of %zu", i + 1, calls);
        else if (!tell(drawing, i + 1))
            going = 0;
    }
    drawing->notes.steps_s = seconds_since(start_ns);
    return going;
}

/* -- pixels -----------------------------------------------------------------------------------
 */

/* As diffusers rounds: in f32, half to even. */
static uint8_t to_byte(float value)
{
    float half = value / 2 + 0.5F;

    return (uint8_t)rintf(fminf(fmaxf(half, 0), 1) * 255);
}

int engine_decode(struct engine *engine, const float *latents, uint32_t h, uint32_t w,
                  struct image *ret_image, struct err *err)
{
    uint32_t scale = vae_scale(engine->vae);
    size_t count = (size_t)h * scale * w * scale * 3;
    float *pixels = malloc(count * sizeof(*pixels));
    uint8_t *rgb = malloc(count);

    if (!pixels || !rgb)
        err_set_nomem(err, "a picture");
    else if (vae_decode(engine->vae, latents, h, w, pixels, err) == 0) {
        for (size_t i = 0; i < count; i++)
            rgb[i] = to_byte(pixels[i]);
        *ret_image = (struct image){.width = w * scale, .height = h * scale, .rgb = rgb};
        rgb = NULL;
    }
    free(pixels);
    free(rgb);
    return err->code;
}

/* One by one: a batch would only take more memory. */
static int decode_all(struct drawing *drawing, struct image *ret_images, struct err *err)
{
    int64_t start_ns = clock_mono_ns();
    uint32_t made = 0;

    for (; made < drawing->draw->images; made++) {
        const float *latents = drawing->latents + made * drawing->each;

        if (engine_decode(drawing->engine, latents, drawing->h, drawing->w, &ret_images[made],
                          err) < 0)
            break;
        preview_learn(drawing->engine->preview, latents, drawing->h, drawing->w,
                      &ret_images[made]);
    }
    drawing->notes.decode_s = seconds_since(start_ns);
    if (!err->code)
        return (int)made;
    while (made > 0)
        image_done(&ret_images[--made]);
    return err->code;
}

/* What is drawn, who is told, what comes of it. */
/* NOLINTNEXTLINE(readability-function-size) */
int engine_draw(struct engine *engine, const struct draw *draw, draw_on_step *on_step,
                void *ctx, struct image *ret_images, struct draw_notes *ret_notes,
                struct err *err)
{
    struct drawing drawing = {
        .engine = engine, .draw = draw, .on_step = on_step, .on_step_ctx = ctx};
    int made;

    if (check_draw(engine, draw, err) < 0)
        return err->code;
    made = begin(&drawing, err);
    if (made == 0)
        made = read_words(&drawing, err);
    if (made == 0)
        made = make_steps(&drawing, err);
    if (made > 0)
        made = decode_all(&drawing, ret_images, err);
    end(&drawing);
    if (made >= 0 && ret_notes)
        *ret_notes = drawing.notes;
    return made;
}
