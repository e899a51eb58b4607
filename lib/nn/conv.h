/* conv.h - convolution in two dimensions: by oneDNN, or by the matrix product of linear.h. */
#ifndef LIB_NN_CONV_H
#define LIB_NN_CONV_H

#include "lib/nn/activation.h"
#include "lib/nn/nn.h"
#include "lib/nn/safetensors.h"
#include "lib/nn/window.h"

/* Tensors are borrowed while the layer lives. */
struct conv_def {
    const char *name;                       /* for errors; copied */
    const struct safetensor *weight, *bias; /* [out, in / groups, kh, kw]; [out] or NULL */
    const struct safetensor *slope;         /* [out], of ACT_PRELU; else NULL */
    struct pad pad;
    uint32_t stride; /* 0: 1 */
    uint32_t groups; /* 0 and 1: none */
    /* Windows are gathered into rows and multiplied as linear does it: for few channels or few
     * pixels, and the only way to an activation, to a stride between source pixels (ld > c) at
     * no cost, and to a residual of fewer channels. Not with groups. */
    bool gather;
};

struct conv;

/* ERR_INVALID naming the tensor whose shape does not fit. Weights are read at the first call.
 */
struct conv *conv_new(const struct conv_def *def, struct err *err);
void conv_free(struct conv *conv);
DEFINE_OWNED(conv)

uint32_t conv_inputs(const struct conv *conv);
uint32_t conv_outputs(const struct conv *conv);

/* dst = act(convolution + bias + residual) */
struct conv_call {
    struct tensor dst, src;
    const struct tensor *bias;     /* not with gather: [1,1,1,out] instead of the layer's own */
    const struct tensor *residual; /* as of linear.h; may be dst itself; may be NULL */
    enum activation act;           /* only with gather */
};

/* Without gather, tensors with something between their pixels (ld > c) are copied first, which
 * costs time and scratch memory. */
int conv_run(struct nn *nn, struct conv *conv, const struct conv_call *call, bool plan,
             struct err *err);

#endif
