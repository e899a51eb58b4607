/* dot.c - see dot.h. */
#include "services/recommender-proxy/dot.h"

#include "lib/base/processors.h"

FOR_SEVERAL_PROCESSORS
float dot(const float *restrict a, const float *restrict b, int count)
{
    float sum = 0;

#pragma omp simd reduction(+ : sum)
    for (int k = 0; k < count; k++)
        sum += a[k] * b[k];
    return sum;
}
