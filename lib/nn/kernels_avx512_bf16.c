/* kernels_avx512_bf16.c - the kernels for x86 with AVX-512 and its dot products of bf16. */
#include "lib/nn/kernels_internal.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
#ifdef __clang__
#pragma clang attribute push(                                                          \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16"))), \
    apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")
#endif
#include "lib/nn/kernel_attention.h"
#include "lib/nn/kernel_depthwise.h"
#include "lib/nn/kernel_gemm.h"
#include "lib/nn/kernel_pool.h"
#include "lib/nn/kernel_rows.h"
#include "lib/nn/kernel_windows.h"

static const struct kernels table = KERNELS_TABLE("avx512_bf16");

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC reset_options
#endif

const struct kernels *kernels_avx512_bf16(void)
{
    return &table;
}
#else
const struct kernels *kernels_avx512_bf16(void)
{
    return NULL;
}
#endif
