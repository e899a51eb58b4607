/* vae.c - see vae.h.
 *
 * Activations are largest here: 512x512 pixels of 256 channels are 268 MB in f32. Levels work
 * in place where they can; where they cannot, the result goes to the other end of the memory,
 * and what it was made from is given back. */
#include "services/generator-gpu/vae.h"

#include "services/generator-gpu/floats.h"
#include "services/generator-gpu/resnet.h"
#include "services/generator-gpu/vae_config.h"

enum { RESNETS_MAX = 9 };
#define NORM_EPS 1e-6F

struct vae_level {
    uint32_t channels;
    struct resnet resnets[RESNETS_MAX];
    const struct layer *upsampler; /* NULL at the end */
};

struct vae {
    struct model_part part;
    struct vae_config config;
    struct layers layers;
    const struct layer *post_quant_conv, *conv_in, *norm_out, *conv_out;
    struct resnet middle[2];
    const struct layer *norm, *qkv, *out; /* the middle's attention */
    struct vae_level levels[MODEL_LEVELS_MAX];
    struct run run;
    uint32_t h, w;  /* of the latents that the plan is for; 0: none */
    float *latents; /* channels last; allocated for h, w */
    float *pixels;  /* of the pass */
};

/* -- opening ----------------------------------------------------------------------------------
 */

/* Old files say query, key, value and proj_attn. */
static void load_attention(struct vae *vae, uint32_t channels)
{
    struct layers *layers = &vae->layers;
    size_t from = layers_enter(layers, "attentions.0");
    bool old = layers_has(layers, "query.weight");
    struct linear_def qkv = {
        .names = {"to_q", "to_k", "to_v"}, .in = channels, .out = channels, .bias = true};
    struct linear_def out = {.names = {old ? "proj_attn" : "to_out.0"},
                             .in = channels,
                             .out = channels,
                             .bias = true};

    if (old) {
        qkv.names[0] = "query";
        qkv.names[1] = "key";
        qkv.names[2] = "value";
    }
    vae->norm = layers_group_norm(layers, "group_norm", channels, vae->config.groups, NORM_EPS);
    vae->qkv = layers_linear(layers, &qkv);
    vae->out = layers_linear(layers, &out);
    layers_leave(layers, from);
}

static void load_resnet(struct vae *vae, struct resnet *resnet, size_t i, uint32_t in,
                        uint32_t out)
{
    char name[32];

    (void)snprintf(name, sizeof(name), "resnets.%zu", i);
    resnet_load(resnet, &vae->layers, name,
                &(struct resnet_def){
                    .in = in, .out = out, .groups = vae->config.groups, .eps = NORM_EPS});
}

static void load_middle(struct vae *vae, uint32_t channels)
{
    size_t from = layers_enter(&vae->layers, "mid_block");

    for (size_t i = 0; i < 2; i++)
        load_resnet(vae, &vae->middle[i], i, channels, channels);
    if (vae->config.attention)
        load_attention(vae, channels);
    layers_leave(&vae->layers, from);
}

static void load_level(struct vae *vae, size_t u, uint32_t in)
{
    struct vae_level *level = &vae->levels[u];
    size_t i = vae->config.levels - 1 - u, from;
    uint32_t channels = vae->config.channels[i];

    from = layers_enter(&vae->layers, "up_blocks.%zu", u);
    level->channels = channels;
    for (size_t j = 0; j <= vae->config.layers; j++)
        load_resnet(vae, &level->resnets[j], j, j ? channels : in, channels);
    if (i > 0)
        level->upsampler =
            layers_conv(&vae->layers, "upsamplers.0.conv", channels, channels, 3, 1);
    layers_leave(&vae->layers, from);
}

static void load(struct vae *vae)
{
    const struct vae_config *config = &vae->config;
    struct layers *layers = &vae->layers;
    uint32_t latent = config->latent_channels, in = config->channels[config->levels - 1];
    size_t from;

    if (config->post_quant_conv)
        vae->post_quant_conv = layers_linear(
            layers,
            &(struct linear_def){
                .names = {"post_quant_conv"}, .in = latent, .out = latent, .bias = true});
    from = layers_enter(layers, "decoder");
    vae->conv_in = layers_conv(layers, "conv_in", latent, in, 3, 1);
    load_middle(vae, in);
    for (size_t u = 0; u < config->levels; u++) {
        load_level(vae, u, in);
        in = vae->levels[u].channels;
    }
    vae->norm_out = layers_group_norm(layers, "conv_norm_out", in, config->groups, NORM_EPS);
    vae->conv_out = layers_conv(layers, "conv_out", in, 3, 3, 1);
    layers_leave(layers, from);
}

static int open_part(struct vae *vae, struct backend *backend, const char *model,
                     struct err *err)
{
    if (model_part_open(&vae->part, model, "vae", "diffusion_pytorch_model", err) < 0 ||
        vae_config_read(&vae->config, vae->part.config, err) < 0)
        return err->code;
    layers_init(&vae->layers, backend, vae->part.weights, "vae", err);
    vae->run = (struct run){.backend = backend, .layers = &vae->layers};
    load(vae);
    return err->code;
}

struct vae *vae_open(struct backend *backend, const char *model, struct err *err)
{
    struct vae *vae = calloc(1, sizeof(*vae));

    if (!vae) {
        err_set_nomem(err, "the VAE");
        return NULL;
    }
    if (open_part(vae, backend, model, err) < 0) {
        vae_free(vae);
        return NULL;
    }
    return vae;
}

