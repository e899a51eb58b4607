/* unet.c - see unet.h: the first and the last layers, time, and how a pass is made.
 *
 * Two arenas: one that every pass fills anew, and one for the keys and values of the text,
 * which lives as long as the text. Both keep their address while the shape stays. */
#include "services/generator-gpu/unet.h"

#include <math.h>

#include "services/generator-gpu/floats.h"
#include "services/generator-gpu/unet_levels.h"

struct unet {
    struct model_part part;
    struct unet_config config;
    struct layers layers;
    const struct layer *time1, *time2, *conv_in, *norm_out, *conv_out;
    struct unet_levels levels;
    struct run run;          /* a pass */
    struct run text_run;     /* what the passes of one text have in common */
    struct unet_shape shape; /* n 0: nothing prepared */
    float *times;            /* the sinusoids, one pixel */
    const float *text;       /* only inside unet_prepare */
    float *latents, *result; /* n * h * w * channels each, channels last; one allocation */
};

/* -- opening ----------------------------------------------------------------------------------
 */

static void load(struct unet *unet)
{
    const struct unet_config *config = &unet->config;
    struct layers *layers = &unet->layers;
    uint32_t first = config->level[0].channels;

    unet->time1 = layers_linear(
        layers,
        &(struct linear_def){
            .names = {"time_embedding.linear_1"}, .in = first, .out = 4 * first, .bias = true});
    unet->time2 = layers_linear(layers, &(struct linear_def){
                                            .names = {"time_embedding.linear_2"},
                                            .in = 4 * first,
                                            .out = 4 * first,
                                            .bias = true,
                                        });
    unet->conv_in = layers_conv(layers, "conv_in", config->in, first, 3, 1);
    unet_levels_load(&unet->levels, layers, config);
    unet->norm_out =
        layers_group_norm(layers, "conv_norm_out", first, config->groups, config->eps);
    unet->conv_out = layers_conv(layers, "conv_out", first, config->out, 3, 1);
}

static int open_part(struct unet *unet, struct backend *backend, const char *model,
                     struct err *err)
{
    if (model_part_open(&unet->part, model, "unet", "diffusion_pytorch_model", err) < 0 ||
        unet_config_read(&unet->config, unet->part.config, err) < 0)
        return err->code;
    layers_init(&unet->layers, backend, unet->part.weights, "unet", err);
    unet->run = unet->text_run = (struct run){.backend = backend, .layers = &unet->layers};
    unet->times = malloc(unet->config.level[0].channels * sizeof(float));
    if (!unet->times)
        return err_set_nomem(err, "the UNet");
    load(unet);
    if (!err->code && unet->config.out != unet->config.in)
        err_set(err, ERR_INVALID,
                "unet/config.json: in_channels is %u and out_channels %u; this engine takes "
                "models with as many of both (none for inpainting)",
                unet->config.in, unet->config.out);
    return err->code;
}

struct unet *unet_open(struct backend *backend, const char *model, struct err *err)
{
    struct unet *unet = calloc(1, sizeof(*unet));

    if (!unet) {
        err_set_nomem(err, "the UNet");
        return NULL;
    }
    if (open_part(unet, backend, model, err) < 0) {
        unet_free(unet);
        return NULL;
    }
    return unet;
}

void unet_free(struct unet *unet)
{
    if (!unet)
        return;
    if (unet->run.backend) {
        run_done(&unet->run);
        run_done(&unet->text_run);
        unet_levels_done(&unet->levels);
        layers_done(&unet->layers);
    }
    model_part_done(&unet->part);
    free(unet->times);
    free(unet->latents);
    free(unet);
}

uint32_t unet_channels(const struct unet *unet)
{
    return unet->config.in;
}

uint32_t unet_text_dim(const struct unet *unet)
{
    return unet->config.text_dim;
}

uint32_t unet_scale(const struct unet *unet)
{
    return UINT32_C(1) << (unet->config.levels - 1);
}

uint32_t unet_sample_size(const struct unet *unet)
{
    return unet->config.sample_size;
}

/* -- passes -----------------------------------------------------------------------------------
 */

/* The sinusoids of Vaswani et al. 2017, as diffusers has them: in f32. */
static void time_sinusoids(const struct unet *unet, float timestep)
{
    const struct unet_config *config = &unet->config;
    uint32_t half = config->level[0].channels / 2;
    float *cosines = unet->times + (config->cos_first ? 0 : half);
    float *sines = unet->times + (config->cos_first ? half : 0);

    for (uint32_t i = 0; i < half; i++) {
        float exponent = -9.210340371976184F * (float)i / ((float)half - config->freq_shift);
        float angle = timestep * expf(exponent);

        cosines[i] = cosf(angle);
        sines[i] = sinf(angle);
    }
}

