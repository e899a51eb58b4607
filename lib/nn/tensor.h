/* tensor.h - what the nets compute on: pixels of channels, channels last.
 *
 * A tensor is a view: whoever made the memory owns it. It holds n pictures of h rows of w
 * pixels of c channels (NHWC); a sequence of t tokens is h = 1, w = t. Pixel p = (i * h + y) *
 * w + x starts at element p * ld, so that a tensor can be some of the columns of a wider one
 * (the queries in the output of one matrix product for queries, keys and values). */
#ifndef LIB_NN_TENSOR_H
#define LIB_NN_TENSOR_H

#include <stddef.h>
#include <stdint.h>

enum tensor_type {
    TENSOR_F32,
    TENSOR_BF16, /* the upper half of an f32 */
    TENSOR_F16,  /* IEEE half precision; on the CPU only in files */
};

struct tensor {
    void *data; /* borrowed; where the backend computes, which need not be host memory */
    enum tensor_type type;
    uint32_t n, h, w, c;
    size_t ld; /* elements from a pixel to the next: c where nothing lies between */
};

static inline size_t tensor_type_bytes(enum tensor_type type)
{
    return type == TENSOR_F32 ? 4 : 2;
}

static inline size_t tensor_pixels(const struct tensor *tensor)
{
    return (size_t)tensor->n * tensor->h * tensor->w;
}

/* Columns first .. first + count - 1 of every pixel. */
static inline struct tensor tensor_columns(const struct tensor *tensor, uint32_t first,
                                           uint32_t count)
{
    struct tensor view = *tensor;

    if (view.data)
        view.data = (char *)view.data + first * tensor_type_bytes(view.type);
    view.c = count;
    return view;
}

#endif
