/* scheduler_dpmpp.c - DPM-Solver++ of second order, multistep with the midpoint rule: algorithm
 * 2 of Lu et al. 2022, https://arxiv.org/abs/2211.01095. lambda is half the logarithm of the
 * signal-to-noise ratio. */
#include "services/generator-gpu/scheduler_internal.h"

#include <math.h>
#include <string.h>

struct level {
    float alpha, sigma, lambda;
};

static struct level level_at(const struct scheduler *scheduler, size_t i)
{
    float sigma = scheduler->sigmas[i], alpha = 1 / sqrtf(sigma * sigma + 1);

    sigma *= alpha;
    return (struct level){alpha, sigma, logf(alpha) - logf(sigma)};
}

static float denoise(const struct scheduler *scheduler, const struct level *level, float x,
                     float p)
{
    switch (scheduler->prediction) {
    case PREDICT_V:
        return level->alpha * x - level->sigma * p;
    case PREDICT_SAMPLE:
        return p;
    default:
        return (x - level->sigma * p) / level->alpha;
    }
}

/* What the difference to the picture before counts: 0 where the step is of first order. */
static float slope_weight(const struct scheduler *scheduler, size_t i, float h)
{
    float h_before;

    if (i == 0 || (i == scheduler->calls - 1 && scheduler->lower_order_final))
        return 0;
    h_before = level_at(scheduler, i).lambda - level_at(scheduler, i - 1).lambda;
    return h_before > 0 ? 1 / (h_before / h) : 0; /* two steps at one time: no slope */
}

static void step_dpmpp(struct scheduler *scheduler, const struct scheduler_step *step)
{
    struct level from = level_at(scheduler, step->i), to = level_at(scheduler, step->i + 1);
    float h = to.lambda - from.lambda, keep = to.sigma / from.sigma;
    float move = to.alpha * (expf(-h) - 1), weight = slope_weight(scheduler, step->i, h);
    float *before = scheduler_slot(scheduler, 0);

    for (size_t k = 0; k < step->count; k++) {
        float x = step->latents[k], x0 = denoise(scheduler, &from, x, step->predicted[k]);

        x = keep * x - move * x0;
        if (weight != 0)
            x -= 0.5F * move * (weight * (x0 - before[k]));
        before[k] = x0;
        if (step->denoised)
            step->denoised[k] = x0;
        step->latents[k] = x;
    }
}

const struct solver solver_dpmpp = {.history = 1, .step = step_dpmpp};
