/* conv.c - see conv.h: convolutions by oneDNN; windows.c has the others. A layer keeps a
 * primitive for each shape that it met, and one copy of its weights as long as all of them want
 * the same format. */
#include <string.h>

#include "lib/nn/conv.h"
#include "lib/nn/nn_internal.h"
#include "lib/nn/picture.h"
#include "lib/nn/weights.h"
#include "lib/nn/windows.h"

struct packed {
    struct packed *next;
    struct onednn_conv *maker; /* whose format it has; borrowed */
    void *data;
};

struct shaped {
    struct shaped *next;
    struct onednn_conv_shape shape;
    struct onednn_conv *conv;
    struct packed *weights; /* NULL until the first call; borrowed */
};

struct conv {
    struct conv_def def;
    char *name;
    uint32_t in, out, kernel_h, kernel_w;
    struct shaped *shapes;
    struct packed *packed;
    float *bias;             /* NULL until the first call */
    struct windows *windows; /* NULL: by oneDNN */
};

/* -- making -----------------------------------------------------------------------------------
 */

static int check_def(const struct conv *conv, struct err *err)
{
    const struct conv_def *def = &conv->def;
    const struct safetensor *weight = def->weight;

    if (!weight || weight->rank != 4)
        return err_set(err, ERR_INVALID, "layer %s: weight is not [out, in, kh, kw]",
                       conv->name);
    for (int i = 0; i < 4; i++)
        if (weight->shape[i] < 1 || weight->shape[i] > 1 << 20)
            return err_set(err, ERR_INVALID, "%s: has no sensible size", weight->name);
    if (weight->shape[0] % def->groups)
        return err_set(err, ERR_INVALID, "%s: %lld outputs are not %u groups", weight->name,
                       (long long)weight->shape[0], def->groups);
    if (def->bias && def->bias->count != (size_t)weight->shape[0])
        return err_set(err, ERR_INVALID, "%s: has %zu numbers for %lld outputs",
                       def->bias->name, def->bias->count, (long long)weight->shape[0]);
    if (def->gather && def->groups > 1)
        return err_set(err, ERR_INVALID, "layer %s: groups are not gathered", conv->name);
    if (def->gather &&
        (def->pad.top >= weight->shape[2] || def->pad.bottom >= weight->shape[2] ||
         def->pad.left >= weight->shape[3] || def->pad.right >= weight->shape[3]))
        return err_set(err, ERR_INVALID, "layer %s: the pad is no smaller than the kernel",
                       conv->name);
    return 0;
}

struct conv *conv_new(const struct conv_def *def, struct err *err)
{
    struct conv *conv = calloc(1, sizeof *conv);

    if (!conv || !(conv->name = strdup(def->name))) {
        (void)err_set_nomem(err, "a convolution");
        conv_free(conv);
        return NULL;
    }
    conv->def = *def;
    conv->def.name = conv->name;
    if (conv->def.groups == 0)
        conv->def.groups = 1;
    if (conv->def.stride == 0)
        conv->def.stride = 1;
    if (check_def(conv, err) < 0 ||
        (def->gather && !(conv->windows = windows_new(&conv->def, err)))) {
        conv_free(conv);
        return NULL;
    }
    conv->out = (uint32_t)def->weight->shape[0];
    conv->in = (uint32_t)def->weight->shape[1] * conv->def.groups;
    conv->kernel_h = (uint32_t)def->weight->shape[2];
    conv->kernel_w = (uint32_t)def->weight->shape[3];
    return conv;
}

static void packed_free(struct packed *p)
{
    if (!p)
        return;
    free(p->data);
    free(p);
}

void conv_free(struct conv *conv)
{
    if (!conv)
        return;
    for (struct shaped *s = conv->shapes, *next; s; s = next) {
        next = s->next;
        onednn_conv_free(s->conv);
        free(s);
    }
    for (struct packed *p = conv->packed, *next; p; p = next) {
        next = p->next;
        packed_free(p);
    }
    windows_free(conv->windows);
    free(conv->bias);
    free(conv->name);
    free(conv);
}

uint32_t conv_inputs(const struct conv *conv)
{
    return conv->in;
}

