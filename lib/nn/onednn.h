/* onednn.h - oneDNN's convolutions, whether its version is 2 or 3. onednn.c is the only file
 * that knows oneDNN. */
#ifndef LIB_NN_ONEDNN_H
#define LIB_NN_ONEDNN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/nn/tensor.h"
#include "lib/nn/window.h"

struct onednn;      /* oneDNN's engine and stream; used from one thread at a time */
struct onednn_conv; /* a convolution of one shape */

struct onednn *onednn_new(struct err *err);
void onednn_free(struct onednn *onednn);

struct onednn_conv_shape {
    enum tensor_type type;
    uint32_t n, h, w, in, out_h, out_w, out; /* pictures are NHWC without gaps */
    uint32_t kernel_h, kernel_w, stride, groups;
    struct pad pad;
    bool residual; /* the sum is added to what is in dst */
    bool any;      /* source and destination as oneDNN likes them best: for measuring only */
};

/* Made for the calling thread's number of threads (parallel_use), and to be run with it. */
struct onednn_conv *onednn_conv_new(struct onednn *onednn,
                                    const struct onednn_conv_shape *shape, struct err *err);
void onednn_conv_free(struct onednn_conv *conv);

/* oneDNN's name of the code that runs. */
const char *onednn_conv_name(const struct onednn_conv *conv);

/* The packed weights' size, and whether two take the same. */
size_t onednn_conv_weights_size(const struct onednn_conv *conv);
bool onednn_conv_same_weights(const struct onednn_conv *a, const struct onednn_conv *b);

/* floats: [out, in / groups, kh, kw]; packed: of weights_size bytes. */
int onednn_conv_pack(struct onednn_conv *conv, const float *floats, void *packed,
                     struct err *err);

size_t onednn_conv_scratch_size(const struct onednn_conv *conv);

struct onednn_conv_data {
    const void *src, *weights;
    const float *bias; /* out floats */
    void *dst, *scratch;
};

int onednn_conv_run(struct onednn_conv *conv, const struct onednn_conv_data *data,
                    struct err *err);

#endif
