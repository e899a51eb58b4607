/* scheduler_fuzz.c - what is read of a scheduler_config.json can be run, or is refused with a
 * reason. */
#include "services/generator-gpu/scheduler.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COUNT = 3 };

static void run(const struct scheduler_conf *conf, enum generation_scheduler kind,
                uint32_t steps)
{
    struct err err = {0};
    OWNED(scheduler) scheduler = scheduler_new(conf, kind, steps, &err);
    float latents[COUNT] = {0.5F, -1, 2}, shown[COUNT], denoised[COUNT];

    if (!scheduler) {
        if (err.code >= 0 || !*err.text)
            abort();
        return;
    }
    for (size_t i = 0; i < scheduler_calls(scheduler); i++) {
        const struct scheduler_step step = {i, shown, shown, latents, denoised, COUNT};

        scheduler_scale_input(scheduler, i, latents, shown, COUNT);
        if (!(scheduler_timestep(scheduler, i) >= 0) ||
            scheduler_step(scheduler, &step, &err) < 0)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct err err = {0};
    struct scheduler_conf conf;

    if (scheduler_conf_read(&conf, (const char *)data, size, &err) < 0) {
        if (!*err.text)
            abort();
        return 0;
    }
    for (int kind = GENERATION_AUTO; kind <= GENERATION_DPMPP_2M_KARRAS; kind++) {
        run(&conf, (enum generation_scheduler)kind, 1);
        run(&conf, (enum generation_scheduler)kind, 7);
    }
    return 0;
}
