/* separable.h - a depthwise convolution and the linear layer after it as one: what the first
 * gives stays in the cache until the second has taken it. */
#ifndef LIB_NN_SEPARABLE_H
#define LIB_NN_SEPARABLE_H

#include "lib/nn/depthwise.h"
#include "lib/nn/linear.h"

/* With each pixel d = middle(depthwise(src)): act(d W' + b) + residual, as linear.h has it. */
struct separable_call {
    struct tensor dst, src; /* not the same */
    bool relu_src;          /* what is read counts as max(x, 0) */
    enum activation middle;
    enum activation act;
    const struct tensor *residual;
    bool act_last;
};

int separable_run(struct nn *nn, struct depthwise *depthwise, struct linear *linear,
                  const struct separable_call *call, bool plan, struct err *err);

#endif