uint32_t conv_outputs(const struct conv *conv)
{
    return conv->out;
}

/* -- primitives -------------------------------------------------------------------------------
 */

static int check_call(const struct conv *conv, const struct conv_call *call, struct err *err)
{
    const struct tensor *src = &call->src, *dst = &call->dst;
    const struct conv_def *def = &conv->def;
    uint32_t missing_h = def->pad.top + def->pad.bottom;
    uint32_t missing_w = def->pad.left + def->pad.right;

    if (src->c != conv->in || dst->c != conv->out)
        return err_set(err, ERR_INVALID, "layer %s: takes %u channels to %u, not %u to %u",
                       conv->name, conv->in, conv->out, src->c, dst->c);
    if (dst->n != src->n || dst->h == 0 || dst->w == 0 ||
        dst->h != window_span(src->h, conv->kernel_h, missing_h, def->stride) ||
        dst->w != window_span(src->w, conv->kernel_w, missing_w, def->stride))
        return err_set(err, ERR_INVALID, "layer %s: %ux%u does not become %ux%u", conv->name,
                       src->w, src->h, dst->w, dst->h);
    if (conv->windows ? call->bias != NULL : call->act != ACT_NONE)
        return err_set(err, ERR_INVALID, "layer %s: %s", conv->name,
                       conv->windows ? "no bias of a call is taken where windows are gathered"
                                     : "an activation needs windows to be gathered");
    return 0;
}

static struct onednn_conv_shape shape_of(const struct nn *nn, const struct conv *conv,
                                         const struct conv_call *call)
{
    return (struct onednn_conv_shape){
        .type = nn->type,
        .n = call->src.n,
        .h = call->src.h,
        .w = call->src.w,
        .in = conv->in,
        .out_h = call->dst.h,
        .out_w = call->dst.w,
        .out = conv->out,
        .kernel_h = conv->kernel_h,
        .kernel_w = conv->kernel_w,
        .stride = conv->def.stride,
        .pad = conv->def.pad,
        .groups = conv->def.groups,
        .residual = call->residual != NULL,
    };
}

/* The rest is the layer's, which does not change. */
static bool same_shape(const struct onednn_conv_shape *a, const struct onednn_conv_shape *b)
{
    return a->type == b->type && a->n == b->n && a->h == b->h && a->w == b->w &&
           a->residual == b->residual;
}

static struct shaped *shaped_for(struct nn *nn, struct conv *conv,
                                 const struct onednn_conv_shape *shape, struct err *err)
{
    struct shaped *s = conv->shapes;

    while (s && !same_shape(&s->shape, shape))
        s = s->next;
    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (!s) {
        (void)err_set_nomem(err, "a convolution");
        return NULL;
    }
    s->shape = *shape;
    s->conv = onednn_conv_new(nn->onednn, shape, err);
    if (!s->conv) {
        (void)err_wrap(err, "layer %s", conv->name);
        free(s);
        return NULL;
    }
    s->next = conv->shapes;
    conv->shapes = s;
    return s;
}

/* -- weights ----------------------------------------------------------------------------------
 */

static int pack_into(struct nn *nn, const struct conv *conv, struct packed *p, struct err *err)
{
    const struct safetensor *weight = conv->def.weight;
    float *floats = nn_unpacked(nn, weight->count, err);

    p->data = nn_alloc(onednn_conv_weights_size(p->maker));
    if (!p->data)
        return err_set_nomem(err, "a layer's weights");
    if (!floats || weights_read_into(conv->name, "weight", weight, floats, err) < 0)
        return nn_failed(err);
    return onednn_conv_pack(p->maker, floats, p->data, err);
}

static struct packed *pack(struct nn *nn, const struct conv *conv, struct onednn_conv *maker,
                           struct err *err)
{
    struct packed *p = calloc(1, sizeof *p);

    if (!p) {
        (void)err_set_nomem(err, "a layer's weights");
        return NULL;
    }
    p->maker = maker;
    if (pack_into(nn, conv, p, err) < 0) {
        packed_free(p);
        p = NULL;
    }
    safetensors_release(conv->def.weight);
    return p;
}

