/* scheduler.c - see scheduler.h: sets up tables for one number of steps, and calls the solver.
 */
#include "services/generator-gpu/scheduler_internal.h"

#include <math.h>
#include <stdlib.h>

/* What is used in the place of a table's last alpha of zero, so that its sigma is finite. */
static const float LEAST_ALPHA = 0x1p-24F;

enum { FEW_STEPS = 15 }; /* so few that the second order's last step does harm */

static const struct solver *find_solver(enum generation_scheduler kind)
{
    static const struct solver *const SOLVERS[] = {
        [GENERATION_DDIM] = &solver_ddim,      [GENERATION_PNDM] = &solver_pndm,
        [GENERATION_EULER] = &solver_euler,    [GENERATION_EULER_A] = &solver_euler_a,
        [GENERATION_DPMPP_2M] = &solver_dpmpp, [GENERATION_DPMPP_2M_KARRAS] = &solver_dpmpp,
    };

    return SOLVERS[kind];
}

static bool works_on_sigmas(const struct solver *solver)
{
    return solver != &solver_ddim && solver != &solver_pndm;
}

/* -- what a conf means for one kind ---------------------------------------------------------*/

/* own: kind is the one that the model came with. */
static struct times times_of(const struct scheduler_conf *conf, const struct solver *solver,
                             uint32_t steps, bool own)
{
    struct times times = {
        .spacing = conf->spacing,
        .train_steps = conf->train_steps,
        .steps = steps,
        .offset = own || !conf->steps_offset_unset ? conf->steps_offset : 0,
        .last = conf->train_steps,
        .open = solver == &solver_dpmpp,
        .fractions = solver == &solver_euler || solver == &solver_euler_a,
    };

    if (times.spacing == SPACING_DEFAULT)
        times.spacing = works_on_sigmas(solver) ? SPACING_LINSPACE : SPACING_LEADING;
    return times;
}

static int check(const struct scheduler_conf *conf, const struct solver *solver, uint32_t steps,
                 bool own, struct err *err)
{
    if (steps < 1 || steps > conf->train_steps)
        return err_set(
            err, ERR_INVALID,
            "%u steps are not possible: the model was trained with %u, so 1 to %u are", steps,
            conf->train_steps, conf->train_steps);
    if (solver == &solver_pndm && own && conf->skip_prk_steps != SETTING_YES)
        return err_set(
            err, ERR_INVALID,
            "the model's PNDM begins with Runge-Kutta steps, which are not supported: set "
            "skip_prk_steps to true in its scheduler_config.json");
    if (conf->prediction == PREDICT_SAMPLE &&
        (solver == &solver_pndm || solver == &solver_euler_a))
        return err_set(err, ERR_INVALID,
                       "%s is not defined for a model that predicts the sample itself: take "
                       "ddim, euler or dpmpp-2m",
                       solver == &solver_pndm ? "pndm" : "euler-a");
    return 0;
}

/* -- tables ---------------------------------------------------------------------------------*/

/* How many of the last times have a lambda below the least that is wanted. */
static uint32_t clipped_times(const struct scheduler_conf *conf, const float *alphas)
{
    uint32_t clipped = 0;

    while (clipped < conf->train_steps - 1) {
        float alpha = alphas[conf->train_steps - 1 - clipped];

        if (!(logf(sqrtf(alpha)) - logf(sqrtf(1 - alpha)) < (float)conf->lambda_min_clipped))
            break;
        clipped++;
    }
    return clipped;
}

