/* kernel_depthwise.h - depthwise convolution. Included by kernels_*.c.
 *
 * DEPTHWISE_PIXELS neighbouring results are computed at once, LANES channels at a time, from
 * registers that hold a row of their windows: each number and each weight is read once for all
 * of them. The kernel's size is a constant to the compiler; unusual ones are done one by one.
 */
#ifndef LIB_NN_KERNEL_DEPTHWISE_H
#define LIB_NN_KERNEL_DEPTHWISE_H

#include <stddef.h>

#include "lib/nn/kernel_pool.h"
#include "lib/nn/kernel_rows.h"

enum { DEPTHWISE_PIXELS = 4 }; /* at once */

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

/* One result. */
INLINE void depthwise_one(enum tensor_type type, const struct kernel_depthwise *d, size_t i)
{
    struct inside rows = inside_of(d->y * d->stride, d->top, d->kernel, d->src_h);
    struct inside columns = inside_of((d->x + i) * d->stride, d->left, d->kernel, d->src_w);

    for (size_t col = 0; col < d->cols; col += LANES) {
        const float *weight = d->weight + rows.before * d->kernel * d->weight_ld + col;
        vf sum = vf_load(d->bias + col);

        for (size_t y = rows.from; y < rows.to; y++, weight += d->kernel * d->weight_ld)
            for (size_t x = columns.from; x < columns.to; x++)
                sum +=
                    vf_load(weight + (x - columns.from + columns.before) * d->weight_ld) *
                    depthwise_get(type, d, (y * d->src_w + x) * d->src_ld + col, d->cols - col);
        depthwise_put(type, d, i, col, sum);
    }
}

/* -- some results at once: f32, usual kernels -------------------------------------------------
 */

/* Of DEPTHWISE_PIXELS neighbouring results, what does not change while they are computed. */
struct block {
    const float *src, *weight; /* first row of the windows that is there: picture's pixel 0 */
    size_t rows, row_step, ld, weight_ld;
    ptrdiff_t first, width; /* the windows' first column, may be missing; the picture's */
    const float *bias, *slope;
    float *dst;
    size_t dst_ld, cols;
    float low, high; /* of results, unless they have slopes */
};

/* What the compiler knows. */
struct block_kind {
    int kernel, stride;
    bool relu;  /* what is read counts as max(x, 0) */
    bool slope; /* ACT_PRELU */
    bool inner; /* no column of any window is missing */
    bool whole; /* LANES channels, not fewer */
};

enum { BLOCK_COLUMNS = (DEPTHWISE_PIXELS - 1) * 2 + 5 }; /* at most */

INLINE void block_load(const struct block *b, const float *row, size_t left,
                       struct block_kind kind, vf columns[BLOCK_COLUMNS])
{
    const vf zero = {0};

    UNROLL(11)
    for (int i = 0; i < (DEPTHWISE_PIXELS - 1) * kind.stride + kind.kernel; i++) {
        ptrdiff_t at = b->first + i;

        columns[i] = zero;
        if (kind.inner || (at >= 0 && at < b->width))
            columns[i] = row_get(TENSOR_F32, row, (size_t)at * b->ld, left);
        if (kind.relu)
            columns[i] = vf_max(zero, columns[i]);
    }
}

INLINE void block_store(const struct block *b, size_t col, const vf sum[DEPTHWISE_PIXELS],
                        size_t left, struct block_kind kind)
{
    const vf zero = {0};

    UNROLL(4)
    for (size_t p = 0; p < DEPTHWISE_PIXELS; p++) {
        vf x = sum[p];

        if (kind.slope)
            x = vf_max(zero, x) + vf_load(b->slope + col) * vf_min(zero, x);
        else
            x = vf_min(vf_splat(b->high), vf_max(vf_splat(b->low), x));
        row_put(TENSOR_F32, b->dst, p * b->dst_ld + col, x, left);
    }
}

INLINE void block_channels(const struct block *b, size_t col, struct block_kind kind)
{
    size_t left = kind.whole ? LANES : b->cols - col;
    const float *row = b->src + col, *weight = b->weight + col;
    vf sum[DEPTHWISE_PIXELS], columns[BLOCK_COLUMNS], bias = vf_load(b->bias + col);

    UNROLL(4)
    for (int p = 0; p < DEPTHWISE_PIXELS; p++)
        sum[p] = bias;
    for (size_t ky = 0; ky < b->rows; ky++, row += b->row_step) {
        block_load(b, row, left, kind, columns);
        UNROLL(5)
        for (int kx = 0; kx < kind.kernel; kx++, weight += b->weight_ld) {
            vf w = vf_load(weight);

            UNROLL(4)
            for (int p = 0; p < DEPTHWISE_PIXELS; p++)
                sum[p] += w * columns[p * kind.stride + kx];
        }
    }
    block_store(b, col, sum, left, kind);
}

