/* plain_ops.c - see plain_ops.h. */
#include "tests/support/plain_ops.h"

#include <math.h>

/* -- activations ------------------------------------------------------------------------------
 */

static double gelu(double x)
{
    return 0.5 * x * (1 + erf(x / sqrt(2)));
}

static double activate(enum activation act, double x)
{
    switch (act) {
    case ACT_SILU:
        return x / (1 + exp(-x));
    case ACT_GELU:
        return gelu(x);
    case ACT_QUICK_GELU:
        return x / (1 + exp(-1.702 * x));
    case ACT_RELU:
        return fmax(x, 0);
    case ACT_RELU6:
        return fmin(fmax(x, 0), 6);
    case ACT_SIGMOID:
        return 1 / (1 + exp(-x));
    case ACT_NONE:
    case ACT_GEGLU:
    case ACT_PRELU: /* nothing here has slopes */
        break;
    }
    return x;
}

/* -- convolution, matrix product --------------------------------------------------------------
 */

static double conv_sum(const struct conv_args *args, uint32_t n, const uint32_t yx[2],
                       uint32_t o)
{
    const struct layer *layer = args->layer;
    double sum = 0;

    for (uint32_t k = 0; k < layer->kernel * layer->kernel; k++) {
        uint32_t ky = k / layer->kernel, kx = k % layer->kernel;
        int64_t y = (int64_t)yx[0] * layer->stride + ky - layer->pad;
        int64_t x = (int64_t)yx[1] * layer->stride + kx - layer->pad;
        const float *pixel;

        if (y < 0 || x < 0 || y >= args->src.h || x >= args->src.w)
            continue;
        pixel = plain_at(&args->src,
                         ((size_t)n * args->src.h + (size_t)y) * args->src.w + (size_t)x);
        for (uint32_t i = 0; i < layer->in; i++) {
            size_t weight = ((size_t)o * layer->in + i) * layer->kernel * layer->kernel + k;

            sum += (double)pixel[i] * (double)layer->weight[weight];
        }
    }
    return sum;
}

int plain_conv(struct backend *backend, const struct conv_args *args, bool plan,
               struct err *err)
{
    const float *bias = args->bias ? args->bias->data : args->layer->bias;

    (void)err;
    if (!plain_computes(backend, &args->dst, plan))
        return 0;
    for (size_t p = 0; p < tensor_pixels(&args->dst); p++) {
        uint32_t yx[2] = {(uint32_t)(p / args->dst.w % args->dst.h),
                          (uint32_t)(p % args->dst.w)};

        for (uint32_t o = 0; o < args->dst.c; o++) {
            double sum = conv_sum(args, (uint32_t)(p / args->dst.w / args->dst.h), yx, o);

            sum += bias ? (double)bias[o] : 0;
            sum += args->residual ? (double)plain_at(args->residual, p)[o] : 0;
            plain_at(&args->dst, p)[o] = (float)sum;
        }
    }
    return 0;
}

static double dot(const struct layer *layer, const float *x, uint32_t o)
{
    double sum = layer->bias ? (double)layer->bias[o] : 0;

    for (uint32_t i = 0; i < layer->in; i++)
        sum += (double)x[i] * (double)layer->weight[(size_t)o * layer->in + i];
    return sum;
}

int plain_linear(struct backend *backend, const struct linear_args *args, bool plan,
                 struct err *err)
{
    (void)err;
    if (!plain_computes(backend, &args->dst, plan))
        return 0;
    for (size_t p = 0; p < tensor_pixels(&args->dst); p++)
        for (uint32_t o = 0; o < args->dst.c; o++) {
            double sum = dot(args->layer, plain_at(&args->src, p), o);

            if (args->act == ACT_GEGLU)
                sum *= gelu(dot(args->layer, plain_at(&args->src, p), args->dst.c + o));
            sum = activate(args->act, sum);
            sum += args->residual ? (double)plain_at(args->residual, p)[o] : 0;
            plain_at(&args->dst, p)[o] = (float)sum;
        }
    return 0;
}

/* -- norms ------------------------------------------------------------------------------------
 */

