/* attention.h - softmax(q k' / sqrt(dim)) v, for each picture and head on its own. */
#ifndef LIB_NN_ATTENTION_H
#define LIB_NN_ATTENTION_H

#include "lib/nn/nn.h"

/* Tensors of h = 1, w = tokens, c = heads * dim; k and v of the same w. dst must not overlap
 * the others. Beside the packed keys and values only a block of scores for each thread is held.
 */
struct attention_call {
    struct tensor dst, q, k, v;
    uint32_t heads;
    bool causal; /* token i sees tokens 0..i */
};

int attention_run(struct nn *nn, const struct attention_call *call, bool plan, struct err *err);

#endif
