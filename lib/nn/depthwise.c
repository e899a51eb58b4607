/* depthwise.c - see depthwise.h. A task is a row of the result. */
#include <string.h>

#include "lib/nn/depthwise_internal.h"
#include "lib/nn/weights.h"

struct depthwise {
    struct depthwise_def def;
    char *name;
    uint32_t c, kernel;
    size_t ld;                    /* c in whole panels */
    float *weight, *bias, *slope; /* [kernel * kernel][ld], [ld]; NULL until the first call */
};

/* -- making -----------------------------------------------------------------------------------
 */

static int check_count(const struct depthwise *d, const struct safetensor *tensor,
                       struct err *err)
{
    if (tensor && tensor->count != d->c)
        return err_set(err, ERR_INVALID, "%s: has %zu numbers for %u channels", tensor->name,
                       tensor->count, d->c);
    return 0;
}

static int check_def(struct depthwise *d, struct err *err)
{
    const struct safetensor *weight = d->def.weight;
    const struct pad *pad = &d->def.pad;
    const int64_t most = 1 << 20;

    if (!weight || weight->rank != 4 || weight->shape[1] != 1 ||
        weight->shape[2] != weight->shape[3])
        return err_set(err, ERR_INVALID, "layer %s: weight is not [c, 1, k, k]", d->name);
    if (weight->shape[0] < 1 || weight->shape[0] > most || weight->shape[2] < 1 ||
        weight->shape[2] > most)
        return err_set(err, ERR_INVALID, "%s: has no sensible size", weight->name);
    d->c = (uint32_t)weight->shape[0];
    d->kernel = (uint32_t)weight->shape[2];
    d->ld = nn_ceil_div(d->c, PANEL) * PANEL;
    if (pad->top >= d->kernel || pad->left >= d->kernel || pad->bottom >= d->kernel ||
        pad->right >= d->kernel)
        return err_set(err, ERR_INVALID, "layer %s: the pad is no smaller than the kernel",
                       d->name);
    if (check_count(d, d->def.scale, err) < 0 || check_count(d, d->def.bias, err) < 0)
        return nn_failed(err);
    return check_count(d, d->def.slope, err);
}

struct depthwise *depthwise_new(const struct depthwise_def *def, struct err *err)
{
    struct depthwise *d = calloc(1, sizeof *d);

    if (!d || !(d->name = strdup(def->name))) {
        (void)err_set_nomem(err, "a depthwise convolution");
        depthwise_free(d);
        return NULL;
    }
    d->def = *def;
    d->def.name = d->name;
    if (d->def.stride == 0)
        d->def.stride = 1;
    if (check_def(d, err) == 0)
        return d;
    depthwise_free(d);
    return NULL;
}

static void unpack(struct depthwise *d)
{
    free(d->weight);
    free(d->bias);
    free(d->slope);
    d->weight = d->bias = d->slope = NULL;
}

void depthwise_free(struct depthwise *depthwise)
{
    if (!depthwise)
        return;
    unpack(depthwise);
    free(depthwise->name);
    free(depthwise);
}

uint32_t depthwise_channels(const struct depthwise *depthwise)
{
    return depthwise->c;
}

/* -- weights ----------------------------------------------------------------------------------
 */

/* A number of each channel; all where there is no tensor. NULL: err says why. */
static float *read_each(const struct depthwise *d, const char *what,
                        const struct safetensor *tensor, float all, struct err *err)
{
    float *each = nn_alloc(d->ld * sizeof *each);

    if (!each) {
        (void)err_set_nomem(err, "a layer's weights");
        return NULL;
    }
    for (size_t i = 0; i < d->ld; i++)
        each[i] = i < d->c ? all : 0;
    if (!tensor || weights_read_into(d->name, what, tensor, each, err) == 0)
        return each;
    free(each);
    return NULL;
}

/* [c][taps] to [taps][ld], times scale. */
static float *turn(const struct depthwise *d, const float *read, const float *scale)
{
    size_t taps = (size_t)d->kernel * d->kernel;
    float *weight = nn_alloc(taps * d->ld * sizeof *weight);

    for (size_t i = 0; weight && i < taps * d->ld; i++) {
        size_t c = i % d->ld, tap = i / d->ld;

        weight[i] = c < d->c ? read[c * taps + tap] * scale[c] : 0;
    }
    return weight;
}

