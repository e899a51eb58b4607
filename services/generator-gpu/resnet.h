/* resnet.h - the residual block that UNet and VAE are built of: ResnetBlock2D.
 *
 *   h = conv1(silu(norm1(x))) + time;  out = shortcut(x) + conv2(silu(norm2(h)))
 *
 * The time's embedding is added as conv1's bias: its projection has conv1's own bias folded in.
 */
#ifndef SERVICES_GENERATOR_GPU_RESNET_H
#define SERVICES_GENERATOR_GPU_RESNET_H

#include "services/generator-gpu/layers.h"
#include "services/generator-gpu/run.h"

struct resnet_def {
    uint32_t in, out;
    uint32_t time; /* size of the time's embedding; 0: a block without (VAE) */
    uint32_t groups;
    float eps;
};

struct resnet {
    struct resnet_def def;
    const struct layer *norm1, *conv1, *time, *norm2, *conv2;
    const struct layer *shortcut; /* NULL where in == out */
};

/* The layers under <path>.<name>. */
void resnet_load(struct resnet *resnet, struct layers *layers, const char *name,
                 const struct resnet_def *def);

/* time: silu of the embedding, [1,1,1,time], or NULL. dst may be src where in == out. With
 * in != out and consume, src is overwritten. */
void resnet_run(const struct resnet *resnet, struct run *run, struct tensor dst,
                struct tensor src, const struct tensor *time, bool consume);

#endif
