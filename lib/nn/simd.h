/* simd.h - vectors of LANES floats, for the kernels only.
 *
 * A kernels_*.c defines LANES, sets the processor that is compiled for, and includes this and
 * the kernel_*.h. Mostly GCC's vector extension, which every processor has; intrinsics where
 * the extension has no words for it. */
#ifndef LIB_NN_SIMD_H
#define LIB_NN_SIMD_H

#include <stdint.h>
#include <string.h>

#include "lib/nn/kernels.h"

#define INLINE static inline __attribute__((always_inline, unused))
/* clang unrolls such short loops anyway, and under sanitizers fails when it is told to; gcc
 * takes minutes for it there. */
#if defined(__clang__) || defined(__SANITIZE_ADDRESS__)
#define UNROLL(n)
#else
#define UNROLL_(x) _Pragma(#x)
#define UNROLL(n) UNROLL_(GCC unroll n)
#endif

typedef float vf __attribute__((vector_size(LANES * 4)));
typedef int32_t vi __attribute__((vector_size(LANES * 4)));
typedef uint32_t vu __attribute__((vector_size(LANES * 4)));
typedef uint16_t vh __attribute__((vector_size(LANES * 2)));

INLINE vf vf_splat(float x)
{
    return x - (vf){0};
}

INLINE vf vf_load(const float *p)
{
    vf x;

    memcpy(&x, p, sizeof x);
    return x;
}

INLINE void vf_store(float *p, vf x)
{
    memcpy(p, &x, sizeof x);
}

/* Where mask is all ones a, where it is zero b. */
INLINE vf vf_select(vi mask, vf a, vf b)
{
    return (vf)((mask & (vi)a) | (~mask & (vi)b));
}

INLINE vf vf_max(vf a, vf b)
{
#if LANES == 16
    return (vf)_mm512_max_ps((__m512)a, (__m512)b);
#elif LANES == 8
    return (vf)_mm256_max_ps((__m256)a, (__m256)b);
#else
    return vf_select(a > b, a, b);
#endif
}

INLINE vf vf_min(vf a, vf b)
{
#if LANES == 16
    return (vf)_mm512_min_ps((__m512)a, (__m512)b);
#elif LANES == 8
    return (vf)_mm256_min_ps((__m256)a, (__m256)b);
#else
    return vf_select(a < b, a, b);
#endif
}

/* All ones where x is NaN. */
INLINE vi vf_is_nan(vf x)
{
    return ((vi)x & 0x7fffffff) > 0x7f800000;
}

INLINE float vf_sum(vf x)
{
    float sum[LANES];

    vf_store(sum, x);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            sum[i] += sum[i + half];
    return sum[0];
}

INLINE float vf_highest(vf x)
{
    float all[LANES];

    vf_store(all, x);
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            all[i] = all[i] < all[i + half] ? all[i + half] : all[i];
    return all[0];
}

/* -- bf16: the upper half of an f32, rounded to nearest even ------------------------------- */

INLINE vf vf_from_bf16(vh x)
{
#if LANES == 16
    return (vf)_mm512_slli_epi32(_mm512_cvtepu16_epi32((__m256i)x), 16);
#else
    return (vf)(__builtin_convertvector(x, vu) << 16);
#endif
}

INLINE vh vf_to_bf16(vf x)
{
#ifdef __AVX512BF16__
    return (vh)_mm512_cvtneps_pbh((__m512)x);
#else
    vu bits = (vu)x, odd = (bits >> 16) & 1, quiet = (bits >> 16) | 0x40;
    vu rounded = (bits + 0x7fff + odd) >> 16, nan = (vu)vf_is_nan(x);

    rounded = (nan & quiet) | (~nan & rounded);
#if LANES == 16
    return (vh)_mm512_cvtepi32_epi16((__m512i)rounded);
#else
    return __builtin_convertvector(rounded, vh);
#endif
#endif
}

/* -- numbers of either type: in memory at element i, f32 in registers ------------------------
 */

INLINE vf vf_get(enum tensor_type type, const void *p, size_t i)
{
    vh half;

    if (type == TENSOR_F32)
        return vf_load((const float *)p + i);
    memcpy(&half, (const uint16_t *)p + i, sizeof half);
    return vf_from_bf16(half);
}

INLINE void vf_put(enum tensor_type type, void *p, size_t i, vf x)
{
    vh half;

    if (type == TENSOR_F32) {
        vf_store((float *)p + i, x);
        return;
    }
    half = vf_to_bf16(x);
    memcpy((uint16_t *)p + i, &half, sizeof half);
}

#if LANES == 16
INLINE __mmask16 first_lanes(size_t count)
{
    return (__mmask16)((1U << count) - 1);
}
#elif LANES == 8
INLINE vi first_lanes(size_t count)
{
    return (vi){0, 1, 2, 3, 4, 5, 6, 7} < (int32_t)count;
}
#endif

