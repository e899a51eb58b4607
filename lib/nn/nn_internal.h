/* nn_internal.h - struct nn as the operations see it. */
#ifndef LIB_NN_NN_INTERNAL_H
#define LIB_NN_NN_INTERNAL_H

#include "lib/nn/kernels.h"
#include "lib/nn/nn.h"
#include "lib/nn/onednn.h"
#include "lib/nn/parallel.h"

struct nn {
    enum tensor_type type;
    int threads;
    const struct kernels *kernels;
    struct onednn *onednn;
    struct nn_memory memory; /* where scratch comes from */
    char *scratch;           /* aligned to 64 bytes */
    size_t scratch_size;
    float *unpacked; /* weights on their way from the file to their packed form */
    size_t unpacked_size;
};

/* At least so much scratch memory; what was in it is lost. */
int nn_reserve(struct nn *nn, size_t bytes, struct err *err);

/* Memory for count floats of weights that are being packed, kept from layer to layer: getting
 * fresh pages for each takes longer than the packing. NULL: err says why. */
float *nn_unpacked(struct nn *nn, size_t count, struct err *err);

/* There is nothing to pack any more. */
void nn_unpacked_free(struct nn *nn);

/* What err says; never 0. */
static inline int nn_failed(const struct err *err)
{
    return err->code < 0 ? err->code : ERR_INVALID;
}

/* Rounded up to where the next piece of scratch memory may begin. */
static inline size_t nn_aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static inline size_t nn_ceil_div(size_t a, size_t b)
{
    return (a + b - 1) / b;
}

/* Pixels of one row of one picture. */
struct pixel_run {
    size_t picture, y, x, count;
};

/* From pixel first of all on, at most most of them. */
static inline struct pixel_run pixel_run_at(const struct tensor *t, size_t first, size_t most)
{
    size_t row = first / t->w, x = first % t->w;

    return (struct pixel_run){row / t->h, row % t->h, x, t->w - x < most ? t->w - x : most};
}

static inline char *tensor_at(const struct tensor *t, size_t pixel)
{
    return (char *)t->data + pixel * t->ld * tensor_type_bytes(t->type);
}

#endif
