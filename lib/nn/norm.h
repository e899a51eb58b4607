/* norm.h - group norm and layer norm. Means and variances are in f32 and taken in two steps
 * over pieces that stay in the cache, so that a large mean does not eat the variance. */
#ifndef LIB_NN_NORM_H
#define LIB_NN_NORM_H

#include "lib/nn/activation.h"
#include "lib/nn/nn.h"
#include "lib/nn/safetensors.h"

/* Tensors are borrowed while the layer lives. */
struct norm_def {
    const char *name;                       /* for errors; copied */
    const struct safetensor *weight, *bias; /* [c]; NULL: 1 and 0 */
    uint32_t groups;                        /* of channels; 0: layer norm, each pixel alone */
    float eps;
};

struct norm;

struct norm *norm_new(const struct norm_def *def, struct err *err);
void norm_free(struct norm *norm);
DEFINE_OWNED(norm)

/* dst may be src. act: ACT_NONE or ACT_SILU. */
struct norm_call {
    struct tensor dst, src;
    enum activation act;
};

int norm_run(struct nn *nn, struct norm *norm, const struct norm_call *call, bool plan,
             struct err *err);

#endif