void vae_free(struct vae *vae)
{
    if (!vae)
        return;
    if (vae->run.backend) {
        run_done(&vae->run);
        layers_done(&vae->layers);
    }
    model_part_done(&vae->part);
    free(vae->latents);
    free(vae);
}

uint32_t vae_channels(const struct vae *vae)
{
    return vae->config.latent_channels;
}

uint32_t vae_scale(const struct vae *vae)
{
    return 1U << (vae->config.levels - 1);
}

/* -- running ----------------------------------------------------------------------------------
 */

/* One head over all channels. In place. */
static void attend(const struct vae *vae, struct run *run, struct tensor x)
{
    size_t mark = run_mark(run);
    struct tensor tokens = x, normed, qkv;

    tokens.w *= tokens.h;
    tokens.h = 1;
    normed = run_tensor(run, x.n, 1, tokens.w, x.c);
    qkv = run_tensor(run, x.n, 1, tokens.w, 3 * x.c);
    run_group_norm(run, vae->norm, normed, tokens, ACT_NONE);
    run_linear(run, vae->qkv, qkv, normed, ACT_NONE, NULL);
    run_attention(run, &(struct attention_args){.dst = normed,
                                                .q = tensor_columns(&qkv, 0, x.c),
                                                .k = tensor_columns(&qkv, x.c, x.c),
                                                .v = tensor_columns(&qkv, 2 * x.c, x.c),
                                                .heads = 1});
    run_linear(run, vae->out, tokens, normed, ACT_NONE, &tokens);
    run_release(run, mark);
}

static struct tensor run_upsampler(const struct layer *upsampler, struct run *run,
                                   struct tensor x)
{
    struct tensor wide, up;

    run_turn(run);
    wide = run_tensor(run, x.n, 2 * x.h, 2 * x.w, x.c);
    run_upsample(run, wide, x);
    run_drop(run);
    run_turn(run);
    up = run_tensor(run, x.n, 2 * x.h, 2 * x.w, x.c);
    run_conv(run, upsampler, up, wide, NULL, NULL);
    run_drop(run);
    return up;
}

static struct tensor run_level(const struct vae *vae, const struct vae_level *level,
                               struct run *run, struct tensor x)
{
    for (size_t i = 0; i <= vae->config.layers; i++) {
        const struct resnet *resnet = &level->resnets[i];
        struct tensor y = x;

        if (resnet->shortcut) {
            run_turn(run);
            y = run_tensor(run, x.n, x.h, x.w, level->channels);
        }
        resnet_run(resnet, run, y, x, NULL, true);
        run_drop(run);
        x = y;
    }
    return level->upsampler ? run_upsampler(level->upsampler, run, x) : x;
}

static struct tensor start(const struct vae *vae, struct run *run)
{
    struct tensor latents = run_tensor(run, 1, vae->h, vae->w, vae->config.latent_channels);
    struct tensor x =
        run_tensor(run, 1, vae->h, vae->w, vae->config.channels[vae->config.levels - 1]);

    run_write(run, latents, vae->latents);
    if (vae->post_quant_conv) {
        struct tensor unquant = run_tensor(run, 1, latents.h, latents.w, latents.c);

        run_linear(run, vae->post_quant_conv, unquant, latents, ACT_NONE, NULL);
        latents = unquant;
    }
    run_conv(run, vae->conv_in, x, latents, NULL, NULL);
    return x;
}

static void vae_pass(void *ctx, struct run *run)
{
    struct vae *vae = ctx;
    struct tensor x = start(vae, run), rgb;

    resnet_run(&vae->middle[0], run, x, x, NULL, false);
    if (vae->config.attention)
        attend(vae, run, x);
    resnet_run(&vae->middle[1], run, x, x, NULL, false);
    for (size_t u = 0; u < vae->config.levels; u++)
        x = run_level(vae, &vae->levels[u], run, x);
    run_group_norm(run, vae->norm_out, x, x, ACT_SILU);
    rgb = run_tensor(run, x.n, x.h, x.w, 3);
    run_conv(run, vae->conv_out, rgb, x, NULL, NULL);
    run_read(run, vae->pixels, rgb);
}

static int plan(struct vae *vae, uint32_t h, uint32_t w, struct err *err)
{
    vae->h = vae->w = 0;
    free(vae->latents);
    vae->latents = malloc((size_t)h * w * vae->config.latent_channels * sizeof(float));
    if (!vae->latents)
        return err_set_nomem(err, "vae: latents");
    vae->h = h;
    vae->w = w;
    if (run_plan(&vae->run, vae_pass, vae, err) == 0)
        return 0;
    vae->h = vae->w = 0;
    return err->code;
}

int vae_decode(struct vae *vae, const float *latents, uint32_t h, uint32_t w, float *out,
               struct err *err)
{
    size_t pixels = (size_t)h * w, count = pixels * vae->config.latent_channels;

    if (!floats_finite(latents, count))
        return err_set(err, ERR_INVALID,
                       "vae: the latents that it is given have NaN or infinity");
    if ((vae->h != h || vae->w != w) && plan(vae, h, w, err) < 0)
        return err->code;
    floats_to_pixels(vae->latents, latents, 1, vae->config.latent_channels, pixels);
    for (size_t i = 0; i < count; i++)
        vae->latents[i] /= (float)vae->config.scaling_factor;
    vae->pixels = out;
    return run_execute(&vae->run, vae_pass, vae, out,
                       pixels * vae_scale(vae) * vae_scale(vae) * 3, err);
}