static int place_steps(struct scheduler *scheduler, const struct times *times, double *points,
                       struct err *err)
{
    scheduler->calls = scheduler->steps = times_fill(times, points);
    if (!works_on_sigmas(scheduler->solver) && points[0] > (double)times->train_steps - 1)
        return err_set(err, ERR_INVALID,
                       "%u steps are not possible with steps_offset %u: the first would lie at "
                       "%.0f of %u",
                       times->steps, times->offset, points[0], times->train_steps);
    if (scheduler->solver == &solver_ddim && scheduler->prediction == PREDICT_EPSILON &&
        scheduler->alphas[(int)points[0]] == 0)
        return err_set(
            err, ERR_INVALID,
            "ddim cannot begin where rescale_betas_zero_snr leaves nothing but noise with "
            "a model that predicts noise: take euler or dpmpp-2m");
    if (scheduler->solver == &solver_pndm && scheduler->steps > 1) {
        for (size_t i = scheduler->steps; i > 1; i--) /* the second twice */
            points[i] = points[i - 1];
        scheduler->calls++;
    }
    for (size_t i = 0; i < scheduler->calls; i++)
        scheduler->times[i] = (float)points[i];
    return 0;
}

static void place_karras(struct scheduler *scheduler, const struct scheduler_conf *conf,
                         const float *table, double *points)
{
    size_t count = conf->train_steps, last = scheduler->calls - 1;
    bool whole = scheduler->solver == &solver_dpmpp;
    double max = whole ? table[count - 1] : sigmas_at(table, count, points[0]);
    double min = whole ? table[0] : sigmas_at(table, count, points[last]);

    sigmas_karras(min, max, scheduler->calls, points);
    for (size_t i = 0; i <= last; i++) {
        double time = sigmas_time(table, count, points[i]);

        if (whole)
            time = conf->betas == BETA_SQUARED_COS ? trunc(time) : rint(time);
        scheduler->times[i] = (float)time;
        scheduler->sigmas[i] = (float)points[i];
    }
}

static void place_sigmas(struct scheduler *scheduler, const struct scheduler_conf *conf,
                         bool karras, const float *table, double *points)
{
    size_t count = conf->train_steps;

    if (karras)
        place_karras(scheduler, conf, table, points);
    for (size_t i = 0; i < scheduler->calls && !karras; i++)
        scheduler->sigmas[i] = (float)sigmas_at(table, count, scheduler->times[i]);
    scheduler->sigmas[scheduler->calls] =
        conf->final_sigma_min && scheduler->solver != &solver_euler_a ? table[0] : 0;
}

static float initial_sigma(const struct scheduler *scheduler, enum timestep_spacing spacing)
{
    float max = 0;

    if (!scheduler->solver->scales_input)
        return 1;
    for (size_t i = 0; i <= scheduler->calls; i++)
        max = fmaxf(max, scheduler->sigmas[i]);
    return spacing == SPACING_LEADING ? sqrtf(max * max + 1) : max;
}

static int make_tables(struct scheduler *scheduler, const struct scheduler_conf *conf,
                       struct times *times, bool karras, struct err *err)
{
    bool sigmas = works_on_sigmas(scheduler->solver);
    double *points = calloc((size_t)times->steps + 1, sizeof *points);
    float *table = NULL;

    scheduler->alphas =
        alphas_new(conf, conf->rescale_zero_snr && scheduler->solver != &solver_pndm,
                   sigmas ? LEAST_ALPHA : 0, err);
    scheduler->times = calloc((size_t)times->steps + 1, sizeof *scheduler->times);
    scheduler->sigmas = calloc((size_t)times->steps + 1, sizeof *scheduler->sigmas);
    if (!points || !scheduler->times || !scheduler->sigmas)
        err_set_nomem(err, "the noise schedule");
    if (!err->code && scheduler->solver == &solver_dpmpp)
        times->last -= clipped_times(conf, scheduler->alphas);
    if (!err->code)
        place_steps(scheduler, times, points, err);
    if (!err->code && sigmas)
        table = sigmas_new(scheduler->alphas, conf->train_steps, err);
    if (table)
        place_sigmas(scheduler, conf, karras, table, points);
    free(table);
    free(points);
    return err->code;
}

static void configure(struct scheduler *scheduler, const struct scheduler_conf *conf,
                      enum timestep_spacing spacing, bool own)
{
    bool ddim = scheduler->solver == &solver_ddim;
    bool to_one = conf->set_alpha_to_one == SETTING_YES ||
                  (conf->set_alpha_to_one == SETTING_UNSET && ddim);

