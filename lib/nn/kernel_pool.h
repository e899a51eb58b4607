/* kernel_pool.h - the largest of windows, and means. Included by kernels_*.c. */
#ifndef LIB_NN_KERNEL_POOL_H
#define LIB_NN_KERNEL_POOL_H

#include "lib/nn/kernel_rows.h"

/* The part of a window from pixel at on that lies on a side of size pixels. */
struct inside {
    size_t from, to; /* of the picture; from < to, as a pad is less than the window */
    size_t before;   /* pixels of the window that are missing before it */
};

INLINE struct inside inside_of(size_t at, size_t before, size_t window, size_t size)
{
    struct inside in = {at > before ? at - before : 0, at + window - before,
                        before > at ? before - at : 0};

    if (in.to > size)
        in.to = size;
    return in;
}

INLINE void pool_pixel(enum tensor_type type, const struct kernel_pool *p, size_t i)
{
    struct inside rows = inside_of(p->y * p->stride, p->top, p->size, p->src_h);
    struct inside columns = inside_of((p->x + i) * p->stride, p->left, p->size, p->src_w);

    for (size_t col = 0; col < p->cols; col += LANES) {
        size_t left = p->cols - col;
        vf most = vf_splat(-__builtin_inff());

        for (size_t y = rows.from; y < rows.to; y++)
            for (size_t x = columns.from; x < columns.to; x++)
                most = vf_max(
                    most, row_get(type, p->src, (y * p->src_w + x) * p->src_ld + col, left));
        row_put(type, p->dst, i * p->dst_ld + col, most, left);
    }
}

static void pool_max(const struct kernel_pool *p)
{
    for (size_t i = 0; i < p->count; i++)
        if (p->type == TENSOR_F32)
            pool_pixel(TENSOR_F32, p, i);
        else
            pool_pixel(TENSOR_BF16, p, i);
}

INLINE void mean_of(enum tensor_type type, const struct kernel_rows *r)
{
    for (size_t col = 0; col < r->cols; col += LANES) {
        size_t left = r->cols - col;
        vf sum = {0};

        for (size_t row = 0; row < r->rows; row++)
            sum += row_get(type, r->src, row * r->src_ld + col, left);
        row_put(type, r->dst, col, sum * (1.0F / (float)r->rows), left);
    }
}

static void mean(const struct kernel_rows *r)
{
    if (r->type == TENSOR_F32)
        mean_of(TENSOR_F32, r);
    else
        mean_of(TENSOR_BF16, r);
}

#endif
