/* nets_pass.h - one pass through a net: its topology as calls, tensor in, tensor out.
 *
 * A net is one function that calls its layers in their order. The first time each call makes
 * its layer: it finds the tensors of that name in the file and checks their shapes; nothing is
 * computed, and the arena learns how much memory the pass takes. From then on the same calls
 * take the same layers. After the first failure, which is in pass->err, calls do nothing.
 *
 * Results lie at the end of the arena that is used now, and stay until it is dropped
 * (lib/nn/arena.h). */
#ifndef SERVICES_EMOTION_NETS_PASS_H
#define SERVICES_EMOTION_NETS_PASS_H

#include "lib/nn/activation.h"
#include "lib/nn/arena.h"
#include "lib/nn/nn.h"
#include "lib/nn/safetensors.h"

struct net_layer;

/* Of one net, in the order of their calls. */
struct net_layers {
    const struct safetensors *file; /* borrowed */
    struct net_layer *all;
    size_t count, capacity;
};

void net_layers_done(struct net_layers *layers);

struct pass {
    struct nn *nn;       /* borrowed, as the others */
    struct arena *arena; /* begun */
    struct net_layers *layers;
    bool make; /* the layers: in the first plan */
    size_t next;
    char name[64];
    struct err err;
};

static inline bool pass_failed(const struct pass *pass)
{
    return pass->err.code != 0;
}

/* A layer's name; valid until the next. */
const char *pass_name(struct pass *pass, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* side * side pixels of RGB as the net wants them: pixel * scale + shift. */
struct pass_pixels {
    uint32_t side;
    float scale;
    float shift[3]; /* in the net's order of colours */
    bool bgr;
};
struct tensor pass_input(struct pass *pass, const float *pixels, const struct pass_pixels *how);

/* NAME.weight, .bias, and .slope where act is ACT_PRELU. */
struct pass_conv {
    uint32_t out, kernel, stride;
    bool same; /* zeros at the sides as TensorFlow's SAME has it; else none */
    enum activation act;
    const struct tensor *residual; /* added before act; may be NULL */
};
struct tensor pass_conv(struct pass *pass, const char *name, struct tensor src,
                        const struct pass_conv *how);

/* A depthwise 3x3 with zeros at the sides, NAME.depthwise.weight (and .bias where it has an
 * activation of its own), then a linear layer, NAME.pointwise as a conv's. */
struct pass_separable {
    uint32_t out, stride;
    bool relu_src;                 /* reads max(src, 0) */
    enum activation middle;        /* of the depthwise convolution; ACT_NONE: has no bias */
    const struct tensor *residual; /* added before act; may lack channels; may be NULL */
    enum activation act;
};
struct tensor pass_separable(struct pass *pass, const char *name, struct tensor src,
                             const struct pass_separable *how);

/* Of one pixel: NAME.weight [out, in], .bias. */
struct tensor pass_linear(struct pass *pass, const char *name, struct tensor src, uint32_t out,
                          enum activation act);

/* The largest of size * size pixels, every second one. */
struct tensor pass_pool(struct pass *pass, struct tensor src, uint32_t size);
struct tensor pass_mean(struct pass *pass, struct tensor src);

/* What is in src, all of it finite; NULL in a plan and after a failure. */
const float *pass_floats(struct pass *pass, struct tensor src);

/* All of it to ret_floats; nothing in a plan and after a failure. */
void pass_output(struct pass *pass, struct tensor src, float *ret_floats);

/* The next link of a chain of layers: between begin and end what is made goes to the other end
 * of the arena than what it is made from, and after that the latter is gone. */
void pass_link_begin(struct pass *pass);
void pass_link_end(struct pass *pass);

/* The link that each net begins with, "stem": a convolution of the picture that halves its
 * sides; out, kernel and act of how count. */
struct tensor pass_stem(struct pass *pass, struct tensor picture, const struct pass_conv *how);

#endif
