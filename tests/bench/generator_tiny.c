/* generator_tiny.c - generator_tiny MODEL: what the engine itself costs around its operations,
 * and whether it grows.
 *
 * The model is a tiny one (tests/golden/diffusion), where the engine's own share is largest.
 * The backend's operations are timed from here: this program has its own backend_open, which
 * puts a clock around each operation of the real one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "services/generator-gpu/backend.h"
#include "services/generator-gpu/engine.h"
#include "tests/support/process.h"

enum { STEPS = 60, PICTURES = 50, WARM = 5, THREADS = 2, SIDE = 256 };

/* The operations behind the clock, and what it shows; a backend's functions are given nothing
 * to keep it in. */
static const struct backend_ops *real;
static struct backend_ops timed;
static int64_t inside_ns;

#define TIMED(call_)                      \
    int64_t start = clock_mono_ns();      \
    int status = (call_);                 \
                                          \
    inside_ns += clock_mono_ns() - start; \
    return status

#define TIMED_OP(op_, args_)                                                             \
    static int timed_##op_(struct backend *backend, const struct args_ *args, bool plan, \
                           struct err *err)                                              \
    {                                                                                    \
        TIMED(real->op_(backend, args, plan, err));                                      \
    }

TIMED_OP(conv, conv_args)
TIMED_OP(linear, linear_args)
TIMED_OP(group_norm, norm_args)
TIMED_OP(layer_norm, norm_args)
TIMED_OP(attention, attention_args)
TIMED_OP(embed, embed_args)

static int timed_upsample(struct backend *backend, struct tensor dst, struct tensor src,
                          bool plan, struct err *err)
{
    TIMED(real->upsample(backend, dst, src, plan, err));
}

static int timed_concat(struct backend *backend, struct tensor dst, struct tensor a,
                        struct tensor b, bool plan, struct err *err)
{
    TIMED(real->concat(backend, dst, a, b, plan, err));
}

static int timed_write(struct backend *backend, struct tensor dst, const float *host,
                       struct err *err)
{
    TIMED(real->write(backend, dst, host, err));
}

static int timed_read(struct backend *backend, float *host, struct tensor src, struct err *err)
{
    TIMED(real->read(backend, host, src, err));
}

struct backend *backend_open(const struct backend_conf *conf, struct err *err)
{
    struct backend *backend = backend_cpu_new(conf, err);

    if (!backend)
        return NULL;
    real = backend->ops;
    timed = *real;
    timed.conv = timed_conv;
    timed.linear = timed_linear;
    timed.group_norm = timed_group_norm;
    timed.layer_norm = timed_layer_norm;
    timed.attention = timed_attention;
    timed.embed = timed_embed;
    timed.upsample = timed_upsample;
    timed.concat = timed_concat;
    timed.write = timed_write;
    timed.read = timed_read;
    backend->ops = &timed;
    return backend;
}

/* From the end of the first step, where all is ready, to that of the last. */
struct span {
    int64_t first_ns, last_ns, first_inside_ns, last_inside_ns;
};

static bool on_step(void *ctx, const struct draw_progress *progress)
{
    struct span *span = ctx;

    (void)progress;
    span->last_ns = clock_mono_ns();
    span->last_inside_ns = inside_ns;
    if (!span->first_ns) {
        span->first_ns = span->last_ns;
        span->first_inside_ns = inside_ns;
    }
    return true;
}

static void draw(struct engine *engine, uint32_t side, uint32_t steps, struct span *span)
{
    struct err err = {0};
    OWNED_VALUE(image) image = {0};
    const struct draw one = {.prompt = "a happy garden in spring",
                             .negative = "blurry",
                             .width = side,
                             .height = side,
                             .steps = steps,
                             .guidance = 7.5,
                             .seed = 1,
                             .scheduler = GENERATION_DPMPP_2M,
                             .images = 1};

    if (engine_draw(engine, &one, span ? on_step : NULL, span, &image, NULL, &err) == 1)
        return;
    (void)fprintf(stderr, "generator_tiny: %s\n", err.text);
    exit(EXIT_FAILURE);
}

static void figure(const char *name, double value, const char *unit, double most)
{
    printf("generator-%s\t%.2f\t%s\t<= %g\t%s\n", name, value, unit, most,
           value <= most ? "ok" : "short");
}

static void measure_overhead(struct engine *engine)
{
    struct span span = {0};

    draw(engine, SIDE, STEPS, &span);
    figure("tiny-step", (double)(span.last_ns - span.first_ns) / 1e6 / (STEPS - 1), "ms", 1e9);
    figure("engine-share",
           100 - 100.0 * (double)(span.last_inside_ns - span.first_inside_ns) /
                     (double)(span.last_ns - span.first_ns),
           "%", 1);
}

static void measure_growth(struct engine *engine)
{
    long before;

    for (int i = 0; i < WARM; i++)
        draw(engine, 64, 4, NULL);
    before = process_resident_kib(getpid(), false);
    for (int i = 0; i < PICTURES; i++)
        draw(engine, 64, 4, NULL);
    figure("growth-50-pictures", (double)(process_resident_kib(getpid(), false) - before),
           "KiB", 64);
}

int main(int argc, char **argv)
{
    struct err err = {0};
    OWNED(engine)
    engine = engine_open(
        &(struct engine_conf){.model = argc == 2 ? argv[1]
                                                 : "tests/golden/diffusion/sd21-base/model",
                              .backend = "cpu",
                              .precision = "f32",
                              .threads = THREADS},
        &err);

    if (!engine) {
        (void)fprintf(stderr, "generator_tiny: %s\n", err.text);
        return EXIT_FAILURE;
    }
    measure_overhead(engine);
    measure_growth(engine);
    return EXIT_SUCCESS;
}
