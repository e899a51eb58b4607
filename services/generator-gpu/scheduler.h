/* scheduler.h - how noise becomes a picture, step by step: the numerical solvers.
 *
 * All arithmetic is on the host in f32 (tables in f64 where diffusers has them), on latents of
 * any layout: a step works on each element by itself. Held to diffusers step by step.
 *
 *   ddim            Song et al. 2020, https://arxiv.org/abs/2010.02502, eta 0
 *   pndm            Liu et al. 2022, https://arxiv.org/abs/2202.09778, linear multistep only
 *   euler, euler-a  Karras et al. 2022, https://arxiv.org/abs/2206.00364; a: ancestral
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

/* A member that the file need not name: diffusers' classes differ in what it is then. */
enum scheduler_setting { SETTING_UNSET, SETTING_YES, SETTING_NO };

/* scheduler/scheduler_config.json. */
struct scheduler_conf {
    enum generation_scheduler kind; /* from _class_name: what the model's authors chose */
    enum prediction prediction;
    enum beta_schedule betas;
    double beta_start, beta_end;
    uint32_t train_steps;  /* num_train_timesteps */
    uint32_t steps_offset; /* 1 after reading, as Stable Diffusion's pipeline sets it */
    bool steps_offset_unset;
    enum timestep_spacing spacing;
    enum scheduler_setting set_alpha_to_one, clip_sample, skip_prk_steps;
    double clip_range;
    bool rescale_zero_snr;
    bool karras;          /* euler; dpmpp-2m has a kind of its own for it */
    bool final_sigma_min; /* final_sigmas_type: the least sigma, not zero */
    bool euler_at_final, no_lower_order_final; /* dpmpp-2m */
    double lambda_min_clipped;                 /* dpmpp-2m; -INFINITY: not clipped */
};

/* Reads the JSON text. ERR_INVALID names the member that is wrong or of a value that is not
 * supported, or a scheduler that there is not and those that there are. Members that none of
 * the schedulers looks at are ignored. */
int scheduler_conf_read(struct scheduler_conf *ret_conf, const char *json, size_t size,
                        struct err *err);

struct scheduler;

/* kind takes the place of conf->kind, as diffusers' from_config does: what conf says stays, and
 * what it does not is as in the class of that kind; but pndm means skip_prk_steps true, and the
 * two dpmpp-2m mean use_karras_sigmas false and true. GENERATION_AUTO: conf->kind. ERR_INVALID
 * for more steps than train_steps, and for what diffusers has not either (euler-a with
 * PREDICT_SAMPLE). */
struct scheduler *scheduler_new(const struct scheduler_conf *conf,
                                enum generation_scheduler kind, uint32_t steps,
                                struct err *err);
void scheduler_free(struct scheduler *scheduler);
DEFINE_OWNED(scheduler)

/* How often the UNet is called: steps, for pndm one more (not for a single step). */
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

/* One call's answer. */
struct scheduler_step {
    size_t i;               /* the call; in order, from 0 */
    const float *predicted; /* the UNet's answer after guidance */
    const float *noise;     /* where scheduler_takes_noise: unit normal */
    float *latents;         /* before, and after */
    float *denoised;        /* may be NULL; the picture as it would be by this prediction, for a
                               preview */
    size_t count;           /* of floats in each; the same for all calls */
};

/* Goes from call i to i + 1. Memory for what the solver remembers is taken at call 0; starting
 * again at 0 is possible. */
int scheduler_step(struct scheduler *scheduler, const struct scheduler_step *step,
                   struct err *err);

#endif
