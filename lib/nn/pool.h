/* pool.h - pictures made smaller without weights. They need no scratch memory, and so no plan.
 */
#ifndef LIB_NN_POOL_H
#define LIB_NN_POOL_H

#include "lib/nn/nn.h"
#include "lib/nn/window.h"

struct pool_call {
    struct tensor dst, src; /* not the same */
    uint32_t size, stride;  /* of the windows */
    struct pad pad;         /* each side less than size */
};

/* The largest in each window. ERR_INVALID where the sizes do not fit. */
int pool_max(struct nn *nn, const struct pool_call *call, struct err *err);

/* dst (1x1) = each picture's mean, channel by channel. */
int pool_mean(struct nn *nn, struct tensor dst, struct tensor src, struct err *err);

#endif
