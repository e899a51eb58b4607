/* kernel_rows.h - norms and conversions: what goes over memory once. Included by kernels_*.c.
 */
#ifndef LIB_NN_KERNEL_ROWS_H
#define LIB_NN_KERNEL_ROWS_H

#include "lib/nn/simd.h"

INLINE vf row_get(enum tensor_type type, const void *p, size_t i, size_t left)
{
    return left >= LANES ? vf_get(type, p, i) : vf_get_some(type, p, i, left);
}

INLINE void row_put(enum tensor_type type, void *p, size_t i, vf x, size_t left)
{
    if (left >= LANES)
        vf_put(type, p, i, x);
    else
        vf_put_some(type, p, i, x, left);
}

/* -- group norm: moments, then one multiplication and one addition for each channel -----------
 */

enum {
    MOMENT_VECTORS = 4,
    MOMENT_COLUMNS = MOMENT_VECTORS * LANES
}; /* of channels whose sums stay in registers */

/* sums[c] = sum over the rows of x - shift[c], or of its square. */
INLINE void column_sums(enum tensor_type type, const struct kernel_moments *m,
                        const float *shift, float *sums)
{
    for (size_t col = 0; col < m->cols; col += MOMENT_COLUMNS) {
        vf sum[MOMENT_VECTORS] = {{0}}, by[MOMENT_VECTORS] = {{0}};
        size_t left = m->cols - col;

        for (size_t v = 0; shift && v < MOMENT_VECTORS && v * LANES < left; v++)
            by[v] = row_get(TENSOR_F32, shift, col + v * LANES, left - v * LANES);
        for (size_t row = 0; row < m->rows; row++) {
            UNROLL(4)
            for (size_t v = 0; v < MOMENT_VECTORS; v++) {
                vf x;

                if (v * LANES >= left)
                    continue;
                x = row_get(type, m->src, row * m->ld + col + v * LANES, left - v * LANES);
                x -= by[v];
                sum[v] += shift ? x * x : x;
            }
        }
        for (size_t v = 0; v < MOMENT_VECTORS && v * LANES < left; v++)
            row_put(TENSOR_F32, sums, col + v * LANES, sum[v], left - v * LANES);
    }
}

static void group_sums(const float *columns, size_t each, size_t groups, float *sums)
{
    for (size_t g = 0; g < groups; g++) {
        float sum = 0;

        for (size_t i = 0; i < each; i++)
            sum += columns[g * each + i];
        sums[g] = sum;
    }
}

INLINE void moments_of(enum tensor_type type, const struct kernel_moments *m)
{
    size_t each = m->cols / m->groups;
    float *sums = m->scratch, *shift = m->scratch + m->cols;

    column_sums(type, m, NULL, sums);
    group_sums(sums, each, m->groups, m->mean);
    for (size_t g = 0; g < m->groups; g++) {
        m->mean[g] /= (float)(each * m->rows);
        for (size_t i = 0; i < each; i++)
            shift[g * each + i] = m->mean[g];
    }
    column_sums(type, m, shift, sums);
    group_sums(sums, each, m->groups, m->square);
}

static void moments(const struct kernel_moments *m)
{
    if (m->type == TENSOR_F32)
        moments_of(TENSOR_F32, m);
    else
        moments_of(TENSOR_BF16, m);
}

INLINE void affine_of(enum tensor_type type, const struct kernel_rows *r, enum activation act)
{
    for (size_t row = 0; row < r->rows; row++)
        for (size_t col = 0; col < r->cols; col += LANES) {
            size_t left = r->cols - col;
            vf x = row_get(type, r->src, row * r->src_ld + col, left);

            x = x * row_get(TENSOR_F32, r->scale, col, left) +
                row_get(TENSOR_F32, r->shift, col, left);
            row_put(type, r->dst, row * r->dst_ld + col, vf_act(act, x, (vf){0}), left);
        }
}

