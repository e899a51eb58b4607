/* layers.h - the layers of one model: made from the tensors of its file, under the names that
 * they have there, and known by these names when something is wrong.
 *
 * A model makes its layers top down. layers_enter puts a part of the name in front of those
 * that follow ("down_blocks.0", "resnets.1", then "conv1"), layers_leave takes it away. After
 * the first failure, which is in the struct err of layers_init, nothing more is made and NULL
 * is returned, so that a model looks once at its end. */
#ifndef SERVICES_GENERATOR_GPU_LAYERS_H
#define SERVICES_GENERATOR_GPU_LAYERS_H

#include "lib/base/buf.h"
#include "services/generator-gpu/backend.h"

struct layer_entry {
    struct layer *layer;
    char *name;
    enum layer_kind kind;
    uint32_t in, out; /* channels; embedding: rows, channels */
    uint32_t kernel, stride, pad;
};

struct layers {
    struct backend *backend;        /* borrowed */
    const struct safetensors *file; /* borrowed */
    const char *model;              /* "unet": in front of every error; borrowed */
    struct err *err;                /* only while layers are made */
    struct buf path;
    struct layer_entry *entries;
    size_t count, capacity;
};

/* err is used until the last layer is made. */
void layers_init(struct layers *layers, struct backend *backend, const struct safetensors *file,
                 const char *model, struct err *err);
void layers_done(struct layers *layers);

/* Returns what layers_leave takes to come back. */
size_t layers_enter(struct layers *layers, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void layers_leave(struct layers *layers, size_t to);

/* True where the file has <path>.<name>. */
bool layers_has(const struct layers *layers, const char *name);

/* name without ".weight". stride 1 or 2, pad on all sides. */
const struct layer *layers_conv(struct layers *layers, const char *name, uint32_t in,
                                uint32_t out, uint32_t kernel, uint32_t stride);
const struct layer *layers_group_norm(struct layers *layers, const char *name,
                                      uint32_t channels, uint32_t groups, float eps);
const struct layer *layers_layer_norm(struct layers *layers, const char *name,
                                      uint32_t channels, float eps);
const struct layer *layers_embedding(struct layers *layers, const char *name, uint32_t rows,
                                     uint32_t channels);

/* names: up to LAYER_PARTS, whose outputs of out each lie side by side, then NULL. extra_bias:
 * the layer whose bias is added, or NULL. */
struct linear_def {
    const char *names[LAYER_PARTS + 1];
    uint32_t in, out;
    bool bias;
    const char *extra_bias;
};
const struct layer *layers_linear(struct layers *layers, const struct linear_def *def);

/* What is known of a layer; NULL for one of another model. Slow. */
const struct layer_entry *layers_find(const struct layers *layers, const struct layer *layer);

#endif
