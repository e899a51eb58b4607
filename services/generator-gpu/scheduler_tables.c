/* scheduler_tables.c - the noise schedule a model was trained with, and where a solver's steps
 * lie in it.
 *
 * Which operations are in f32 and which in f64, and what is rounded when, is as in diffusers
 * (torch and numpy): 1 - alpha of the first times has only three digits in f32, so that any
 * other way shows in the picture. */
#include "services/generator-gpu/scheduler_internal.h"

#include <math.h>
#include <stdlib.h>

/* -- times ----------------------------------------------------------------------------------*/

static size_t fill_linspace(const struct times *times, double *out)
{
    size_t points = times->steps + (times->open ? 1U : 0U);
    double stop = (double)times->last - 1, step = points > 1 ? stop / (double)(points - 1) : 0;

    for (size_t k = 0; k < times->steps; k++) {
        double time = k == 0 && points > 1 ? stop : (double)(points - 1 - k) * step;

        out[k] = times->fractions ? time : rint(time);
    }
    return times->steps;
}

static size_t fill_leading(const struct times *times, double *out)
{
    uint32_t points = times->steps + (times->open ? 1U : 0U), stride = times->last / points;

    for (uint32_t k = 0; k < times->steps; k++)
        out[k] = (double)(points - 1 - k) * stride + times->offset;
    return times->steps;
}

static size_t fill_trailing(const struct times *times, double *out)
{
    double start = times->last, next = start - (double)times->train_steps / times->steps;
    size_t k;

    for (k = 0; k < times->steps; k++) {
        double time = start + (double)k * (next - start);

        if (time <= 0)
            break;
        out[k] = rint(time) - 1;
    }
    return k;
}

size_t times_fill(const struct times *times, double *out)
{
    if (times->spacing == SPACING_LINSPACE)
        return fill_linspace(times, out);
    if (times->spacing == SPACING_LEADING)
        return fill_leading(times, out);
    return fill_trailing(times, out);
}

/* -- alphas ---------------------------------------------------------------------------------*/

/* From both ends to the middle, as torch.linspace. */
static float linspace_f32(float first, float last, size_t i, size_t count)
{
    float step = count > 1 ? (last - first) / (float)(count - 1) : 0;

    if (i < count / 2 || count == 1)
        return fmaf(step, (float)i, first);
    return fmaf(-step, (float)(count - 1 - i), last);
}

static double cosine_alpha_bar(double t)
{
    double c = cos((t + 0.008) / 1.008 * M_PI / 2);

    return c * c;
}

static float beta_at(const struct scheduler_conf *conf, size_t i)
{
    size_t count = conf->train_steps;
    double from, to, beta;
    float root;

    switch (conf->betas) {
    case BETA_SCALED_LINEAR:
        root = linspace_f32((float)pow(conf->beta_start, 0.5), (float)pow(conf->beta_end, 0.5),
                            i, count);
        return root * root;
    case BETA_SQUARED_COS:
        from = cosine_alpha_bar((double)i / (double)count);
        to = cosine_alpha_bar((double)(i + 1) / (double)count);
        beta = 1 - to / from;
        return (float)(beta < 0.999 ? beta : 0.999);
    case BETA_LINEAR:
        break;
    }
    return linspace_f32((float)conf->beta_start, (float)conf->beta_end, i, count);
}

/* In place: 1 - beta becomes the cumulative product. */
static void cumulate(float *alphas, size_t count)
{
    double product = 1;

    for (size_t i = 0; i < count; i++) {
        product *= alphas[i];
        alphas[i] = (float)product;
    }
}

/* Lin et al. 2023, https://arxiv.org/abs/2305.08891, algorithm 1: the last becomes 0 and the
 * first stays. Takes cumulative products, and leaves 1 - beta. */
static void rescale_to_zero(float *alphas, size_t count)
{
    float first = sqrtf(alphas[0]), last = sqrtf(alphas[count - 1]);
    float scale = first / (first - last), before = 1;

    for (size_t i = 0; i < count; i++) {
        float root = (sqrtf(alphas[i]) - last) * scale, product = root * root;
        float beta = 1 - (i == 0 ? product : product / before);

        before = product;
        alphas[i] = 1 - beta;
    }
}

float *alphas_new(const struct scheduler_conf *conf, bool rescale, float floor, struct err *err)
{
    size_t count = conf->train_steps;
    float *alphas = calloc(count, sizeof *alphas);

    if (!alphas) {
        err_set_nomem(err, "the noise schedule");
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        alphas[i] = 1 - beta_at(conf, i);
    cumulate(alphas, count);
    if (rescale) {
        rescale_to_zero(alphas, count);
        cumulate(alphas, count);
        alphas[count - 1] = floor;
    }
    return alphas;
}

/* -- sigmas ---------------------------------------------------------------------------------*/

float *sigmas_new(const float *alphas, size_t count, struct err *err)
{
    float *sigmas = calloc(count, sizeof *sigmas);

    if (!sigmas) {
        err_set_nomem(err, "the noise schedule");
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        sigmas[i] = sqrtf((1 - alphas[i]) / alphas[i]);
    return sigmas;
}

double sigmas_at(const float *sigmas, size_t count, double time)
{
    size_t low;

    if (time >= (double)(count - 1))
        return sigmas[count - 1];
    if (time <= 0)
        return sigmas[0];
    low = (size_t)time;
    return ((double)sigmas[low + 1] - sigmas[low]) * (time - (double)low) + sigmas[low];
}

double sigmas_time(const float *sigmas, size_t count, double sigma)
{
    double log_sigma = log(sigma > 1e-10 ? sigma : 1e-10), w;
    size_t low = 0, high = count - 1;
    float log_low, log_high;

    if (count < 2)
        return 0;
    while (low < high) { /* the last whose logarithm is not larger; sigmas grow with time */
        size_t middle = (low + high + 1) / 2;

        if (logf(sigmas[middle]) <= log_sigma)
            low = middle;
        else
            high = middle - 1;
    }
    if (low > count - 2)
        low = count - 2;
    log_low = logf(sigmas[low]);
    log_high = logf(sigmas[low + 1]);
    w = (log_low - log_sigma) / (log_low - log_high);
    w = fmin(fmax(w, 0), 1);
    return (1 - w) * (double)low + w * (double)(low + 1);
}

void sigmas_karras(double min, double max, size_t count, double *out)
{
    double min_root = pow(min, 1 / 7.0), max_root = pow(max, 1 / 7.0);
    double step = count > 1 ? 1 / (double)(count - 1) : 0;

    for (size_t i = 0; i < count; i++) {
        double ramp = i > 0 && i == count - 1 ? 1 : (double)i * step;

        out[i] = pow(max_root + ramp * (min_root - max_root), 7);
    }
}
