/* scheduler_pndm.c - pseudo numerical methods, the linear multistep part: formulas 9 and 12 of
 * Liu et al. 2022, https://arxiv.org/abs/2202.09778.
 *
 * Four predictions are needed for a step of full order. The first steps make do with fewer, but
 * the very first is done twice: once to get a second prediction, and again from the same
 * latents with the mean of both. So there is a call more than steps. */
#include "services/generator-gpu/scheduler_internal.h"

#include <math.h>
#include <string.h>

/* Predictions go round in four slots; the fifth keeps the latents of the first call. */
enum { KEPT = 4, FIRST_LATENTS = KEPT };

/* The prediction that was kept age predictions ago, after this one was kept as number last. */
static const float *kept(const struct scheduler *scheduler, size_t last, size_t age)
{
    return scheduler_slot(scheduler, (last - age) % KEPT);
}

/* Element k of the predictions' combination for call i. last is the number of the newest. */
static float combine(const struct scheduler *scheduler, const struct scheduler_step *step,
                     size_t last, size_t k)
{
    const float *e0 = kept(scheduler, last, 0);

    if (step->i == 0)
        return step->predicted[k];
    if (step->i == 1)
        return (step->predicted[k] + e0[k]) / 2;
    if (last == 1)
        return (3 * e0[k] - kept(scheduler, last, 1)[k]) / 2;
    if (last == 2)
        return (23 * e0[k] - 16 * kept(scheduler, last, 1)[k] +
                5 * kept(scheduler, last, 2)[k]) /
               12;
    return (float)(1.0 / 24) *
           (55 * e0[k] - 59 * kept(scheduler, last, 1)[k] + 37 * kept(scheduler, last, 2)[k] -
            9 * kept(scheduler, last, 3)[k]);
}

static void step_pndm(struct scheduler *scheduler, const struct scheduler_step *step)
{
    int time = (int)scheduler->times[step->i], next = time - scheduler->stride;
    size_t last = step->i > 0 ? step->i - 1 : 0, bytes = step->count * sizeof(float);
    float *first = scheduler_slot(scheduler, FIRST_LATENTS);
    float alpha, alpha_next, a, b, keep, move;

    if (step->i == 1) {
        next = time;
        time += scheduler->stride;
        memcpy(step->latents, first, bytes);
    } else {
        memcpy(scheduler_slot(scheduler, last % KEPT), step->predicted, bytes);
    }
    if (step->i == 0)
        memcpy(first, step->latents, bytes);
    alpha = scheduler->alphas[time];
    alpha_next = next >= 0 ? scheduler->alphas[next] : scheduler->final_alpha;
    a = sqrtf(alpha);
    b = sqrtf(1 - alpha);
    keep = sqrtf(alpha_next / alpha);
    move = alpha * sqrtf(1 - alpha_next) + sqrtf(alpha * (1 - alpha) * alpha_next);
    for (size_t k = 0; k < step->count; k++) {
        float x = step->latents[k], noise = combine(scheduler, step, last, k);

        if (scheduler->prediction == PREDICT_V)
            noise = a * noise + b * x;
        if (step->denoised)
            step->denoised[k] = (x - b * noise) / a;
        step->latents[k] = keep * x - (alpha_next - alpha) * noise / move;
    }
}

const struct solver solver_pndm = {.history = KEPT + 1, .step = step_pndm};