static int ready_bias(struct conv *conv, struct err *err)
{
    if (conv->def.bias && !conv->bias)
        conv->bias = weights_read_all(conv->name, "bias", conv->def.bias, err);
    return conv->def.bias && !conv->bias ? nn_failed(err) : 0;
}

static int ready(struct nn *nn, struct conv *conv, struct shaped *s, struct err *err)
{
    struct packed *p = conv->packed;

    if (s->weights) {
        nn_unpacked_free(nn);
        return 0;
    }
    while (p && !onednn_conv_same_weights(p->maker, s->conv))
        p = p->next;
    if (!p) {
        p = pack(nn, conv, s->conv, err);
        if (!p)
            return nn_failed(err);
        p->next = conv->packed;
        conv->packed = p;
    }
    s->weights = p;
    return 0;
}

/* -- running ----------------------------------------------------------------------------------
 */

/* Places in the scratch memory. */
struct places {
    char *scratch, *src, *dst;
    float *bias;
};

static size_t dense_bytes(const struct tensor *t)
{
    return t->ld == t->c ? 0 : nn_aligned(tensor_pixels(t) * t->c * tensor_type_bytes(t->type));
}

static int reserve(struct nn *nn, const struct shaped *s, const struct conv_call *call,
                   struct places *ret, struct err *err)
{
    size_t scratch = nn_aligned(onednn_conv_scratch_size(s->conv));
    size_t bias = nn_aligned(s->shape.out * sizeof(float));
    size_t src = dense_bytes(&call->src), dst = dense_bytes(&call->dst);

    if (nn_reserve(nn, scratch + bias + src + dst, err) < 0)
        return nn_failed(err);
    ret->scratch = nn->scratch;
    ret->bias = (float *)(void *)(nn->scratch + scratch);
    ret->src = nn->scratch + scratch + bias;
    ret->dst = ret->src + src;
    return 0;
}

/* The same picture without gaps, at place; itself where it has none. */
static struct tensor dense(const struct tensor *t, char *place)
{
    struct tensor same = *t;

    if (t->ld == t->c)
        return same;
    same.data = place;
    same.ld = t->c;
    return same;
}

static const float *bias_of(struct nn *nn, const struct conv *conv, const struct tensor *bias,
                            float *place)
{
    if (!bias && conv->bias)
        return conv->bias;
    if (bias)
        nn->kernels->to_f32(bias->type, bias->data, conv->out, place);
    else
        memset(place, 0, conv->out * sizeof *place);
    return place;
}

static int execute(struct nn *nn, struct conv *conv, const struct shaped *s,
                   const struct conv_call *call, const struct places *places, struct err *err)
{
    struct tensor src = dense(&call->src, places->src), dst = dense(&call->dst, places->dst);
    struct onednn_conv_data data = {
        .src = src.data,
        .weights = s->weights->data,
        .bias = bias_of(nn, conv, call->bias, places->bias),
        .dst = dst.data,
        .scratch = places->scratch,
    };

    if (src.data != call->src.data)
        picture_copy(nn, src, call->src);
    if (call->residual && call->residual->data != dst.data)
        picture_copy(nn, dst, *call->residual);
    if (onednn_conv_run(s->conv, &data, err) < 0)
        return err_wrap(err, "layer %s", conv->name);
    if (dst.data != call->dst.data)
        picture_copy(nn, call->dst, dst);
    return 0;
}

int conv_run(struct nn *nn, struct conv *conv, const struct conv_call *call, bool plan,
             struct err *err)
{
    struct onednn_conv_shape shape;
    struct places places = {0};
    struct shaped *s;

    if (check_call(conv, call, err) < 0)
        return nn_failed(err);
    if (conv->windows)
        return windows_run(nn, conv->windows, call, plan, err);
    parallel_use(nn->threads);
    shape = shape_of(nn, conv, call);
    s = shaped_for(nn, conv, &shape, err);
    if (!s || reserve(nn, s, call, &places, err) < 0)
        return nn_failed(err);
    if (plan)
        return 0;
    if (ready_bias(conv, err) < 0 || ready(nn, conv, s, err) < 0)
        return nn_failed(err);
    return execute(nn, conv, s, call, &places, err);
}
