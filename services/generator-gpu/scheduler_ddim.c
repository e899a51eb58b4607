/* scheduler_ddim.c - denoising diffusion implicit models without noise (eta 0): formula 12 of
 * Song et al. 2020, https://arxiv.org/abs/2010.02502. */
#include "services/generator-gpu/scheduler_internal.h"

#include <math.h>

static void step_ddim(struct scheduler *scheduler, const struct scheduler_step *step)
{
    int time = (int)scheduler->times[step->i], next = time - scheduler->stride;
    float alpha = scheduler->alphas[time];
    float alpha_next = next >= 0 ? scheduler->alphas[next] : scheduler->final_alpha;
    float a = sqrtf(alpha), b = sqrtf(1 - alpha);
    float a_next = sqrtf(alpha_next), b_next = sqrtf(1 - alpha_next);

    for (size_t k = 0; k < step->count; k++) {
        float x = step->latents[k], p = step->predicted[k], x0, noise;

        switch (scheduler->prediction) {
        case PREDICT_V:
            x0 = a * x - b * p;
            noise = a * p + b * x;
            break;
        case PREDICT_SAMPLE:
            x0 = p;
            noise = (x - a * p) / b;
            break;
        default:
            x0 = (x - b * p) / a;
            noise = p;
        }
        if (scheduler->clip)
            x0 = fminf(fmaxf(x0, -scheduler->clip_range), scheduler->clip_range);
        if (step->denoised)
            step->denoised[k] = x0;
        step->latents[k] = a_next * x0 + b_next * noise;
    }
}

const struct solver solver_ddim = {.step = step_ddim};
