/* kernels.c - see kernels.h: which builds of the kernels this processor can run. */
#include "lib/nn/kernels.h"
#include "lib/nn/kernels_internal.h"

enum { BUILDS = 4 };

size_t kernel_attention_scratch(size_t rows, size_t dim, size_t block)
{
    size_t values = (dim + PANEL - 1) / PANEL * PANEL;

    return (rows * (2 * block + values + 2) + 15) / 16 * 16;
}

#ifdef __x86_64__
static bool have_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

bool kernels_have_bf16(void)
{
    return have_avx512() && __builtin_cpu_supports("avx512bf16");
}

static size_t runnable(const struct kernels **ret)
{
    size_t count = 0;

    ret[count++] = kernels_plain();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        ret[count++] = kernels_avx2();
    if (have_avx512())
        ret[count++] = kernels_avx512();
    if (kernels_have_bf16())
        ret[count++] = kernels_avx512_bf16();
    return count;
}
#else
bool kernels_have_bf16(void)
{
    return false;
}

static size_t runnable(const struct kernels **ret)
{
    ret[0] = kernels_plain();
    return 1;
}
#endif

const struct kernels *kernels_at(size_t i)
{
    const struct kernels *builds[BUILDS];

    return i < runnable(builds) ? builds[i] : NULL;
}

const struct kernels *kernels_best(void)
{
    const struct kernels *builds[BUILDS];

    return builds[runnable(builds) - 1];
}
