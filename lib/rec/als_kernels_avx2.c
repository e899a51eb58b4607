/* als_kernels_avx2.c - the inner loops for x86 with AVX2. */
#include "lib/rec/als.h"
#include "lib/rec/als_kernels.h"

#ifdef __x86_64__
#include <immintrin.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 8
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC target("avx2,fma")
#endif
#include "lib/rec/als_kernel.h"

static const struct als_kernels table = ALS_KERNELS_TABLE("avx2");

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC reset_options
#endif

const struct als_kernels *als_kernels_avx2(void)
{
    return &table;
}
#else
const struct als_kernels *als_kernels_avx2(void)
{
    return NULL;
}
#endif
