/* Noise and schedulers against torch and diffusers: each scheduler on made-up predictions, for
 * 1 to 50 steps, with the settings of each model. */
#include "tests/test.h"

#include <math.h>

#include "services/generator-gpu/scheduler.h"
#include "services/generator-gpu/torch_random.h"
#include "tests/support/diffusion.h"
#include "tests/support/process.h"

enum { COUNT = 16, CALLS_MAX = 64 };

static const struct closeness CLOSE = {.tolerance = 2e-5};

TEST(noise_is_that_of_torch)
{
    OWNED(safetensors) file = golden_tensors(".", "noise.safetensors");
    size_t i;

    for (i = 0; golden_has(file, "noise.%zu.out", i); i++) {
        float *seed = golden_floats(golden_find(file, "noise.%zu.seed", i));
        const struct safetensor *out = golden_find(file, "noise.%zu.out", i);
        float *want = golden_floats(out), *got = calloc(out->count, sizeof(*got));
        struct torch_random random;

        torch_random_seed(&random, (uint64_t)seed[0] << 32 | (uint64_t)seed[1] << 16 |
                                       (uint64_t)seed[2]);
        for (int64_t draw = 0; draw < out->shape[0]; draw++)
            torch_random_normal(&random, got + draw * out->shape[1], (size_t)out->shape[1]);
        check_close(out->name, got, want, out->count, (struct closeness){.tolerance = 1e-6});
        free(seed);
        free(want);
        free(got);
    }
    CHECK_INT(i, >=, 6);
}

static void read_conf(const char *model, struct scheduler_conf *ret_conf)
{
    OWNED_VALUE(buf) text = {0};
    struct err err = {0};

    file_load(golden_path(model, "model/scheduler/scheduler_config.json"), &text);
    CHECK_OK(scheduler_conf_read(ret_conf, text.data, text.size, &err), err);
}

/* One scheduler on its way, and where diffusers was. */
struct walk {
    const struct scheduler *scheduler;
    const char *name; /* "pndm.20" */
    float *timesteps, *latents, *inputs, *predicted;
    size_t calls;
};

static void check_call(const struct walk *walk, size_t i, const float *latents)
{
    float input[COUNT];
    char what[192];

    (void)snprintf(what, sizeof(what), "%s: time of call %zu", walk->name, i);
    if (fabsf(scheduler_timestep(walk->scheduler, i) - walk->timesteps[i]) > 1e-3F)
        TEST_FAIL("%s is %g, not %g", what, scheduler_timestep(walk->scheduler, i),
                  walk->timesteps[i]);
    scheduler_scale_input(walk->scheduler, i, latents, input, COUNT);
    (void)snprintf(what, sizeof(what), "%s: input of call %zu", walk->name, i);
    check_close(what, input, walk->inputs + i * COUNT, COUNT, CLOSE);
}

static void follow(const struct walk *walk, struct scheduler *scheduler, const float *start,
                   uint32_t steps)
{
    struct torch_random random;
    struct err err = {0};
    float latents[COUNT], noise[COUNT];
    char what[192];

    torch_random_seed(&random, steps);
    for (size_t k = 0; k < COUNT; k++)
        latents[k] = start[k] * scheduler_initial_sigma(scheduler);
    check_close(walk->name, latents, walk->latents, COUNT, CLOSE);
    for (size_t i = 0; i < walk->calls; i++) {
        bool takes = scheduler_takes_noise(scheduler);

        check_call(walk, i, latents);
        if (takes)
            torch_random_normal(&random, noise, COUNT);
        CHECK_OK(scheduler_step(scheduler,
                                &(struct scheduler_step){
                                    .i = i,
                                    .predicted = walk->predicted + i * COUNT,
                                    .noise = takes ? noise : NULL,
                                    .latents = latents,
                                    .count = COUNT,
                                },
                                &err),
                 err);
        (void)snprintf(what, sizeof(what), "%s: latents after call %zu", walk->name, i);
        check_close(what, latents, walk->latents + (i + 1) * COUNT, COUNT, CLOSE);
    }
}

static void check_walk(const struct safetensors *file, const struct scheduler_conf *conf,
                       enum generation_scheduler kind, uint32_t steps)
{
    struct err err = {0};
    OWNED(scheduler) scheduler = scheduler_new(conf, kind, steps, &err);
    char name[64];
    const struct safetensor *timesteps;
    struct walk walk = {.scheduler = scheduler, .name = name};
    float *start = golden_floats(golden_find(file, "start"));

    if (!scheduler)
        TEST_FAIL("%s", err.text);
    (void)snprintf(name, sizeof(name), "%s.%u", generation_scheduler_names[kind], steps);
    timesteps = golden_find(file, "%s.timesteps", name);
    walk.calls = timesteps->count;
    if (scheduler_calls(scheduler) != walk.calls)
        TEST_FAIL("%s makes %zu calls, not %zu", name, scheduler_calls(scheduler), walk.calls);
    walk.timesteps = golden_floats(timesteps);
    walk.latents = golden_floats(golden_find(file, "%s.latents", name));
    walk.inputs = golden_floats(golden_find(file, "%s.inputs", name));
    walk.predicted = golden_floats(golden_find(file, "predicted"));
    follow(&walk, scheduler, start, steps);
    free(start);
    free(walk.timesteps);
    free(walk.latents);
    free(walk.inputs);
    free(walk.predicted);
}

static void check_model(const char *model)
{
    static const uint32_t STEPS[] = {1, 2, 3, 5, 20, 50};
    OWNED(safetensors) file = golden_tensors(model, "schedulers.safetensors");
    struct scheduler_conf conf;

    read_conf(model, &conf);
    for (int kind = GENERATION_DDIM; generation_scheduler_names[kind]; kind++)
        for (size_t i = 0; i < sizeof(STEPS) / sizeof(STEPS[0]); i++)
            check_walk(file, &conf, (enum generation_scheduler)kind, STEPS[i]);
}

TEST(schedulers_of_sd15_go_where_diffusers_goes)
{
    check_model("sd15");
}

TEST(schedulers_of_v_prediction_go_where_diffusers_goes)
{
    check_model("sd21-v");
}

TEST(schedulers_with_trailing_timesteps_go_where_diffusers_goes)
{
    check_model("garden");
}