INLINE void block_run(const struct block *b, struct block_kind kind)
{
    size_t col = 0;

    kind.whole = true;
    for (; col + LANES <= b->cols; col += LANES)
        block_channels(b, col, kind);
    kind.whole = false;
    if (col < b->cols)
        block_channels(b, col, kind);
}

#define BLOCK_FUNCTION(kernel_, stride_, relu_, slope_)                                       \
    static void block_##kernel_##stride_##relu_##slope_(const struct block *at, bool inner)   \
    {                                                                                         \
        struct block b = *at;                                                                 \
                                                                                              \
        if (inner)                                                                            \
            block_run(&b, (struct block_kind){kernel_, stride_, relu_, slope_, true, true});  \
        else                                                                                  \
            block_run(&b, (struct block_kind){kernel_, stride_, relu_, slope_, false, true}); \
    }
#define BLOCK_FUNCTIONS(kernel_, stride_)  \
    BLOCK_FUNCTION(kernel_, stride_, 0, 0) \
    BLOCK_FUNCTION(kernel_, stride_, 0, 1) \
    BLOCK_FUNCTION(kernel_, stride_, 1, 0) BLOCK_FUNCTION(kernel_, stride_, 1, 1)
BLOCK_FUNCTIONS(3, 1)
BLOCK_FUNCTIONS(3, 2)
BLOCK_FUNCTIONS(5, 1)
BLOCK_FUNCTIONS(5, 2)

typedef void block_function(const struct block *at, bool inner);

/* By kernel, stride, relu_src and slope. */
#define BLOCK_ENTRY(kernel_, stride_)                                     \
    {                                                                     \
        {block_##kernel_##stride_##00, block_##kernel_##stride_##01},     \
            {block_##kernel_##stride_##10, block_##kernel_##stride_##11}, \
    }
static block_function *const blocks[2][2][2][2] = {{BLOCK_ENTRY(3, 1), BLOCK_ENTRY(3, 2)},
                                                   {BLOCK_ENTRY(5, 1), BLOCK_ENTRY(5, 2)}};

/* NULL where it has to be done one by one. */
INLINE block_function *block_function_of(const struct kernel_depthwise *d, struct block *b)
{
    const float infinity = __builtin_inff();

    if (d->type != TENSOR_F32 || d->stride < 1 || d->stride > 2 ||
        d->count < DEPTHWISE_PIXELS || (d->kernel != 3 && d->kernel != 5))
        return NULL;
    if (d->act != ACT_NONE && d->act != ACT_RELU && d->act != ACT_RELU6 && d->act != ACT_PRELU)
        return NULL;
    b->low = d->act == ACT_NONE ? -infinity : 0;
    b->high = d->act == ACT_RELU6 ? 6 : infinity;
    return blocks[d->kernel == 5][d->stride - 1][d->relu_src][d->act == ACT_PRELU];
}

INLINE void depthwise_blocks(const struct kernel_depthwise *d, block_function *run,
                             struct block *b)
{
    struct inside rows = inside_of(d->y * d->stride, d->top, d->kernel, d->src_h);
    ptrdiff_t columns = (ptrdiff_t)((DEPTHWISE_PIXELS - 1) * d->stride + d->kernel);

    b->rows = rows.to - rows.from;
    b->ld = d->src_ld;
    b->row_step = d->src_w * d->src_ld;
    b->src = (const float *)d->src + rows.from * b->row_step;
    b->weight_ld = d->weight_ld;
    b->weight = d->weight + rows.before * d->kernel * d->weight_ld;
    b->width = (ptrdiff_t)d->src_w;
    b->bias = d->bias;
    b->slope = d->slope;
    b->dst_ld = d->dst_ld;
    b->cols = d->cols;
    for (size_t i = 0; i < d->count; i += DEPTHWISE_PIXELS) {
        if (i + DEPTHWISE_PIXELS > d->count)
            i = d->count - DEPTHWISE_PIXELS; /* some once more, to the same numbers */
        b->dst = (float *)d->dst + i * d->dst_ld;
        b->first = (ptrdiff_t)((d->x + i) * d->stride) - (ptrdiff_t)d->left;
        run(b, b->first >= 0 && b->first + columns <= b->width);
    }
}

static void depthwise(const struct kernel_depthwise *d)
{
    struct block b = {0};
    block_function *run = block_function_of(d, &b);

    if (run)
        depthwise_blocks(d, run, &b);
    for (size_t i = 0; !run && i < d->count; i++)
        if (d->type == TENSOR_F32)
            depthwise_one(TENSOR_F32, d, i);
        else
            depthwise_one(TENSOR_BF16, d, i);
}

#endif
