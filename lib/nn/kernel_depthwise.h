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
    size_t first; /* element of src: column 0 of the row, which may lie before the picture */
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

INLINE void depthwise_row(enum tensor_type type, const struct kernel_depthwise *d)
{
    for (size_t i = 0; i < d->count; i++)
        depthwise_one(type, d, i);
}

static void depthwise(const struct kernel_depthwise *d)
{
    if (d->type == TENSOR_F32)
        depthwise_row(TENSOR_F32, d);
    else
        depthwise_row(TENSOR_BF16, d);
}

#endif
