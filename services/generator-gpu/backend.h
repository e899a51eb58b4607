/* backend.h - where the models' arithmetic happens: a small set of fused operations.
 *
 * The models (text_encoder, unet, vae) are written once against this; cpu (backend_cpu.c, thin
 * above lib/nn) is one implementation, CUDA another. Tensors are NHWC in the backend's memory
 * and of its one type (struct backend's type); sums, means and exponentials are in f32 whatever
 * the type.
 *
 * A model runs over memory that it takes from an arena, so nothing is allocated inside a step,
 * and a pass with the same shapes touches the same addresses (which a CUDA graph needs). It
 * runs twice: first with plan set, when nothing is computed and the operations make ready what
 * these shapes need (primitives, scratch memory), then for real, any number of times. See run.h
 * for the calls that models make; they check shapes before they come here.
 *
 * Operations return 0 or an error. They may be asynchronous until sync() or read(). One thread
 * at a time. */
#ifndef SERVICES_GENERATOR_GPU_BACKEND_H
#define SERVICES_GENERATOR_GPU_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/base/err.h"
#include "lib/base/owned.h"
#include "lib/nn/activation.h"
#include "lib/nn/safetensors.h"
#include "lib/nn/tensor.h"

struct backend;
struct layer; /* weights as the backend wants them */

enum layer_kind {
    LAYER_CONV,       /* weight [out, in, kh, kw] */
    LAYER_LINEAR,     /* weight [out, in] or [out, in, 1, 1] */
    LAYER_GROUP_NORM, /* weight [c] */
    LAYER_LAYER_NORM, /* weight [c] */
    LAYER_EMBEDDING,  /* weight [rows, c] */
};

enum { LAYER_PARTS = 3 };

/* Tensors are borrowed for as long as the layer lives. */
struct layer_def {
    enum layer_kind kind;
    const char *name; /* as in the file, for errors; copied */
    size_t parts; /* linear: up to 3 with the same inputs, their outputs side by side; else 1 */
    const struct safetensor *weight[LAYER_PARTS];
    const struct safetensor *bias[LAYER_PARTS]; /* NULL: none */
    const struct safetensor *extra_bias;        /* linear: added to the bias; may be NULL */
    uint32_t stride, pad;                       /* conv; pad on all four sides */
    uint32_t groups;                            /* group norm */
    float eps;                                  /* norms */
};

struct conv_args {
    const struct layer *layer;
    struct tensor dst, src;
    const struct tensor *bias;     /* [1,1,1,out]: instead of the layer's own; may be NULL */
    const struct tensor *residual; /* added to the result; may be dst itself; may be NULL */
};

struct linear_args {
    const struct layer *layer;
    struct tensor dst, src;
    enum activation act;
    const struct tensor *residual; /* added after the activation; may be dst; may be NULL */
};

struct norm_args {
    const struct layer *layer;
    struct tensor dst, src; /* may be the same memory */
    enum activation act;    /* ACT_NONE or ACT_SILU */
};

/* softmax(q k' / sqrt(c / heads)) v, for each picture and head on its own. The whole matrix of
 * scores never exists. dst must not overlap the others. */
struct attention_args {
    struct tensor dst, q, k,
        v; /* h = 1, w = tokens, c = heads * dim; k and v have the same w */
    uint32_t heads;
    bool causal; /* token i sees tokens 0..i */
};

/* dst[n, 0, t] = tokens[ids[n * w + t]] + positions[t]. */
struct embed_args {
    struct tensor dst;
    const struct layer *tokens, *positions;
    const int32_t *ids; /* host memory, checked; NULL while planning */
};

struct backend_ops {
    const char *name; /* "cpu" */
    void (*free)(struct backend *backend);

    /* Memory for an arena, aligned to 64 bytes at least. Not touched before it is used. */
    void *(*alloc)(struct backend *backend, size_t bytes, struct err *err);
    void (*release)(struct backend *backend, void *memory);

    /* Host floats, NHWC without gaps, to a tensor and back. read waits until it is computed. */
    int (*write)(struct backend *backend, struct tensor dst, const float *host,
                 struct err *err);
    int (*read)(struct backend *backend, float *host, struct tensor src, struct err *err);

    /* Makes a layer. Checks shapes (naming the tensor); the weights themselves may be read at
     * the first use, where NaN or infinity in them is ERR_INVALID naming the layer. */
    struct layer *(*layer_new)(struct backend *backend, const struct layer_def *def,
                               struct err *err);
    void (*layer_free)(struct backend *backend, struct layer *layer);

    /* plan: make ready what this call needs and compute nothing; data pointers are NULL. */
    int (*conv)(struct backend *backend, const struct conv_args *args, bool plan,
                struct err *err);
    int (*linear)(struct backend *backend, const struct linear_args *args, bool plan,
                  struct err *err);
    int (*group_norm)(struct backend *backend, const struct norm_args *args, bool plan,
                      struct err *err);
    int (*layer_norm)(struct backend *backend, const struct norm_args *args, bool plan,
                      struct err *err);
    int (*attention)(struct backend *backend, const struct attention_args *args, bool plan,
                     struct err *err);
    /* Nearest neighbour, to dst's size as torch.nn.functional.interpolate has it. */
    int (*upsample)(struct backend *backend, struct tensor dst, struct tensor src, bool plan,
                    struct err *err);
    /* Channels of a, then of b. */
    int (*concat)(struct backend *backend, struct tensor dst, struct tensor a, struct tensor b,
                  bool plan, struct err *err);
    int (*embed)(struct backend *backend, const struct embed_args *args, bool plan,
                 struct err *err);
    int (*sync)(struct backend *backend, struct err *err);
    /* *ret_finite: no NaN and no infinity in it. Slow; only for finding out where one began. */
    int (*is_finite)(struct backend *backend, struct tensor src, bool *ret_finite,
                     struct err *err);
};

struct backend {
    const struct backend_ops *ops;
    enum tensor_type type; /* of every tensor it computes on */
    int threads;           /* cpu: how many */
};

static inline void backend_free(struct backend *backend)
{
    if (backend)
        backend->ops->free(backend);
}
DEFINE_OWNED(backend)

struct backend_conf {
    const char *name;      /* "cpu" */
    const char *precision; /* "auto" (the fastest that the device has), "f32", "bf16" */
    int threads;           /* cpu: 0 for every core that this process may use */
};

/* ERR_INVALID for a name or a precision that there is not, naming what there is. */
struct backend *backend_open(const struct backend_conf *conf, struct err *err);

/* The implementations; backend_open chooses. */
struct backend *backend_cpu_new(const struct backend_conf *conf, struct err *err);

#endif
