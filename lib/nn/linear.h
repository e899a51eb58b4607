/* linear.h - y = act(x W' + b) + residual, or act(x W' + b + residual), of every pixel. */
#ifndef LIB_NN_LINEAR_H
#define LIB_NN_LINEAR_H

#include "lib/nn/activation.h"
#include "lib/nn/nn.h"
#include "lib/nn/safetensors.h"

enum { LINEAR_PARTS = 3 };

/* Tensors are borrowed while the layer lives. Weights [out, in] or [out, in, 1, 1]. */
struct linear_def {
    const char *name; /* for errors; copied */
    size_t parts;     /* with the same inputs; their outputs lie side by side */
    const struct safetensor *weight[LINEAR_PARTS];
    const struct safetensor *bias[LINEAR_PARTS]; /* NULL: none */
    const struct safetensor *extra_bias;         /* of all outputs, added; NULL: none */
    const struct safetensor *slope;              /* of all outputs, of ACT_PRELU; else NULL */
};

struct linear;

/* ERR_INVALID naming the tensor whose shape does not fit. Weights are read at the first call.
 */
struct linear *linear_new(const struct linear_def *def, struct err *err);
void linear_free(struct linear *linear);
DEFINE_OWNED(linear)

uint32_t linear_inputs(const struct linear *linear);
uint32_t linear_outputs(const struct linear *linear);

struct linear_call {
    struct tensor dst, src; /* dst's channels: the outputs, half of them for ACT_GEGLU */
    enum activation act;
    const struct tensor *residual; /* added last; may be dst; NULL: none. Of the channels that
                                      it lacks against dst it counts as 0. */
    bool act_last;                 /* act of the sum with the residual; not for ACT_GEGLU */
};

int linear_run(struct nn *nn, struct linear *linear, const struct linear_call *call, bool plan,
               struct err *err);

#endif
