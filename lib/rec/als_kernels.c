/* als_kernels.c - see als_kernels.h: which builds this processor can run. */
#include "lib/rec/als_kernels.h"

enum { BUILDS = 3 };

/* As als_kernel.h lays it out (struct scratch). */
size_t als_scratch_bytes(size_t factors, size_t count)
{
    size_t side = (count < factors ? count : factors) + ALS_PANEL - 1, rows;

    side -= side % ALS_PANEL;
    rows = count >= factors && side < ALS_BLOCK ? ALS_BLOCK : side;
    return (side * side + side) * sizeof(double) + rows * (factors + 1) * sizeof(float);
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
