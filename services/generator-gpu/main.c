/* main.c - generator-gpu: garden.generation.requests into pictures. Wiring only. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "services/generator-gpu/generator.h"

static int print_help(int status)
{
    puts("generator-gpu: draws the pictures that garden.generation.requests asks for\n\n"
         "  --help               this text\n"
         "  --settings-markdown  its own settings as a section of docs/settings.md\n\n"
         "Settings, by environment variables:");
    conf_print_help(garden_fields, garden_field_count);
    conf_print_help(generator_fields, generator_field_count);
    return status;
}

/* The shape is engine_draw's. */
/* NOLINTNEXTLINE(readability-function-size) */
static int draw(void *ctx, const struct draw *draw_, draw_on_step *on_step, void *step_ctx,
                struct image *ret_images, struct draw_notes *ret_notes, struct err *err)
{
    return engine_draw(ctx, draw_, on_step, step_ctx, ret_images, ret_notes, err);
}

static int run(const struct generator_conf *conf, struct err *err)
{
    const struct engine_conf model = {.model = conf->model,
                                      .backend = conf->backend,
                                      .precision = conf->precision,
                                      .threads = (int)conf->threads};
    struct drawer drawer = {.draw = draw};
    OWNED(engine) engine = NULL;

    if (!*conf->model)
        return err_set(err, ERR_INVALID,
                       "GENERATOR_MODEL is not set: name a folder with a Stable Diffusion "
                       "model in Hugging Face's diffusers layout (model_index.json, unet/, "
                       "vae/, text_encoder/, tokenizer/, scheduler/)");
    engine = engine_open(&model, err);
    if (!engine)
        return err_wrap(err, "GENERATOR_MODEL");
    drawer.info = *engine_info(engine);
    drawer.ctx = engine;
    return generator_run(conf, &drawer, err);
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct generator_conf conf;

    if (argc > 1 && strcmp(argv[1], "--settings-markdown") == 0) {
        conf_print_markdown(GENERATOR_SERVICE, generator_fields, generator_field_count);
        return EXIT_SUCCESS;
    }
    if (argc > 1)
        return print_help(strcmp(argv[1], "--help") == 0 ? EXIT_SUCCESS : 2);
    log_init(GENERATOR_SERVICE);
    if (generator_conf_load(&conf, &err) < 0)
        return log_fatal(&err, "reading the settings");
    if (stop_on_signals(&err) < 0)
        return log_fatal(&err, "handling signals");
    if (run(&conf, &err) < 0)
        return log_fatal(&err, "starting");
    log_info("stopped");
    return EXIT_SUCCESS;
}
