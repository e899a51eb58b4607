/* als_kernels.h - the inner loops of iALS, compiled once for each kind of processor
 * (als_kernels_*.c), all from als_kernel.h on vectors of another width.
 *
 * Every number is summed up in the same order whatever the width, so that the builds agree to
 * the bit where they multiply and add in one rounding (all but the plain one on x86). They run
 * on the thread that calls, and allocate nothing. */
#ifndef LIB_REC_ALS_KERNELS_H
#define LIB_REC_ALS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ALS_PANEL = 16, /* columns side by side: factors are a multiple of it */
    ALS_BLOCK = 64  /* rows that are summed up in f32 before they go into a double */
};

/* One row of the matrix, to be solved with the other side's factors Y fixed. Those lie in the
 * principal axes of Y'Y, so that unobserved * Y'Y + lambda is diagonal, and scale is that
 * diagonal to the power of -1/2. */
struct als_row {
    const float *other; /* Y, [.. x factors] */
    const float *scale; /* [factors] */
    size_t factors;
    const uint32_t *col;
    const float *weight; /* NULL: all 1 */
    size_t count;        /* of entries, at least 1 */
};

struct als_kernels {
    const char *name;

    /* The upper triangle of sum += a'a; a is [rows x cols], sum [cols x cols], rows at most
     * ALS_BLOCK. What is below the diagonal is written, too, without a meaning. */
    void (*gram)(const float *a, size_t rows, size_t cols, double *sum);

    /* rows = rows * axes, in place; axes is [factors x factors]. */
    void (*turn)(float *rows, size_t count, size_t factors, const float *axes);

    /* scratch has als_scratch_bytes and begins at a multiple of 64. false where the numbers
     * leave what floats can hold; ret_x is untouched then. */
    bool (*solve)(const struct als_row *row, void *scratch, float *ret_x);
};

/* For a row of so many entries, or fewer. */
size_t als_scratch_bytes(size_t factors, size_t count);

/* The best that this processor can run. */
const struct als_kernels *als_kernels_best(void);

/* All that it can run, plain first; NULL from their number on. */
const struct als_kernels *als_kernels_at(size_t i);

/* The builds; NULL where one is for another kind of processor than this program. */
const struct als_kernels *als_kernels_plain(void);
const struct als_kernels *als_kernels_avx2(void);
const struct als_kernels *als_kernels_avx512(void);

#endif
