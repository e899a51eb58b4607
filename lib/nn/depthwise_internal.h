/* depthwise_internal.h - parts of a depthwise convolution, for who goes on with them. */
#ifndef LIB_NN_DEPTHWISE_INTERNAL_H
#define LIB_NN_DEPTHWISE_INTERNAL_H

#include "lib/nn/depthwise.h"
#include "lib/nn/nn_internal.h"

/* ERR_INVALID where the call does not fit the layer. */
int depthwise_check(const struct depthwise *depthwise, const struct depthwise_call *call,
                    struct err *err);

/* Makes the weights ready. */
int depthwise_pack(struct depthwise *depthwise, struct err *err);

/* Pixels first .. first + count - 1 of dst, to where at is, ld elements from one to the next;
 * dst's own data is not used. For checked calls of packed layers, by any thread. */
struct depthwise_part {
    struct nn *nn;
    const struct depthwise *depthwise;
    const struct depthwise_call *call;
};
void depthwise_pixels(const struct depthwise_part *part, size_t first, size_t count, void *at,
                      size_t ld);

#endif
