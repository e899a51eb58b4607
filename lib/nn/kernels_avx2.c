/* kernels_avx2.c - the kernels for x86 with AVX2. */
#include "lib/nn/kernels_internal.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define LANES 8
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#else
#pragma GCC target("avx2,fma,f16c")
#endif
#include "lib/nn/kernel_attention.h"
#include "lib/nn/kernel_depthwise.h"
#include "lib/nn/kernel_gemm.h"
#include "lib/nn/kernel_pool.h"
#include "lib/nn/kernel_rows.h"
#include "lib/nn/kernel_windows.h"

static const struct kernels table = KERNELS_TABLE("avx2");

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC reset_options
#endif

const struct kernels *kernels_avx2(void)
{
    return &table;
}
#else
const struct kernels *kernels_avx2(void)
{
    return NULL;
}
#endif
