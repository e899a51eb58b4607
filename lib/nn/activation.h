/* activation.h - what may be applied to the outputs of a layer on their way to memory. */
#ifndef LIB_NN_ACTIVATION_H
#define LIB_NN_ACTIVATION_H

enum activation {
    ACT_NONE,
    ACT_SILU,       /* x * sigmoid(x) */
    ACT_GELU,       /* x * Phi(x), by erf */
    ACT_QUICK_GELU, /* x * sigmoid(1.702 x) */
    ACT_GEGLU,      /* linear only: first half of the outputs * gelu(second half) */
};

#endif