/* Channels first .. first + count - 1 of pixels from .. from + pixels - 1 are one group. */
struct group {
    size_t from, pixels;
    uint32_t first, count;
};

static void normalize(const struct norm_args *args, const struct group *group)
{
    double sum = 0, squares = 0, n = (double)group->pixels * group->count, mean, scale;

    for (size_t p = group->from; p < group->from + group->pixels; p++)
        for (uint32_t c = group->first; c < group->first + group->count; c++)
            sum += (double)plain_at(&args->src, p)[c];
    mean = sum / n;
    for (size_t p = group->from; p < group->from + group->pixels; p++)
        for (uint32_t c = group->first; c < group->first + group->count; c++)
            squares += pow((double)plain_at(&args->src, p)[c] - mean, 2);
    scale = 1 / sqrt(squares / n + (double)args->layer->eps);
    for (size_t p = group->from; p < group->from + group->pixels; p++)
        for (uint32_t c = group->first; c < group->first + group->count; c++)
            plain_at(&args->dst, p)[c] =
                (float)activate(args->act, ((double)plain_at(&args->src, p)[c] - mean) * scale *
                                                   (double)args->layer->weight[c] +
                                               (double)args->layer->bias[c]);
}

int plain_group_norm(struct backend *backend, const struct norm_args *args, bool plan,
                     struct err *err)
{
    uint32_t each = args->src.c / args->layer->groups;
    size_t pixels = (size_t)args->src.h * args->src.w;

    (void)err;
    if (!plain_computes(backend, &args->dst, plan))
        return 0;
    for (uint32_t n = 0; n < args->src.n; n++)
        for (uint32_t g = 0; g < args->layer->groups; g++)
            normalize(args, &(struct group){n * pixels, pixels, g * each, each});
    return 0;
}

int plain_layer_norm(struct backend *backend, const struct norm_args *args, bool plan,
                     struct err *err)
{
    (void)err;
    if (!plain_computes(backend, &args->dst, plan))
        return 0;
    for (size_t p = 0; p < tensor_pixels(&args->src); p++)
        normalize(args, &(struct group){p, 1, 0, args->src.c});
    return 0;
}

/* -- attention --------------------------------------------------------------------------------
 */

/* One query's answer, from column first on. weights: room for k.w numbers. */
static void attend(const struct attention_args *args, size_t query, uint32_t first,
                   double *weights)
{
    uint32_t dim = args->q.c / args->heads, token = (uint32_t)(query % args->q.w);
    uint32_t seen = args->causal && token + 1 < args->k.w ? token + 1 : args->k.w;
    size_t keys = query / args->q.w * args->k.w;
    double largest = -INFINITY, sum = 0;

    for (uint32_t j = 0; j < seen; j++) {
        double score = 0;

        for (uint32_t d = first; d < first + dim; d++)
            score +=
                (double)plain_at(&args->q, query)[d] * (double)plain_at(&args->k, keys + j)[d];
        weights[j] = score / sqrt(dim);
        largest = fmax(largest, weights[j]);
    }
    for (uint32_t j = 0; j < seen; j++)
        sum += weights[j] = exp(weights[j] - largest);
    for (uint32_t d = first; d < first + dim; d++) {
        double value = 0;

        for (uint32_t j = 0; j < seen; j++)
            value += weights[j] * (double)plain_at(&args->v, keys + j)[d];
        plain_at(&args->dst, query)[d] = (float)(value / sum);
    }
}

int plain_attention(struct backend *backend, const struct attention_args *args, bool plan,
                    struct err *err)
{
    uint32_t dim = args->q.c / args->heads;
    double *weights;

    if (!plain_computes(backend, &args->dst, plan))
        return 0;
    weights = calloc(args->k.w, sizeof(*weights));
    if (!weights)
        return err_set_nomem(err, "attention");
    for (size_t p = 0; p < tensor_pixels(&args->q); p++)
        for (uint32_t h = 0; h < args->heads; h++)
            attend(args, p, h * dim, weights);
    free(weights);
    return 0;
}
