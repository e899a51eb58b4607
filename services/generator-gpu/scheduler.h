/* scheduler.h - how noise becomes a picture, step by step: the numerical solvers.
 *
 * All arithmetic is on the host in f32 (tables in f64 where diffusers has them), on latents of
 * any layout: a step works on each element by itself. Held to diffusers step by step.
 *
 *   ddim            Song et al. 2020, https://arxiv.org/abs/2010.02502, eta 0
 *   pndm            Liu et al. 2022, https://arxiv.org/abs/2202.09778, without Runge-Kutta
 * steps euler, euler-a  Karras et al. 2022, https://arxiv.org/abs/2206.00364; a: ancestral
 *   dpmpp-2m        Lu et al. 2022, https://arxiv.org/abs/2211.01095, second order multistep,
 *                   midpoint; -karras: sigmas spaced as in Karras et al. */
#ifndef SERVICES_GENERATOR_GPU_SCHEDULER_H
#define SERVICES_GENERATOR_GPU_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "proto/generation_request.h"

enum prediction { PREDICT_EPSILON, PREDICT_V, PREDICT_SAMPLE };
enum beta_schedule { BETA_LINEAR, BETA_SCALED_LINEAR, BETA_SQUARED_COS };
enum timestep_spacing { SPACING_DEFAULT, SPACING_LEADING, SPACING_LINSPACE, SPACING_TRAILING };

/* scheduler/scheduler_config.json. */
struct scheduler_conf {
    enum generation_scheduler kind; /* from _class_name: what the model's authors chose */
    enum prediction prediction;
    enum beta_schedule betas;
    double beta_start, beta_end;
    uint32_t train_steps; /* num_train_timesteps */
    uint32_t steps_offset;
    enum timestep_spacing spacing;
    bool set_alpha_to_one, clip_sample, rescale_zero_snr, karras;
    double clip_range;
};

/* Reads the JSON text. ERR_INVALID names the member that is wrong, or a scheduler that there is
 * not and those that there are. */
int scheduler_conf_read(struct scheduler_conf *ret_conf, const char *json, size_t size,
                        struct err *err);

struct scheduler;

/* kind takes the place of conf->kind, as diffusers' from_config does: what conf says stays. */
struct scheduler *scheduler_new(const struct scheduler_conf *conf,
                                enum generation_scheduler kind, uint32_t steps,
                                struct err *err);
void scheduler_free(struct scheduler *scheduler);
DEFINE_OWNED(scheduler)

/* How often the UNet is called: steps, for pndm one more. */
size_t scheduler_calls(const struct scheduler *scheduler);

/* The time that call i is made for. */
float scheduler_timestep(const struct scheduler *scheduler, size_t i);

/* What unit noise is multiplied by to start with (init_noise_sigma). */
float scheduler_initial_sigma(const struct scheduler *scheduler);

/* out = what the UNet is shown at call i (scale_model_input). May be in place. */
void scheduler_scale_input(const struct scheduler *scheduler, size_t i, const float *latents,
                           float *out, size_t count);

/* True where step takes noise (euler-a): unit normal, count of them. */
bool scheduler_takes_noise(const struct scheduler *scheduler);

/* Goes from call i to i + 1, in the order of i. predicted is the UNet's answer after guidance.
 * ret_denoised (may be NULL): the picture as it would be by this prediction, for a preview. The
 * scheduler keeps count floats of history and allocates them at i = 0. */
int scheduler_step(struct scheduler *scheduler, size_t i, const float *predicted,
                   const float *noise, float *latents, float *ret_denoised, size_t count,
                   struct err *err);

#endif