/* silu of the time's embedding: that is how every block takes it. */
static struct tensor embed_time(struct unet *unet, struct run *run)
{
    uint32_t first = unet->config.level[0].channels;
    struct tensor time = run_tensor(run, 1, 1, 1, 4 * first);
    struct tensor sinusoids = run_tensor(run, 1, 1, 1, first);
    struct tensor inner = run_tensor(run, 1, 1, 1, 4 * first);

    run_write(run, sinusoids, unet->times);
    run_linear(run, unet->time1, inner, sinusoids, ACT_SILU, NULL);
    run_linear(run, unet->time2, time, inner, ACT_SILU, NULL);
    return time;
}

static void unet_pass(void *ctx, struct run *run)
{
    struct unet *unet = ctx;
    const struct unet_shape *shape = &unet->shape;
    uint32_t first = unet->config.level[0].channels;
    struct tensor x, latents, time, out;

    time = embed_time(unet, run);
    latents = run_tensor(run, shape->n, shape->h, shape->w, unet->config.in);
    out = run_tensor(run, shape->n, shape->h, shape->w, unet->config.out);
    x = run_tensor(run, shape->n, shape->h, shape->w, first);
    run_write(run, latents, unet->latents);
    run_conv(run, unet->conv_in, x, latents, NULL, NULL);
    x = unet_levels_run(&unet->levels, run, x, time);
    run_group_norm(run, unet->norm_out, x, x, ACT_SILU);
    run_conv(run, unet->conv_out, out, x, NULL, NULL);
    run_read(run, unet->result, out);
}

static void text_pass(void *ctx, struct run *run)
{
    struct unet *unet = ctx;
    struct tensor tokens;

    tokens = run_tensor(run, unet->shape.n, 1, unet->shape.tokens, unet->config.text_dim);
    run_write(run, tokens, unet->text);
    unet_levels_prepare(&unet->levels, run, tokens);
}

/* -- calls ------------------------------------------------------------------------------------
 */

static int plan(struct unet *unet, const struct unet_shape *shape, struct err *err)
{
    size_t count = (size_t)shape->n * shape->h * shape->w * unet->config.in;

    free(unet->latents);
    unet->latents = malloc(2 * count * sizeof(float));
    if (!unet->latents)
        return err_set_nomem(err, "unet: latents");
    unet->result = unet->latents + count;
    unet->shape = *shape;
    if (run_plan(&unet->text_run, text_pass, unet, err) < 0)
        return err->code;
    return run_plan(&unet->run, unet_pass, unet, err);
}

static bool same_shape(const struct unet_shape *a, const struct unet_shape *b)
{
    return a->n == b->n && a->h == b->h && a->w == b->w && a->tokens == b->tokens;
}

int unet_prepare(struct unet *unet, const struct unet_shape *shape, const float *text,
                 struct err *err)
{
    size_t count = (size_t)shape->n * shape->tokens * unet->config.text_dim;

    if (!floats_finite(text, count))
        return err_set(err, ERR_INVALID, "unet: the text's embedding has NaN or infinity");
    if (!same_shape(shape, &unet->shape) && plan(unet, shape, err) < 0) {
        unet->shape = (struct unet_shape){0};
        return err->code;
    }
    unet->text = text;
    return run_execute(&unet->text_run, text_pass, unet, NULL, 0, err);
}

int unet_run(struct unet *unet, const float *latents, float timestep, float *out,
             struct err *err)
{
    const struct unet_shape *shape = &unet->shape;
    size_t pixels = (size_t)shape->h * shape->w, count = pixels * shape->n * unet->config.in;

    if (shape->n == 0)
        return err_set(err, ERR_INVALID, "unet: unet_run before unet_prepare");
    if (!floats_finite(latents, count))
        return err_set(err, ERR_INVALID,
                       "unet: the latents that it is given have NaN or "
                       "infinity");
    time_sinusoids(unet, timestep);
    floats_to_pixels(unet->latents, latents, shape->n, unet->config.in, pixels);
    if (run_execute(&unet->run, unet_pass, unet, unet->result, count, err) < 0)
        return err->code;
    floats_from_pixels(out, unet->result, shape->n, unet->config.out, pixels);
    return 0;
}
