/* activation.h - what may be applied to the outputs of a layer on their way to memory. */
#ifndef LIB_NN_ACTIVATION_H
#define LIB_NN_ACTIVATION_H

enum activation {
    ACT_NONE,
    ACT_SILU,       /* x * sigmoid(x) */
    ACT_GELU,       /* x * Phi(x), by erf */
    ACT_QUICK_GELU, /* x * sigmoid(1.702 x) */
    ACT_GEGLU,      /* linear only: first half of the outputs * gelu(second half) */
    ACT_RELU,       /* max(x, 0) */
    ACT_RELU6,      /* min(max(x, 0), 6) */
    ACT_PRELU,      /* x < 0 ? slope * x : x, with a slope of each channel in the layer */
    ACT_SIGMOID,    /* 1 / (1 + e^-x) */
};

#endif