static int pack_weight(struct depthwise *d, struct err *err)
{
    float *read = weights_read_all(d->name, "weight", d->def.weight, err), *scale = NULL;

    if (read)
        scale = read_each(d, "scale", d->def.scale, 1, err);
    if (scale) {
        d->weight = turn(d, read, scale);
        if (!d->weight)
            (void)err_set_nomem(err, "a layer's weights");
    }
    free(read);
    free(scale);
    return d->weight ? 0 : nn_failed(err);
}

int depthwise_pack(struct depthwise *depthwise, struct err *err)
{
    struct depthwise *d = depthwise;

    if (d->weight)
        return 0;
    d->bias = read_each(d, "bias", d->def.bias, 0, err);
    if (d->bias && d->def.slope)
        d->slope = read_each(d, "slope", d->def.slope, 0, err);
    if (d->bias && (d->slope || !d->def.slope) && pack_weight(d, err) == 0) {
        safetensors_release(d->def.weight);
        return 0;
    }
    unpack(d);
    return nn_failed(err);
}

/* -- running ----------------------------------------------------------------------------------
 */

int depthwise_check(const struct depthwise *depthwise, const struct depthwise_call *call,
                    struct err *err)
{
    const struct depthwise *d = depthwise;
    const struct tensor *src = &call->src, *dst = &call->dst;
    const struct pad *pad = &d->def.pad;
    uint32_t stride = d->def.stride;

    if (src->c != d->c || dst->c != d->c)
        return err_set(err, ERR_INVALID, "layer %s: takes %u channels to %u, not %u to %u",
                       d->name, d->c, d->c, src->c, dst->c);
    if (dst->n != src->n || dst->h == 0 || dst->w == 0 ||
        dst->h != window_span(src->h, d->kernel, pad->top + pad->bottom, stride) ||
        dst->w != window_span(src->w, d->kernel, pad->left + pad->right, stride))
        return err_set(err, ERR_INVALID, "layer %s: %ux%u does not become %ux%u", d->name,
                       src->w, src->h, dst->w, dst->h);
    if (call->act == ACT_GEGLU || (call->act == ACT_PRELU && !d->def.slope))
        return err_set(err, ERR_INVALID, "layer %s: has not what its activation takes",
                       d->name);
    return 0;
}

void depthwise_pixels(const struct depthwise_part *part, size_t first, size_t count, void *at,
                      size_t ld)
{
    const struct depthwise *d = part->depthwise;
    const struct tensor *src = &part->call->src, *dst = &part->call->dst;
    struct kernel_depthwise k = {
        .src_ld = src->ld,
        .src_h = src->h,
        .src_w = src->w,
        .dst_ld = ld,
        .type = src->type,
        .weight = d->weight,
        .bias = d->bias,
        .slope = d->slope,
        .weight_ld = d->ld,
        .cols = d->c,
        .kernel = d->kernel,
        .stride = d->def.stride,
        .top = d->def.pad.top,
        .left = d->def.pad.left,
        .act = part->call->act,
        .relu_src = part->call->relu_src,
    };

    for (size_t done = 0; done < count; done += k.count) {
        struct pixel_run run = pixel_run_at(dst, first + done, count - done);

        k.x = run.x;
        k.y = run.y;
        k.count = run.count;
        k.src = tensor_at(src, run.picture * src->h * src->w);
        k.dst = (char *)at + done * ld * tensor_type_bytes(src->type);
        part->nn->kernels->depthwise(&k);
    }
}

static void run_row(void *ctx, size_t task, int thread)
{
    const struct depthwise_part *part = ctx;
    const struct tensor *dst = &part->call->dst;

    (void)thread;
    depthwise_pixels(part, task * dst->w, dst->w, tensor_at(dst, task * dst->w), dst->ld);
}

int depthwise_run(struct nn *nn, struct depthwise *depthwise, const struct depthwise_call *call,
                  bool plan, struct err *err)
{
    struct depthwise_part part = {nn, depthwise, call};

    if (depthwise_check(depthwise, call, err) < 0)
        return nn_failed(err);
    if (plan)
        return 0;
    parallel_use(nn->threads);
    if (depthwise_pack(depthwise, err) < 0)
        return nn_failed(err);
    parallel_for(nn->threads, (size_t)call->dst.n * call->dst.h, run_row, &part);
    return 0;
}
