/* scheduler_euler.c - Euler's method on the ordinary differential equation of Karras et al.
 * 2022, https://arxiv.org/abs/2206.00364, and its ancestral form, which goes below where it
 * wants to be and comes back by fresh noise. */
#include "services/generator-gpu/scheduler_internal.h"

#include <math.h>

static float denoise(const struct scheduler *scheduler, float sigma, float x, float p)
{
    switch (scheduler->prediction) {
    case PREDICT_V:
        return p * (-sigma / sqrtf(sigma * sigma + 1)) + x / (sigma * sigma + 1);
    case PREDICT_SAMPLE:
        return p;
    default:
        return x - sigma * p;
    }
}

/* From sigma to sigma_down, and then noise times sigma_up. */
static void step_to(const struct scheduler *scheduler, const struct scheduler_step *step,
                    float sigma_down, float sigma_up)
{
    float sigma = scheduler->sigmas[step->i];

    for (size_t k = 0; k < step->count; k++) {
        float x = step->latents[k], x0 = denoise(scheduler, sigma, x, step->predicted[k]);

        if (step->denoised)
            step->denoised[k] = x0;
        x += (x - x0) / sigma * (sigma_down - sigma);
        step->latents[k] = scheduler->solver->noise ? x + step->noise[k] * sigma_up : x;
    }
}

static void step_euler(struct scheduler *scheduler, const struct scheduler_step *step)
{
    step_to(scheduler, step, scheduler->sigmas[step->i + 1], 0);
}

static void step_euler_a(struct scheduler *scheduler, const struct scheduler_step *step)
{
    float from = scheduler->sigmas[step->i], to = scheduler->sigmas[step->i + 1];
    float from2 = from * from, to2 = to * to;
    float up = sqrtf(to2 * (from2 - to2) / from2);

    step_to(scheduler, step, sqrtf(fmaxf(to2 - up * up, 0)), up); /* rounded, not below 0 */
}

const struct solver solver_euler = {.scales_input = true, .step = step_euler};
const struct solver solver_euler_a = {
    .scales_input = true, .noise = true, .step = step_euler_a};
