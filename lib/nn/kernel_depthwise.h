/* kernel_depthwise.h - depthwise convolution. Included by kernels_*.c.
 *
 * Some neighbouring results are computed at once, LANES channels at a time: each weight is read
 * once for all of them. Sizes are constants to the compiler in the functions that matter; what
 * lies at a picture's left and right side, and unusual kernels, are done one by one. */
#ifndef LIB_NN_KERNEL_DEPTHWISE_H
#define LIB_NN_KERNEL_DEPTHWISE_H

#include "lib/nn/kernel_pool.h"
#include "lib/nn/kernel_rows.h"

enum { DEPTHWISE_PIXELS = 4 }; /* at once */

/* Which rows and columns of the kernel fall on the picture, and where the first is. */
struct taps {
    size_t row, rows_end, column, columns_end;
    size_t first; /* of them: element of src */
};

/* For result i of the row. */
INLINE struct taps taps_of(const struct kernel_depthwise *d, size_t i)
{
    size_t y = d->y * d->stride, x = (d->x + i) * d->stride;
    struct inside rows = inside_of(y, d->top, d->kernel, d->src_h);
    struct inside columns = inside_of(x, d->left, d->kernel, d->src_w);

    return (struct taps){
        .row = rows.from + d->top - y,
        .rows_end = rows.to + d->top - y,
        .column = columns.from + d->left - x,
        .columns_end = columns.to + d->left - x,
        .first = (rows.from * d->src_w + columns.from) * d->src_ld,
    };
}

INLINE vf depthwise_get(enum tensor_type type, const struct kernel_depthwise *d, size_t at,
                        size_t left)
{
    const vf zero = {0};
    vf x = row_get(type, d->src, at, left);

    return d->relu_src ? vf_max(zero, x) : x;
}

INLINE void depthwise_put(enum tensor_type type, const struct kernel_depthwise *d, size_t i,
                          size_t col, vf x)
{
    vf slope = d->act == ACT_PRELU ? vf_load(d->slope + col) : (vf){0};

    row_put(type, d->dst, i * d->dst_ld + col, vf_act(d->act, x, slope), d->cols - col);
}

/* One result, whatever of its window is missing. */
INLINE void depthwise_one(enum tensor_type type, const struct kernel_depthwise *d, size_t i)
{
    struct taps t = taps_of(d, i);

    for (size_t col = 0; col < d->cols; col += LANES) {
        vf sum = vf_load(d->bias + col);
        size_t row = t.first + col;

        for (size_t ky = t.row; ky < t.rows_end; ky++, row += d->src_w * d->src_ld)
            for (size_t kx = t.column; kx < t.columns_end; kx++)
                sum += vf_load(d->weight + (ky * d->kernel + kx) * d->weight_ld + col) *
                       depthwise_get(type, d, row + (kx - t.column) * d->src_ld, d->cols - col);
        depthwise_put(type, d, i, col, sum);
    }
}

/* DEPTHWISE_PIXELS results from i on, LANES channels or the last few; no column of their
 * windows is missing. kernel, stride, relu and whole are constants. */
INLINE void depthwise_some(const struct kernel_depthwise *d, size_t i, const struct taps *t,
                           size_t col, const int shape[4])
{
    const int kernel = shape[0], stride = shape[1], relu = shape[2], whole = shape[3];
    const vf zero = {0};
    const float *src = (const float *)d->src + t->first + col;
    const float *weight = d->weight + t->row * d->kernel * d->weight_ld + col;
    size_t left = whole ? LANES : d->cols - col;
    vf sum[DEPTHWISE_PIXELS];

    for (int p = 0; p < DEPTHWISE_PIXELS; p++)
        sum[p] = vf_load(d->bias + col);
    for (size_t ky = t->row; ky < t->rows_end; ky++, src += d->src_w * d->src_ld) {
        UNROLL(11)
        for (int at = 0; at < (DEPTHWISE_PIXELS - 1) * stride + kernel; at++) {
            vf x = row_get(TENSOR_F32, src, (size_t)at * d->src_ld, left);

            if (relu)
                x = vf_max(zero, x);
            UNROLL(4)
            for (int p = 0; p < DEPTHWISE_PIXELS; p++) {
                int kx = at - p * stride;

                if (kx >= 0 && kx < kernel)
                    sum[p] += x * vf_load(weight + (size_t)kx * d->weight_ld);
            }
        }
        weight += (size_t)kernel * d->weight_ld;
    }
    for (size_t p = 0; p < DEPTHWISE_PIXELS; p++)
        depthwise_put(TENSOR_F32, d, i + p, col, sum[p]);
}

INLINE void depthwise_sized(const struct kernel_depthwise *d, size_t i, int kernel, int stride,
                            int relu)
{
    const struct taps t = taps_of(d, i);
    size_t col = 0;

    for (; col + LANES <= d->cols; col += LANES)
        depthwise_some(d, i, &t, col, (const int[]){kernel, stride, relu, 1});
    if (col < d->cols)
        depthwise_some(d, i, &t, col, (const int[]){kernel, stride, relu, 0});
}

#define DEPTHWISE_FUNCTION(kernel_, stride_)                                                \
    static void depthwise_##kernel_##_##stride_(const struct kernel_depthwise *d, size_t i) \
    {                                                                                       \
        if (d->relu_src)                                                                    \
            depthwise_sized(d, i, kernel_, stride_, 1);                                     \
        else                                                                                \
            depthwise_sized(d, i, kernel_, stride_, 0);                                     \
    }
DEPTHWISE_FUNCTION(3, 1)
DEPTHWISE_FUNCTION(3, 2)
DEPTHWISE_FUNCTION(5, 1)
DEPTHWISE_FUNCTION(5, 2)

typedef void depthwise_pixels(const struct kernel_depthwise *d, size_t i);

/* NULL where there is none for the size. */
INLINE depthwise_pixels *depthwise_function(const struct kernel_depthwise *d)
{
    if (d->type != TENSOR_F32 || d->stride < 1 || d->stride > 2)
        return NULL;
    if (d->kernel == 3)
        return d->stride == 1 ? depthwise_3_1 : depthwise_3_2;
    if (d->kernel == 5)
        return d->stride == 1 ? depthwise_5_1 : depthwise_5_2;
    return NULL;
}

/* Whether no column of the windows of result i and its neighbours is missing. */
INLINE bool depthwise_inside(const struct kernel_depthwise *d, size_t i)
{
    size_t x = (d->x + i) * d->stride;

    return i + DEPTHWISE_PIXELS <= d->count && x >= d->left &&
           x - d->left + (DEPTHWISE_PIXELS - 1) * d->stride + d->kernel <= d->src_w;
}

static void depthwise(const struct kernel_depthwise *d)
{
    depthwise_pixels *some = depthwise_function(d);
    size_t i = 0;

    while (i < d->count) {
        if (some && depthwise_inside(d, i)) {
            some(d, i);
            i += DEPTHWISE_PIXELS;
        } else if (d->type == TENSOR_F32) {
            depthwise_one(TENSOR_F32, d, i++);
        } else {
            depthwise_one(TENSOR_BF16, d, i++);
        }
    }
}

#endif
