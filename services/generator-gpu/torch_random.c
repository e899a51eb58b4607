/* torch_random.c - see torch_random.h.
 *
 * The generator is mt19937 (Matsumoto and Nishimura 1998). Its logarithm, sine and cosine are
 * the single-precision polynomials of the Cephes library, which torch evaluates with AVX2, and
 * here each operation is rounded where it is rounded there: so numbers are equal to the last
 * bit, and not merely as near as libm would bring them. */
#include "services/generator-gpu/torch_random.h"

#include <math.h>
#include <string.h>

enum { WORDS = 624, MIDDLE = 397, BLOCK = 16, HALF = BLOCK / 2 };

void torch_random_seed(struct torch_random *random, uint64_t seed)
{
    random->state[0] = (uint32_t)seed; /* torch, too, forgets the upper half */
    for (uint32_t i = 1; i < WORDS; i++)
        random->state[i] =
            1812433253U * (random->state[i - 1] ^ random->state[i - 1] >> 30) + i;
    random->at = WORDS;
}

static void next_state(struct torch_random *random)
{
    uint32_t *state = random->state;

    for (int i = 0; i < WORDS; i++) {
        uint32_t next = state[(i + 1) % WORDS];
        uint32_t mixed = (state[i] & 0x80000000U) | (next & 0x7fffffffU);

        state[i] = state[(i + MIDDLE) % WORDS] ^ mixed >> 1 ^ (next & 1 ? 0x9908b0dfU : 0);
    }
    random->at = 0;
}

/* 0 <= u < 1, of 24 bits. */
static float next_uniform(struct torch_random *random)
{
    uint32_t y;

    if (random->at == WORDS)
        next_state(random);
    y = random->state[random->at++];
    y ^= y >> 11;
    y ^= y << 7 & 0x9d2c5680U;
    y ^= y << 15 & 0xefc60000U;
    y ^= y >> 18;
    return (float)(y & 0xffffffU) * 0x1p-24F;
}

/* Natural logarithm, 0 < x <= 1: of the fraction, moved into sqrt(1/2) .. sqrt(2), by a
 * polynomial, and of the power of two in two parts, of which the larger has few bits. */
static float log_f32(float x)
{
    static const float P[] = {7.0376836292E-2F,  -1.1514610310E-1F, 1.1676998740E-1F,
                              -1.2420140846E-1F, 1.4249322787E-1F,  -1.6668057665E-1F,
                              2.0000714765E-1F,  -2.4999993993E-1F, 3.3333331174E-1F};
    int exponent;
    float f = frexpf(x, &exponent), e, y, z;

    if (f < 0.707106781186547524F) {
        f += f;
        exponent--;
    }
    e = (float)exponent;
    f -= 1;
    z = f * f;
    y = P[0];
    for (size_t i = 1; i < sizeof P / sizeof P[0]; i++)
        y = fmaf(y, f, P[i]);
    y = fmaf(y * f, z, e * -2.12194440E-4F);
    y = fmaf(z, -0.5F, y);
    return fmaf(e, 0.693359375F, f + y);
}

/* Sine and cosine, 0 <= x < 2 pi: of the distance to the nearest even multiple of pi/4, which
 * is taken off in three parts. */
static void sincos_f32(float x, float *ret_sin, float *ret_cos)
{
    int octant = ((int)(x * 1.27323954473516F) + 1) & ~1;
    float y = (float)octant, z, sine, cosine;

    x = fmaf(y, -0.78515625F, x);
    x = fmaf(y, -2.4187564849853515625E-4F, x);
    x = fmaf(y, -3.77489497744594108E-8F, x);
    z = x * x;
    cosine = fmaf(2.443315711809948E-5F, z, -1.388731625493765E-3F);
    cosine = fmaf(cosine, z, 4.166664568298827E-2F);
    cosine = fmaf(cosine * z, z, z * -0.5F) + 1;
    sine = fmaf(-1.9515295891E-4F, z, 8.3321608736E-3F);
    sine = fmaf(sine, z, -1.6666654611E-1F);
    sine = fmaf(sine * z, x, x);
    *ret_sin = octant & 2 ? cosine : sine;
    *ret_cos = octant & 2 ? sine : cosine;
    if (octant & 4)
        *ret_sin = -*ret_sin;
    if ((octant + 2) & 4)
        *ret_cos = -*ret_cos;
}

/* Box-Muller, in place: the first eight are made of u1 and u2 by the cosine, the others by the
 * sine. */
static void normal_block(float *data)
{
    for (int j = 0; j < HALF; j++) {
        float radius = sqrtf(-2 * log_f32(1 - data[j]));
        float sine, cosine;

        sincos_f32(6.283185307179586F * data[j + HALF], &sine, &cosine);
        data[j] = radius * cosine;
        data[j + HALF] = radius * sine;
    }
}

void torch_random_normal(struct torch_random *random, float *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = next_uniform(random);
    for (size_t i = 0; i + BLOCK <= count; i += BLOCK)
        normal_block(out + i);
    if (count % BLOCK == 0)
        return;
    for (size_t i = count - BLOCK; i < count; i++)
        out[i] = next_uniform(random);
    normal_block(out + count - BLOCK);
}
