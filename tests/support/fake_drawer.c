/* fake_drawer.c - see fake_drawer.h. */
#include "tests/support/fake_drawer.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "lib/base/stop.h"
#include "lib/crypto/crypto.h"
#include "services/generator-gpu/generator.h"

#define VARIABLE "FAKE_DRAWER"

static const char model_id[] =
    "fa4efa4efa4efa4efa4efa4efa4efa4efa4efa4efa4efa4efa4efa4efa4efa4e";

/* The number after a word of the prompt, or fallback. */
static long number_after(const char *prompt, const char *word, long fallback)
{
    const char *found = strstr(prompt, word);

    return found ? strtol(found + strlen(word), NULL, 10) : fallback;
}

static int paint(const struct draw *draw, uint32_t width, uint32_t height, struct image *ret,
                 struct err *err)
{
    uint8_t digest[SHA256_BYTES];
    struct image image = {width, height, malloc((size_t)3 * width * height)};
    char text[256];

    if (!image.rgb)
        return err_set_nomem(err, "a gradient");
    (void)snprintf(text, sizeof text, "%lld %u %d %g %.100s %.50s", (long long)draw->seed,
                   draw->steps, (int)draw->scheduler, draw->guidance, draw->prompt,
                   draw->negative);
    sha256(text, strlen(text), digest);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                image.rgb[3 * ((size_t)y * width + x) + c] =
                    (uint8_t)(digest[c] + (x * digest[3 + c] + y * digest[6 + c]) / 256);
    *ret = image;
    return 0;
}

static int preview(const struct draw_progress *progress, uint32_t i, struct image *ret_image,
                   struct err *err)
{
    const struct draw *draw = progress->ctx;

    (void)i;
    return paint(draw, draw->width / 8, draw->height / 8, ret_image, err);
}

/* The shape is engine_draw's. */
/* NOLINTNEXTLINE(readability-function-size) */
static int draw_gradient(void *ctx, const struct draw *draw, draw_on_step *on_step,
                         void *step_ctx, struct image *ret_images, struct draw_notes *ret_notes,
                         struct err *err)
{
    const long step_ms = number_after(draw->prompt, "step_ms=", 1);
    const long crash = number_after(draw->prompt, "crash@", -1);
    const long bad = number_after(draw->prompt, "bad@", -1);

    (void)ctx;
    for (uint32_t step = 1; step <= draw->steps; step++) {
        const struct draw_progress progress = {
            .step = step, .steps = draw->steps, .preview = preview, .ctx = (void *)draw};

        (void)poll(NULL, 0, (int)step_ms);
        if (!on_step(step_ctx, &progress))
            return 0;
        if (crash == (long)step)
            (void)kill(getpid(), SIGKILL);
        if (bad == (long)step)
            return err_set(err, ERR_INVALID, "mid.resnets.0: not finite");
    }
    if (paint(draw, draw->width, draw->height, ret_images, err) < 0)
        return err->code;
    *ret_notes = (struct draw_notes){.prompt_tokens = 7, .prompt_chunks = 1};
    if (strstr(draw->prompt, "long"))
        *ret_notes = (struct draw_notes){.prompt_tokens = 91, .prompt_chunks = 2};
    return 1;
}

static int run(void)
{
    struct drawer drawer = {.info = {.name = "fake",
                                     .backend = "cpu",
                                     .precision = "f32",
                                     .native_width = 512,
                                     .native_height = 512,
                                     .scheduler = GENERATION_DDIM,
                                     .steps = FAKE_STEPS},
                            .draw = draw_gradient};
    struct generator_conf conf;
    struct err err = {0};

    memcpy(drawer.info.model_id, model_id, sizeof drawer.info.model_id);
    log_init(GENERATOR_SERVICE);
    if (generator_conf_load(&conf, &err) < 0 || stop_on_signals(&err) < 0 ||
        generator_run(&conf, &drawer, &err) < 0)
        return log_fatal(&err, "the generator under test");
    return EXIT_SUCCESS;
}

const char *fake_drawer_setting(void)
{
    return VARIABLE "=1";
}

__attribute__((constructor)) static void be_the_generator(void)
{
    const char *wanted = getenv(VARIABLE);

    if (wanted && *wanted)
        exit(run());
}
