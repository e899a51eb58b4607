/* kernel_windows.h - the windows of a convolution as rows of a matrix. Included by kernels_*.c.
 *
 * A span is a few numbers, and there are many: vectors, the last one cut short, instead of
 * calls. */
#ifndef LIB_NN_KERNEL_WINDOWS_H
#define LIB_NN_KERNEL_WINDOWS_H

#include "lib/nn/kernel_pool.h"

/* What is written to, from front to back: up to end a whole vector may be put where only its
 * first numbers count. */
struct spans {
    void *dst;
    size_t at, end;
};

INLINE void span_put(enum tensor_type type, struct spans *to, vf x, size_t count)
{
    if (count >= LANES || to->at + LANES <= to->end)
        vf_put(type, to->dst, to->at, x);
    else
        vf_put_some(type, to->dst, to->at, x, count);
    to->at += count < LANES ? count : LANES;
}

INLINE void span_zero(enum tensor_type type, struct spans *to, size_t count)
{
    for (size_t i = 0; i < count; i += LANES)
        span_put(type, to, (vf){0}, count - i);
}

INLINE void span_copy(enum tensor_type type, struct spans *to, const void *src, size_t from,
                      size_t count)
{
    for (size_t i = 0; i < count; i += LANES)
        span_put(type, to, row_get(type, src, from + i, count - i), count - i);
}

/* A row of a window: kernel_w pixels, of which columns are there. */
INLINE void window_row(enum tensor_type type, const struct kernel_windows *w, struct spans *to,
                       size_t y, const struct inside *columns)
{
    size_t c = w->channels, there = columns->to - columns->from;
    size_t from = (y * w->src_w + columns->from) * w->src_ld;

    span_zero(type, to, columns->before * c);
    if (w->src_ld == c) {
        span_copy(type, to, w->src, from, there * c);
    } else {
        for (size_t i = 0; i < there; i++)
            span_copy(type, to, w->src, from + i * w->src_ld, c);
    }
    span_zero(type, to, (w->kernel_w - columns->before - there) * c);
}

INLINE void windows_of(enum tensor_type type, const struct kernel_windows *given)
{
    const struct kernel_windows w = *given;
    struct inside rows = inside_of(w.y * w.stride, w.top, w.kernel_h, w.src_h);
    size_t each = w.kernel_w * w.channels;
    size_t after = w.kernel_h - rows.before - (rows.to - rows.from);
    struct spans to = {w.dst, 0, w.count * w.kernel_h * each};

    for (size_t i = 0; i < w.count; i++) {
        struct inside columns = inside_of((w.x + i) * w.stride, w.left, w.kernel_w, w.src_w);

        span_zero(type, &to, rows.before * each);
        for (size_t y = rows.from; y < rows.to; y++)
            window_row(type, &w, &to, y, &columns);
        span_zero(type, &to, after * each);
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
