/* depthwise.h - convolution of each channel by itself. */
#ifndef LIB_NN_DEPTHWISE_H
#define LIB_NN_DEPTHWISE_H

#include "lib/nn/activation.h"
#include "lib/nn/nn.h"
#include "lib/nn/safetensors.h"
#include "lib/nn/window.h"

/* Tensors are borrowed while the layer lives. y = act(scale * convolution + bias) */
struct depthwise_def {
    const char *name;                /* for errors; copied */
    const struct safetensor *weight; /* [c, 1, k, k] */
    const struct safetensor *scale;  /* [c], multiplied into the weights; NULL: none */
    const struct safetensor *bias;   /* [c]; NULL: none */
    const struct safetensor *slope;  /* [c], of ACT_PRELU; else NULL */
    struct pad pad;                  /* each side less than k */
    uint32_t stride;                 /* 0: 1 */
};

struct depthwise;

/* ERR_INVALID naming the tensor whose shape does not fit. Weights are read at the first call.
 */
struct depthwise *depthwise_new(const struct depthwise_def *def, struct err *err);
void depthwise_free(struct depthwise *depthwise);
DEFINE_OWNED(depthwise)

uint32_t depthwise_channels(const struct depthwise *depthwise);

struct depthwise_call {
    struct tensor dst, src; /* not the same */
    enum activation act;    /* not ACT_GEGLU */
    bool relu_src;          /* what is read counts as max(x, 0) */
};

int depthwise_run(struct nn *nn, struct depthwise *depthwise, const struct depthwise_call *call,
                  bool plan, struct err *err);

#endif
