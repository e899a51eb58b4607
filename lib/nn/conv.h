/* conv.h - convolution in two dimensions, by oneDNN. */
#ifndef LIB_NN_CONV_H
#define LIB_NN_CONV_H

#include "lib/nn/nn.h"
#include "lib/nn/safetensors.h"

/* Tensors are borrowed while the layer lives. */
struct conv_def {
    const char *name;                       /* for errors; copied */
    const struct safetensor *weight, *bias; /* [out, in / groups, kh, kw]; [out] or NULL */
    uint32_t stride, pad;                   /* pad: on all four sides */
    uint32_t groups;                        /* 0 and 1: none */
};

struct conv;

/* ERR_INVALID naming the tensor whose shape does not fit. Weights are read at the first call.
 */
struct conv *conv_new(const struct conv_def *def, struct err *err);
void conv_free(struct conv *conv);
DEFINE_OWNED(conv)

uint32_t conv_inputs(const struct conv *conv);
uint32_t conv_outputs(const struct conv *conv);

struct conv_call {
    struct tensor dst, src;
    const struct tensor *bias;     /* [1,1,1,out] instead of the layer's own; may be NULL */
    const struct tensor *residual; /* added to the result; may be dst itself; may be NULL */
};

/* Tensors with something between their pixels (ld > c) are copied first, which costs time and
 * scratch memory. */
int conv_run(struct nn *nn, struct conv *conv, const struct conv_call *call, bool plan,
             struct err *err);

#endif