    scheduler->final_alpha = to_one ? 1 : scheduler->alphas[0];
    scheduler->clip =
        conf->clip_sample == SETTING_YES || (conf->clip_sample == SETTING_UNSET && !own);
    scheduler->clip_range = (float)conf->clip_range;
    scheduler->lower_order_final =
        conf->euler_at_final || !conf->final_sigma_min ||
        (!conf->no_lower_order_final && scheduler->steps < FEW_STEPS);
    scheduler->initial_sigma = initial_sigma(scheduler, spacing);
}

struct scheduler *scheduler_new(const struct scheduler_conf *conf,
                                enum generation_scheduler kind, uint32_t steps, struct err *err)
{
    bool own = kind == GENERATION_AUTO || kind == conf->kind;
    enum generation_scheduler used = kind == GENERATION_AUTO ? conf->kind : kind;
    const struct solver *solver = find_solver(used);
    struct times times = times_of(conf, solver, steps, own);
    struct scheduler *scheduler;
    bool karras =
        used == GENERATION_DPMPP_2M_KARRAS || (used == GENERATION_EULER && conf->karras);

    if (check(conf, solver, steps, own, err) < 0)
        return NULL;
    scheduler = calloc(1, sizeof *scheduler);
    if (!scheduler) {
        err_set_nomem(err, "a scheduler");
        return NULL;
    }
    scheduler->solver = solver;
    scheduler->prediction = conf->prediction;
    scheduler->train_steps = (int)conf->train_steps;
    scheduler->stride = (int)(conf->train_steps / steps);
    if (make_tables(scheduler, conf, &times, karras, err) < 0) {
        scheduler_free(scheduler);
        return NULL;
    }
    configure(scheduler, conf, times.spacing, own);
    return scheduler;
}

void scheduler_free(struct scheduler *scheduler)
{
    if (!scheduler)
        return;
    free(scheduler->times);
    free(scheduler->alphas);
    free(scheduler->sigmas);
    free(scheduler->history);
    free(scheduler);
}

/* -- steps ----------------------------------------------------------------------------------*/

size_t scheduler_calls(const struct scheduler *scheduler)
{
    return scheduler->calls;
}

float scheduler_timestep(const struct scheduler *scheduler, size_t i)
{
    return scheduler->times[i];
}

float scheduler_initial_sigma(const struct scheduler *scheduler)
{
    return scheduler->initial_sigma;
}

bool scheduler_takes_noise(const struct scheduler *scheduler)
{
    return scheduler->solver->noise;
}

void scheduler_scale_input(const struct scheduler *scheduler, size_t i, const float *latents,
                           float *out, size_t count)
{
    float sigma = scheduler->sigmas[i], scale = sqrtf(sigma * sigma + 1);

    if (!scheduler->solver->scales_input)
        scale = 1;
    for (size_t k = 0; k < count; k++)
        out[k] = latents[k] / scale;
}

static int make_history(struct scheduler *scheduler, size_t count, struct err *err)
{
    size_t slots = scheduler->solver->history;
    float *history;

    if (count == scheduler->count || slots == 0) {
        scheduler->count = count;
        return 0;
    }
    history = reallocarray(scheduler->history, count, slots * sizeof *history);
    if (!history)
        return err_set_nomem(err, "the scheduler's history");
    scheduler->history = history;
    scheduler->count = count;
    return 0;
}

int scheduler_step(struct scheduler *scheduler, const struct scheduler_step *step,
                   struct err *err)
{
    if (step->i >= scheduler->calls)
        return err_set(err, ERR_INVALID, "step %zu of %zu does not exist", step->i,
                       scheduler->calls);
    if (step->i == 0 && make_history(scheduler, step->count, err) < 0)
        return err->code;
    if (step->count != scheduler->count)
        return err_set(err, ERR_INVALID, "step %zu has %zu latents, and the first had %zu",
                       step->i, step->count, scheduler->count);
    scheduler->solver->step(scheduler, step);
    return 0;
}
