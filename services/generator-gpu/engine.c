/* engine.c - see engine.h: opening a model folder. */
#include "services/generator-gpu/engine_local.h"

#include <errno.h>

#include "lib/base/file.h"
#include "services/generator-gpu/model_advice.h"
#include "services/generator-gpu/model_folder.h"
#include "services/generator-gpu/model_id.h"

enum { CONFIG_MAX = 1 << 20 };

/* The last part of the folder's real path. */
static int read_name(struct engine *engine, const char *model, struct err *err)
{
    OWNED_STRING path = realpath(model, NULL);
    const char *slash;

    if (!path)
        return err_set_errno(err, "the model %s", model);
    slash = strrchr(path, '/');
    engine->name = strdup(slash && slash[1] ? slash + 1 : path);
    if (!engine->name)
        return err_set_nomem(err, "the engine");
    engine->info.name = engine->name;
    return 0;
}

static int read_index(const char *model, struct err *err)
{
    OWNED_JSON index = model_json(model, "model_index.json", err);
    const char *name = "";

    if (!index || json_get_str(index, "_class_name", &name, err) < 0)
        return err_wrap(err, "%s is no diffusers folder", model);
    if (strcmp(name, "StableDiffusionPipeline") != 0)
        return err_set(err, ERR_INVALID,
                       "%s/model_index.json: _class_name is %s; this engine takes "
                       "StableDiffusionPipeline",
                       model, name);
    return 0;
}

static int read_scheduler(struct engine *engine, const char *model, struct err *err)
{
    OWNED_VALUE(buf) text = {0};
    char path[4096];

    if ((size_t)snprintf(path, sizeof(path), "%s/scheduler/scheduler_config.json", model) >=
        sizeof(path))
        return err_set(err, ERR_INVALID, "%s: the path is too long", model);
    if (file_read(path, CONFIG_MAX, &text, err) < 0)
        return err->code;
    if (scheduler_conf_read(&engine->scheduler, buf_text(&text), text.size, err) < 0)
        return err_wrap(err, "%s", path);
    engine->info.scheduler = engine->scheduler.kind;
    return 0;
}

/* What diffusers draws with, and what DPM++ needs to look as good. */
static uint32_t usual_steps(enum generation_scheduler scheduler)
{
    bool second_order =
        scheduler == GENERATION_DPMPP_2M || scheduler == GENERATION_DPMPP_2M_KARRAS;

    return second_order ? 20 : 50;
}

static int read_advice(struct engine *engine, const char *model, struct err *err)
{
    struct engine_info *info = &engine->info;
    struct model_advice advice;

    if (model_advice_read(model, &advice, err) < 0)
        return err->code;
    if (advice.scheduler != GENERATION_AUTO)
        info->scheduler = advice.scheduler;
    info->steps = advice.steps ? advice.steps : usual_steps(info->scheduler);
    info->guidance = advice.guidance;
    memcpy(info->sizes, advice.sizes, sizeof info->sizes);
    info->size_count = advice.size_count;
    return 0;
}

static int check_sizes(const struct engine *engine, const char *model, struct err *err)
{
    const uint32_t scale = vae_scale(engine->vae);

    for (size_t i = 0; i < engine->info.size_count; i++) {
        const struct engine_size *size = &engine->info.sizes[i];

        if (size->width % scale || size->height % scale)
            return err_set(err, ERR_INVALID,
                           "%s/garden.json: sizes[%zu] is %ux%u; this model draws multiples "
                           "of %u",
                           model, i, size->width, size->height, scale);
    }
    return 0;
}

static int open_parts(struct engine *engine, const char *model, struct err *err)
{
    engine->conditioning = conditioning_open(engine->backend, model, err);
    if (engine->conditioning)
        engine->unet = unet_open(engine->backend, model, err);
    if (engine->unet)
        engine->vae = vae_open(engine->backend, model, err);
    if (engine->vae)
        engine->preview = preview_new(vae_channels(engine->vae), err);
    if (!engine->preview)
        return err->code;
    if (conditioning_dim(engine->conditioning) != unet_text_dim(engine->unet))
        return err_set(err, ERR_INVALID,
                       "%s: the text encoder's hidden_size is %u, but the UNet's "
                       "cross_attention_dim %u",
                       model, conditioning_dim(engine->conditioning),
                       unet_text_dim(engine->unet));
    if (vae_channels(engine->vae) != unet_channels(engine->unet))
        return err_set(err, ERR_INVALID,
                       "%s: the VAE's latent_channels is %u, but the UNet's in_channels %u",
                       model, vae_channels(engine->vae), unet_channels(engine->unet));
    return 0;
}

static void fill_info(struct engine *engine)
{
    uint32_t side = unet_sample_size(engine->unet) * vae_scale(engine->vae);

    engine->info.backend = engine->backend->ops->name;
    engine->info.precision = engine->backend->type == TENSOR_F32    ? "f32"
                             : engine->backend->type == TENSOR_BF16 ? "bf16"
                                                                    : "f16";
    engine->info.native_width = engine->info.native_height = side;
    if (engine->info.size_count) {
        engine->info.native_width = engine->info.sizes[0].width;
        engine->info.native_height = engine->info.sizes[0].height;
    }
    engine->info.size_grid = vae_scale(engine->vae) * unet_scale(engine->unet);
}

static int fill(struct engine *engine, const struct engine_conf *conf, struct err *err)
{
    const struct backend_conf backend = {
        .name = conf->backend, .precision = conf->precision, .threads = conf->threads};
    const char *model = conf->model;

    if (read_name(engine, model, err) < 0 || read_index(model, err) < 0)
        return err->code;
    engine->backend = backend_open(&backend, err);
    if (!engine->backend || read_scheduler(engine, model, err) < 0 ||
        read_advice(engine, model, err) < 0 || open_parts(engine, model, err) < 0 ||
        check_sizes(engine, model, err) < 0 || model_id(model, engine->info.model_id, err) < 0)
        return err->code;
    fill_info(engine);
    return 0;
}

struct engine *engine_open(const struct engine_conf *conf, struct err *err)
{
    struct engine *engine = calloc(1, sizeof(*engine));

    if (!engine) {
        err_set_nomem(err, "the engine");
        return NULL;
    }
    if (fill(engine, conf, err) < 0) {
        engine_free(engine);
        return NULL;
    }
    return engine;
}

void engine_free(struct engine *engine)
{
    if (!engine)
        return;
    preview_free(engine->preview);
    vae_free(engine->vae);
    unet_free(engine->unet);
    conditioning_free(engine->conditioning);
    backend_free(engine->backend);
    free(engine->name);
    free(engine);
}

const struct engine_info *engine_info(const struct engine *engine)
{
    return &engine->info;
}
