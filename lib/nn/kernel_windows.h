/* kernel_windows.h - the windows of a convolution as rows of a matrix. Included by kernels_*.c.
 *
 * A span is a few numbers, and there are many: vectors, the last one cut short, instead of
 * calls. */
#ifndef LIB_NN_KERNEL_WINDOWS_H
#define LIB_NN_KERNEL_WINDOWS_H

#include "lib/nn/kernel_pool.h"

INLINE void span_zero(enum tensor_type type, void *dst, size_t at, size_t count)
{
    for (size_t i = 0; i < count; i += LANES)
        row_put(type, dst, at + i, (vf){0}, count - i);
}

INLINE void span_copy(enum tensor_type type, void *dst, size_t at, const void *src, size_t from,
                      size_t count)
{
    for (size_t i = 0; i < count; i += LANES)
        row_put(type, dst, at + i, row_get(type, src, from + i, count - i), count - i);
}

/* A row of a window: kernel_w pixels, of which columns are there. at: its first element. */
INLINE void window_row(enum tensor_type type, const struct kernel_windows *w, size_t at,
                       size_t y, const struct inside *columns)
{
    size_t c = w->channels, there = columns->to - columns->from;
    size_t from = (y * w->src_w + columns->from) * w->src_ld;

    span_zero(type, w->dst, at, columns->before * c);
    at += columns->before * c;
    if (w->src_ld == c) {
        span_copy(type, w->dst, at, w->src, from, there * c);
    } else {
        for (size_t i = 0; i < there; i++)
            span_copy(type, w->dst, at + i * c, w->src, from + i * w->src_ld, c);
    }
    at += there * c;
    span_zero(type, w->dst, at, (w->kernel_w - columns->before - there) * c);
}

INLINE void windows_of(enum tensor_type type, const struct kernel_windows *given)
{
    const struct kernel_windows w = *given;
    struct inside rows = inside_of(w.y * w.stride, w.top, w.kernel_h, w.src_h);
    size_t each = w.kernel_w * w.channels, at = 0;
    size_t after = w.kernel_h - rows.before - (rows.to - rows.from);

    for (size_t i = 0; i < w.count; i++) {
        struct inside columns = inside_of((w.x + i) * w.stride, w.left, w.kernel_w, w.src_w);

        span_zero(type, w.dst, at, rows.before * each);
        at += rows.before * each;
        for (size_t y = rows.from; y < rows.to; y++, at += each)
            window_row(type, &w, at, y, &columns);
        span_zero(type, w.dst, at, after * each);
        at += after * each;
    }
}

static void windows(const struct kernel_windows *w)
{
    if (w->type == TENSOR_F32)
        windows_of(TENSOR_F32, w);
    else
        windows_of(TENSOR_BF16, w);
}

#endif