static void affine(const struct kernel_rows *r)
{
    if (r->type == TENSOR_F32 && r->act == ACT_SILU)
        affine_of(TENSOR_F32, r, ACT_SILU);
    else if (r->type == TENSOR_F32)
        affine_of(TENSOR_F32, r, r->act);
    else if (r->act == ACT_SILU)
        affine_of(TENSOR_BF16, r, ACT_SILU);
    else
        affine_of(TENSOR_BF16, r, r->act);
}

/* -- layer norm
 * -------------------------------------------------------------------------------- */

/* Sum over a row of x - shift, or of its square. */
INLINE float row_sum(enum tensor_type type, const void *src, size_t at, size_t cols,
                     const float *shift)
{
    vf sum = {0};
    size_t col = 0;

    for (; col + LANES <= cols; col += LANES) {
        vf x = vf_get(type, src, at + col);

        if (shift)
            x = (x - *shift) * (x - *shift);
        sum += x;
    }
    if (col < cols) {
        vf x = vf_get_some(type, src, at + col, cols - col);
        float some[LANES] = {0};

        if (shift)
            x = (x - *shift) * (x - *shift);
        vf_put_some(TENSOR_F32, some, 0, x, cols - col);
        sum += vf_load(some);
    }
    return vf_sum(sum);
}

INLINE void layer_norm_of(enum tensor_type type, const struct kernel_rows *r)
{
    for (size_t row = 0; row < r->rows; row++) {
        size_t at = row * r->src_ld;
        float mean = row_sum(type, r->src, at, r->cols, NULL) / (float)r->cols;
        float square = row_sum(type, r->src, at, r->cols, &mean) / (float)r->cols;
        float scale = 1.0F / __builtin_sqrtf(square + r->eps);

        for (size_t col = 0; col < r->cols; col += LANES) {
            size_t left = r->cols - col;
            vf x = (row_get(type, r->src, at + col, left) - mean) * scale;

            if (r->scale)
                x *= row_get(TENSOR_F32, r->scale, col, left);
            if (r->shift)
                x += row_get(TENSOR_F32, r->shift, col, left);
            row_put(type, r->dst, row * r->dst_ld + col, vf_act(r->act, x, (vf){0}), left);
        }
    }
}

static void layer_norm(const struct kernel_rows *r)
{
    if (r->type == TENSOR_F32)
        layer_norm_of(TENSOR_F32, r);
    else
        layer_norm_of(TENSOR_BF16, r);
}

/* -- conversions
 * ------------------------------------------------------------------------------- */

INLINE void copy_as(enum tensor_type from, const void *src, enum tensor_type to, void *dst,
                    size_t count)
{
    for (size_t i = 0; i < count; i += LANES)
        row_put(to, dst, i, row_get(from, src, i, count - i), count - i);
}

static void to_f32(enum tensor_type type, const void *src, size_t count, float *dst)
{
    if (type == TENSOR_F32)
        copy_as(TENSOR_F32, src, TENSOR_F32, dst, count);
    else
        copy_as(TENSOR_BF16, src, TENSOR_F32, dst, count);
}

static void from_f32(enum tensor_type type, const float *src, size_t count, void *dst)
{
    if (type == TENSOR_F32)
        copy_as(TENSOR_F32, src, TENSOR_F32, dst, count);
    else
        copy_as(TENSOR_F32, src, TENSOR_BF16, dst, count);
}

INLINE bool finite_of(enum tensor_type type, const void *src, size_t count)
{
    vi bad = {0};
    int found = 0;

    for (size_t i = 0; i < count; i += LANES) {
        vf x = row_get(type, src, i, count - i);

        bad |= ((vi)x & 0x7f800000) == 0x7f800000;
    }
    for (int i = 0; i < LANES; i++)
        found |= bad[i];
    return found == 0;
}

static bool all_finite(enum tensor_type type, const void *src, size_t count)
{
    return type == TENSOR_F32 ? finite_of(TENSOR_F32, src, count)
                              : finite_of(TENSOR_BF16, src, count);
}

#endif
