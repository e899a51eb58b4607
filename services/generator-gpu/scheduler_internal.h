/* scheduler_internal.h - what the solvers share. */
#ifndef SERVICES_GENERATOR_GPU_SCHEDULER_INTERNAL_H
#define SERVICES_GENERATOR_GPU_SCHEDULER_INTERNAL_H

#include "services/generator-gpu/scheduler.h"

struct solver {
    size_t history; /* how often count floats it keeps */
    bool noise;
    bool scales_input; /* by 1 / sqrt(sigma^2 + 1) */
    void (*step)(struct scheduler *scheduler, const struct scheduler_step *step);
};

extern const struct solver solver_ddim, solver_pndm, solver_euler, solver_euler_a, solver_dpmpp;

struct scheduler {
    const struct solver *solver;
    enum prediction prediction;
    size_t steps, calls;
    int stride; /* training steps between two steps */
    int train_steps;
    float initial_sigma;
    float *times;      /* calls; whole numbers for ddim and pndm */
    float *alphas;     /* train_steps: cumulative products of 1 - beta */
    float final_alpha; /* behind the last step */
    bool clip;
    float clip_range;
    float *sigmas; /* euler, dpmpp: calls and the final one */
    bool lower_order_final;
    float *history; /* solver->history times count */
    size_t count;
};

/* The part of history that the solver calls slot. */
static inline float *scheduler_slot(const struct scheduler *scheduler, size_t slot)
{
    return scheduler->history + slot * scheduler->count;
}

/* How solvers differ in where they put their steps. */
struct times {
    enum timestep_spacing spacing; /* not SPACING_DEFAULT */
    uint32_t train_steps, steps, offset;
    uint32_t last;  /* one past the largest; train_steps where nothing is clipped */
    bool open;      /* of steps + 1 points the last, time 0, is left out */
    bool fractions; /* linspace is not rounded */
};

/* Fills out[steps], from the largest, and returns how many there are: fewer than steps where
 * trailing spacing meets a last below train_steps. */
size_t times_fill(const struct times *times, double *out);

/* Cumulative products of 1 - beta, malloc()ed. floor is what the last is at least where the
 * table is rescaled to end in zero. */
float *alphas_new(const struct scheduler_conf *conf, bool rescale, float floor,
                  struct err *err);

/* sqrt((1 - alpha) / alpha) of each, malloc()ed. */
float *sigmas_new(const float *alphas, size_t count, struct err *err);

/* The sigma at a time between two of the table. */
double sigmas_at(const float *sigmas, size_t count, double time);

/* The time that has this sigma. */
double sigmas_time(const float *sigmas, size_t count, double sigma);

/* count of them from max down to min, evenly spaced in the 7th root. */
void sigmas_karras(double min, double max, size_t count, double *out);

#endif
