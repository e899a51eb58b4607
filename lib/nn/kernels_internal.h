/* kernels_internal.h - the builds of the kernels. NULL where a build is for another kind of
 * processor than this program. */
#ifndef LIB_NN_KERNELS_INTERNAL_H
#define LIB_NN_KERNELS_INTERNAL_H

#include "lib/nn/kernels.h"

const struct kernels *kernels_plain(void);
const struct kernels *kernels_avx2(void);
const struct kernels *kernels_avx512(void);
const struct kernels *kernels_avx512_bf16(void);

/* The table of a kernels_*.c. */
#define KERNELS_TABLE(name_)                                                                   \
    {                                                                                          \
        .name = (name_), .gemm_f32 = gemm_f32, .gemm_bf16 = gemm_bf16, .attention = attention, \
        .moments = moments, .affine = affine, .layer_norm = layer_norm,                        \
        .depthwise = depthwise, .windows = windows, .pool_max = pool_max, .mean = mean,        \
        .to_f32 = to_f32, .from_f32 = from_f32, .finite = all_finite,                          \
    }

#endif
