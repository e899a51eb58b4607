/* als_kernels.c - see als_kernels.h: which builds this processor can run. */
#include "lib/rec/als_kernels.h"

enum { BUILDS = 3, LINE = 64 };

/* As als_kernel.h lays it out (struct scratch), for rows of up to count entries: those of fewer
 * than factors may need more than those of more. */
size_t als_scratch_bytes(size_t factors, size_t count)
{
    size_t side = (count < factors ? count : factors) + ALS_PANEL - 1;
    size_t floats;

    side -= side % ALS_PANEL;
    floats = (count < factors || side > ALS_BLOCK ? side : ALS_BLOCK) * factors;
    return floats * sizeof(float) + (side * side + side) * sizeof(double) +
           (side > ALS_BLOCK ? side : ALS_BLOCK) * sizeof(float) + LINE;
}

static size_t runnable(const struct als_kernels **ret)
{
    size_t count = 0;

    ret[count++] = als_kernels_plain();
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        ret[count++] = als_kernels_avx2();
    if (count == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"))
        ret[count++] = als_kernels_avx512();
#endif
    return count;
}

const struct als_kernels *als_kernels_at(size_t i)
{
    const struct als_kernels *builds[BUILDS];

    return i < runnable(builds) ? builds[i] : NULL;
}

const struct als_kernels *als_kernels_best(void)
{
    const struct als_kernels *builds[BUILDS];

    return builds[runnable(builds) - 1];
}