/* The first count lanes only, at least 1 and less than LANES; the others are 0. */
INLINE vf vf_get_some(enum tensor_type type, const void *p, size_t i, size_t count)
{
#if LANES == 16
    if (type == TENSOR_F32)
        return (vf)_mm512_maskz_loadu_ps(first_lanes(count), (const float *)p + i);
#elif LANES == 8
    if (type == TENSOR_F32)
        return (vf)_mm256_maskload_ps((const float *)p + i, (__m256i)first_lanes(count));
#endif
    char some[LANES * 4] = {0};
    size_t bytes = tensor_type_bytes(type);

    memcpy(some, (const char *)p + i * bytes, count * bytes);
    return vf_get(type, some, 0);
}

INLINE void vf_put_some(enum tensor_type type, void *p, size_t i, vf x, size_t count)
{
#if LANES == 16
    if (type == TENSOR_F32) {
        _mm512_mask_storeu_ps((float *)p + i, first_lanes(count), (__m512)x);
        return;
    }
#elif LANES == 8
    if (type == TENSOR_F32) {
        _mm256_maskstore_ps((float *)p + i, (__m256i)first_lanes(count), (__m256)x);
        return;
    }
#endif
    char some[LANES * 4];
    size_t bytes = tensor_type_bytes(type);

    vf_put(type, some, 0, x);
    memcpy((char *)p + i * bytes, some, count * bytes);
}

/* -- functions -------------------------------------------------------------------------------
 */

/* 2^x to 2e-7 of itself; 0 below 2^-126, 2^127.4 from there on; NaN stays NaN. The polynomial
 * is 2^f's best of degree 5 with 2^0 = 1 for f in -1/2..1/2, fitted by least squares. */
INLINE vf vf_exp2(vf x)
{
    const float magic = 12582912.0F; /* 1.5 * 2^23: adding it rounds to an integer */
    vf f, y;

#if LANES == 16
    __m512 n, clamped = _mm512_min_ps(_mm512_set1_ps(127.4F), (__m512)x);

    (void)magic;
    n = _mm512_roundscale_ps(clamped, 0);
    f = (vf)_mm512_sub_ps(clamped, n);
#else
    vf clamped = vf_select(x > 127.4F, vf_splat(127.4F), x), shifted = clamped + magic;
    vi n = (vi)shifted << 23;

    f = clamped - (shifted - magic);
#endif
    y = f * 1.325888735e-3F + 9.671563727e-3F;
    y = y * f + 5.550753754e-2F;
    y = y * f + 2.402224098e-1F;
    y = y * f + 6.931469626e-1F;
    y = y * f + 1.0F;
#if LANES == 16
    return (vf)_mm512_maskz_scalef_ps(
        _mm512_cmp_ps_mask(clamped, _mm512_set1_ps(-126.0F), _CMP_NLT_UQ), (__m512)y, n);
#else
    y = vf_select(vf_is_nan(x), x, (vf)((vi)y + n));
    return (vf)(~(x < -126.0F) & (vi)y);
#endif
}

INLINE vf vf_exp(vf x)
{
    return vf_exp2(x * 1.44269504F);
}

/* 1 / (1 + e^-x) */
INLINE vf vf_sigmoid(vf x)
{
    return 1.0F / (1.0F + vf_exp(-x));
}

/* x * Phi(x); erf by Abramowitz and Stegun 7.1.26, to 1.5e-7. */
INLINE vf vf_gelu(vf x)
{
    vf z = (vf)((vi)x & 0x7fffffff) * 0.70710678F;
    vf t = 1.0F / (1.0F + 0.3275911F * z), tail;

    tail = t * 1.061405429F - 1.453152027F;
    tail = tail * t + 1.421413741F;
    tail = tail * t - 0.284496736F;
    tail = (tail * t + 0.254829592F) * t * vf_exp(-z * z);
    return x * 0.5F * vf_select(x < 0, tail, 2.0F - tail);
}

/* slope: where it is negative, for ACT_PRELU. What is not a number stays so. */
INLINE vf vf_act(enum activation act, vf x, vf slope)
{
    const vf zero = {0};

    switch (act) {
    case ACT_RELU:
        return vf_max(zero, x);
    case ACT_RELU6:
        return vf_min(vf_splat(6.0F), vf_max(zero, x));
    case ACT_PRELU:
        return vf_max(zero, x) + slope * vf_min(zero, x);
    case ACT_SIGMOID:
        return vf_sigmoid(x);
    case ACT_SILU:
        return x * vf_sigmoid(x);
    case ACT_GELU:
        return vf_gelu(x);
    case ACT_QUICK_GELU:
        return x * vf_sigmoid(1.702F * x);
    case ACT_NONE:
    case ACT_GEGLU:
        break;
    }
    return x;
}

#endif
