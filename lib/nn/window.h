/* window.h - where the windows of a convolution or of a pooling lie. */
#ifndef LIB_NN_WINDOW_H
#define LIB_NN_WINDOW_H

#include <stdint.h>

/* Pixels that are missing at a picture's sides: zero to a convolution, nothing to a pooling. */
struct pad {
    uint32_t top, left, bottom, right;
};

static inline struct pad pad_all(uint32_t pixels)
{
    return (struct pad){pixels, pixels, pixels, pixels};
}

/* How many windows there are along a side of size pixels; 0 where none fits. */
static inline uint32_t window_span(uint32_t size, uint32_t kernel, uint32_t missing,
                                   uint32_t stride)
{
    return size + missing < kernel ? 0 : (size + missing - kernel) / stride + 1;
}

/* What TensorFlow calls SAME: ceil(h / stride) rows of ceil(w / stride) windows; of an odd
 * number of missing pixels the one more is after. (Its VALID is no pad at all.) */
static inline struct pad pad_same(uint32_t h, uint32_t w, uint32_t kernel, uint32_t stride)
{
    uint32_t need_h = (h - 1) / stride * stride + kernel;
    uint32_t need_w = (w - 1) / stride * stride + kernel;
    uint32_t missing_h = need_h > h ? need_h - h : 0, missing_w = need_w > w ? need_w - w : 0;

    return (struct pad){missing_h / 2, missing_w / 2, missing_h - missing_h / 2,
                        missing_w - missing_w / 2};
}

#endif
