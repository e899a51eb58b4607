/* als_kernels_avx512.c - the inner loops for x86 with AVX-512. */
#include "lib/rec/als.h"
#include "lib/rec/als_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 16
#ifdef __clang__
#pragma clang attribute push(                                               \
    __attribute__((target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq"))), \
    apply_to = function)
#else
#pragma GCC target("avx2,fma,avx512f,avx512bw,avx512vl,avx512dq")
#endif
#include "lib/rec/als_kernel.h"

static const struct als_kernels table = ALS_KERNELS_TABLE("avx512");

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC reset_options
#endif

const struct als_kernels *als_kernels_avx512(void)
{
    return &table;
}
#else
const struct als_kernels *als_kernels_avx512(void)
{
    return NULL;
}
#endif
