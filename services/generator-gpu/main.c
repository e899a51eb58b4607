/* main.c - generator-gpu: garden.generation.requests into pictures. Wiring only. */
#include "lib/nn/parallel.h"
#include "services/common/program.h"
#include "services/common/shipped.h"
#include "services/generator-gpu/generator.h"

/* The shape is engine_draw's. */
/* NOLINTNEXTLINE(readability-function-size) */
static int draw(void *ctx, const struct draw *draw_, draw_on_step *on_step, void *step_ctx,
                struct image *ret_images, struct draw_notes *ret_notes, struct err *err)
{
    return engine_draw(ctx, draw_, on_step, step_ctx, ret_images, ret_notes, err);
}

static int load(void *conf, struct err *err)
{
    return generator_conf_load(conf, err);
}

static int run(void *ctx, struct err *err)
{
    const struct generator_conf *conf = ctx;
    char folder[PATH_MAX];
    const struct engine_conf model = {.model = folder,
                                      .backend = conf->backend,
                                      .precision = conf->precision,
                                      .threads = (int)conf->threads};
    struct drawer drawer = {.draw = draw};
    OWNED(engine) engine = NULL;

    if (shipped_model(conf->model, folder, err) < 0)
        return err_wrap(err, "there is no model: set GENERATOR_MODEL to a folder with a Stable "
                             "Diffusion model in Hugging Face's diffusers layout");
    engine = engine_open(&model, err);
    if (!engine)
        return err_wrap(err, "GENERATOR_MODEL (%.100s)", folder);
    drawer.info = *engine_info(engine);
    drawer.ctx = engine;
    return generator_run(conf, &drawer, err);
}

int main(int argc, char **argv)
{
    struct generator_conf conf;
    const struct program program = {
        .name = GENERATOR_SERVICE,
        .meaning = "draws the pictures that garden.generation.requests asks for",
        .fields = generator_fields,
        .field_count = generator_field_count,
        .conf = &conf,
        .load = load,
        .run = run};

    parallel_share(argv);
    return program_main(&program, argc, argv);
}
