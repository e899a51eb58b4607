/* half.c - see half.h. */
#include "lib/nn/half.h"

#include <stdint.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

static float from_bits(uint32_t bits)
{
    float value;

    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint16_t load_u16(const unsigned char *bytes)
{
    uint16_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

static float f16_value(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000U) << 16, rest = half & 0x7fffU;

    if (rest >= 0x7c00U) /* infinity and NaN */
        return from_bits(sign | 0x7f800000U | (rest & 0x3ffU) << 13);
    if (rest >= 0x400U) /* the exponents' biases are 15 and 127 */
        return from_bits(sign | ((rest << 13) + (112U << 23)));
    return (sign ? -1.0F : 1.0F) * (float)rest * 0x1p-24F;
}

#ifdef __x86_64__
/* Takes as many as it can eight at a time, and says how many. */
__attribute__((target("avx,f16c"))) static size_t read_f16c(const unsigned char *bytes,
                                                            size_t count, float *out)
{
    size_t i = 0;

    for (; i + 8 <= count; i += 8) {
        __m128i halves = _mm_loadu_si128((const __m128i *)(const void *)(bytes + 2 * i));

        _mm256_storeu_ps(out + i, _mm256_cvtph_ps(halves));
    }
    return i;
}

/* Whatever has AVX2 has F16C; clang 14 cannot ask for the latter. */
static size_t read_fast(const unsigned char *bytes, size_t count, float *out)
{
    return __builtin_cpu_supports("avx2") ? read_f16c(bytes, count, out) : 0;
}
#else
static size_t read_fast(const unsigned char *bytes, size_t count, float *out)
{
    (void)bytes;
    (void)count;
    (void)out;
    return 0;
}
#endif

void half_read_f16(const void *bytes, size_t count, float *out)
{
    const unsigned char *from = bytes;

    for (size_t i = read_fast(from, count, out); i < count; i++)
        out[i] = f16_value(load_u16(from + 2 * i));
}

void half_read_bf16(const void *bytes, size_t count, float *out)
{
    const unsigned char *from = bytes;

    for (size_t i = 0; i < count; i++)
        out[i] = from_bits((uint32_t)load_u16(from + 2 * i) << 16);
}
