/* unet_levels.h - the UNet between its first and last convolution: down, middle, up.
 *
 * Each level's pictures have half the sides of those of the level before (rounded up); what a
 * level computes on the way down is joined to what comes back on the way up. */
#ifndef SERVICES_GENERATOR_GPU_UNET_LEVELS_H
#define SERVICES_GENERATOR_GPU_UNET_LEVELS_H

#include "services/generator-gpu/resnet.h"
#include "services/generator-gpu/transformer.h"
#include "services/generator-gpu/unet_config.h"

enum { UNET_LAYERS_MAX = 9 }; /* resnets of a level, one way */

struct unet_level {
    uint32_t channels;
    size_t count;
    struct resnet resnets[UNET_LAYERS_MAX];
    bool attends;
    struct transformer transformers[UNET_LAYERS_MAX];
    const struct layer *sampler; /* down or up; NULL at the end */
};

struct unet_levels {
    size_t count;
    struct unet_level down[MODEL_LEVELS_MAX], middle, up[MODEL_LEVELS_MAX];
};

/* Failure is in layers->err. */
void unet_levels_load(struct unet_levels *levels, struct layers *layers,
                      const struct unet_config *config);
void unet_levels_done(struct unet_levels *levels);

/* Keys and values of all cross attentions. text: [n, 1, tokens, text_dim]. */
void unet_levels_prepare(struct unet_levels *levels, struct run *run, struct tensor text);

/* x: conv_in's result. time: silu of the time's embedding. Returns a tensor with the first
 * level's channels and x's size in run's memory. */
struct tensor unet_levels_run(const struct unet_levels *levels, struct run *run,
                              struct tensor x, struct tensor time);

#endif
