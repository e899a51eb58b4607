/* random.h - numbers that look random and are the same everywhere: splitmix64 (Steele, Lea and
 * Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014). */
#ifndef TESTS_SUPPORT_RANDOM_H
#define TESTS_SUPPORT_RANDOM_H

#include <math.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    uint64_t z = random->state += 0x9E3779B97F4A7C15U;

    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
}

/* A sequence of its own for each (seed, which). */
static inline struct random random_of(uint64_t seed, uint64_t which)
{
    struct random random = {seed};

    random.state = random_next(&random) ^ (which * 0xD1342543DE82EF95U);
    (void)random_next(&random);
    return random;
}

/* 0 <= x < 1 */
static inline double random_unit(struct random *random)
{
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

/* 0 <= x < below */
static inline uint32_t random_below(struct random *random, uint32_t below)
{
    return (uint32_t)(((random_next(random) >> 32) * below) >> 32);
}

/* Mean 0, variance 1 (Box and Muller; one of the pair). */
static inline double random_normal(struct random *random)
{
    double u = 1 - random_unit(random), v = random_unit(random);

    return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}

#endif
